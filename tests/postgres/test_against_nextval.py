"""What the agent says is left, against calling the sequence until it fails."""

from __future__ import annotations

from random import Random

from agent.domain.status import SequenceStatus
from tests.postgres_servers import Database
from tests.sampled import sample

SEQUENCES = 150
COLUMN_TYPES = ("bigint", "integer", "smallint", "numeric(2)", "numeric(3,1)", "text")

# Counts the calls that succeed and whose value the column takes, until nextval fails.
COUNT = """
CREATE FUNCTION calls_until_failure(sequence text, column_type text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    fitting bigint := 0;
    value bigint;
BEGIN
    LOOP
        BEGIN
            value := nextval(sequence);
        EXCEPTION WHEN sequence_generator_limit_exceeded THEN
            RETURN fitting;
        END;
        BEGIN
            EXECUTE format('SELECT %s::%s', quote_literal(value), column_type);
            fitting := fitting + 1;
        EXCEPTION WHEN numeric_value_out_of_range THEN
            NULL;
        END;
    END LOOP;
END $$;
"""


def make(name: str, chance: Random) -> tuple[str, str]:
    """A random short sequence with a column, somewhere on its way."""
    kind = chance.choice(COLUMN_TYPES)
    low = chance.choice([-150, -20, 0, 1, 5, 90, 32_700])
    high = low + chance.randint(1, 120)
    step = chance.choice([1, 2, 3, 7, 50]) * chance.choice([1, -1])
    at, called = chance.randint(low, high), chance.choice(["true", "false"])
    return kind, (
        f"CREATE SEQUENCE {name} INCREMENT {step} MINVALUE {low} MAXVALUE {high}"
        f" START {chance.randint(low, high)};"
        f" CREATE TABLE t_{name} (id {kind} DEFAULT nextval('{name}'));"
        f" SELECT setval('{name}', {at}, {called})"
    )


def test_what_is_left_is_what_can_still_be_called(database: Database) -> None:
    chance = Random(20261122)
    made = {f"s_{i}": make(f"s_{i}", chance) for i in range(SEQUENCES)}
    database.execute(";".join([COUNT, *(statement for _, statement in made.values())]))

    seen = {s.sequence.name: s for s in sample(database.dsn).sequences}
    counted = {
        name: database.execute("SELECT calls_until_failure(%s, %s)", [name, kind])[0][0]
        for name, (kind, _) in made.items()
    }

    assert {name: remaining(status) for name, status in seen.items()} == counted


def remaining(status: SequenceStatus) -> int:
    assert status.capacity is not None
    return status.capacity.remaining
