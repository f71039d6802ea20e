"""Code of a table's owner does not run as whoever asks how far its columns have come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from agent.domain.pace import Intervals
from agent.domain.status import DatabaseStatus
from agent.domain.taken import CLEAR, Sight, Unseen
from agent.services.sampling import SamplingPlan
from tests.function_calls import calls_of
from tests.postgres_servers import Database, role_name
from tests.resets.hostile import CONSTANT_CODE
from tests.sampled import sample, sampler_at

# What a function was called for is counted even where its transaction is READ ONLY.
_FUNCTIONS = """
CREATE FUNCTION public.stranger() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION public.evil(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
    'BEGIN
        IF current_user <> ''{owner}'' THEN PERFORM public.stranger(); END IF;
        RETURN i;
    END';
"""
_LOOT = (
    "CREATE TABLE {schema}.loot (id serial PRIMARY KEY, note text);"
    " INSERT INTO {schema}.loot (note) SELECT 'x' FROM generate_series(1, 3);"
    " SET search_path = {schema}, public;"
)
_TRAP = "CREATE INDEX ON one.loot (note) WHERE id > public.evil(1)"
# A partition that is partitioned again has the keys above it planned.
_NESTED = (
    "DROP TABLE loot; CREATE TABLE above (id bigint, k integer)"
    " PARTITION BY RANGE ((k + evil(1)));"
    " CREATE TABLE loot PARTITION OF above FOR VALUES FROM (0) TO (9)"
    " PARTITION BY RANGE (id); CREATE SEQUENCE s OWNED BY loot.id;"
    " CREATE INDEX ON loot (id);"
    " CREATE TABLE leaf PARTITION OF loot FOR VALUES FROM (0) TO (9);"
    " ALTER TABLE loot ALTER id SET DEFAULT nextval('s')"
)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Owner of tables with traps on them, no superuser."""

    database: Database
    dsn: str

    def run(self, statements: str) -> None:
        with self.database.connect(self.dsn) as connection:
            connection.execute(statements.encode())

    @property
    def ran_as_a_stranger(self) -> int:
        """How often the owner's code was run by somebody else, all sessions over."""
        return calls_of(self.database, "public.stranger()")


@pytest.fixture
def owner(database: Database) -> Iterator[Owner]:
    dsn = database.role("mallory", grants=("CREATE, USAGE ON SCHEMA public",))
    database.execute(
        f"ALTER DATABASE \"{database.name}\" SET track_functions = 'all';"
        f' GRANT CREATE ON DATABASE "{database.name}" TO "{role_name(dsn)}"'
    )
    yield (hostile := Owner(database=database, dsn=dsn))
    assert hostile.ran_as_a_stranger == 0


@pytest.fixture
def traps(owner: Owner) -> Owner:
    owner.run(_FUNCTIONS.format(owner=role_name(owner.dsn)))
    return owner


def sights(status: DatabaseStatus) -> dict[str, Sight]:
    assert status.error is None
    return {s.sequence.schema: c.sight for s in status.sequences for c in s.columns}


def test_tables_that_would_run_code_of_strangers_are_not_planned(traps: Owner) -> None:
    database = traps.database
    codes = {
        name: trap
        for name, trap in {**CONSTANT_CODE, "nested": _NESTED}.items()
        if "a check" not in name and ("STATISTICS" not in trap or database.major >= 14)
    }
    for number, trap in enumerate(codes.values()):
        schema = f"trap_{number}"
        traps.run(f"CREATE SCHEMA {schema}; {_LOOT.format(schema=schema)} {trap}")
    traps.run(f"CREATE SCHEMA free; {_LOOT.format(schema='free')}")
    agent = database.role(
        "agent", grants=("pg_read_all_data",) if database.major > 13 else ()
    )

    seen = [sights(sample(dsn)) for dsn in (database.dsn, agent)]

    for found in seen:
        assert found.pop("free") in {CLEAR, Unseen.NO_PRIVILEGE}
        # Partitions by an expression have no index of their own.
        assert set(found.values()) <= {Unseen.UNTRUSTED_CODE, Unseen.NO_INDEX}
        assert list(found.values()).count(Unseen.UNTRUSTED_CODE) >= len(codes) - 1


def test_functions_of_superusers_are_trusted(traps: Owner) -> None:
    traps.run(f"CREATE SCHEMA one; {_LOOT.format(schema='one')}")
    traps.database.execute(
        "CREATE FUNCTION public.good(integer) RETURNS integer IMMUTABLE LANGUAGE sql"
        " AS 'SELECT $1'; CREATE INDEX ON one.loot (note) WHERE id > public.good(1)"
    )

    assert sights(sample(traps.database.dsn)) == {"one": CLEAR}


@pytest.mark.parametrize(
    ("change", "sight"),
    [
        pytest.param(_TRAP, Unseen.UNTRUSTED_CODE, id="an index"),
        pytest.param(
            "ALTER TABLE one.loot RENAME TO other;"
            f" CREATE TABLE one.loot (id integer PRIMARY KEY, note text); {_TRAP}",
            Unseen.FAILED,
            id="another table",
        ),
    ],
)
def test_what_an_owner_changes_after_the_catalog_was_read_does_not_run(
    change: str, sight: Sight, traps: Owner
) -> None:
    traps.run(f"CREATE SCHEMA one; {_LOOT.format(schema='one')}")
    always = SamplingPlan(intervals=Intervals(columns=timedelta(0)))
    sampler = sampler_at(traps.database.dsn, plan=always)

    before = sights(sampler.sample())
    traps.run(change)
    after = sights(sampler.sample())

    assert (before, after) == ({"one": CLEAR}, {"one": sight})
