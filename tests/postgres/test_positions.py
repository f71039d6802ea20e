"""What a session may and may not see, on every version alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby
from agent.domain.pace import Deadlines
from agent.domain.sequences import At, Position, Unreadability, Unreadable, Unused
from agent.domain.status import DatabaseStatus, SequenceStatus, State
from agent.postgres.positions import PositionReader
from tests.postgres_servers import Database, database_on
from tests.sampled import sample, sampler_at, server_at

IMPATIENT = Deadlines(lock=timedelta(milliseconds=50))


def states(status: DatabaseStatus) -> Mapping[str, str]:
    assert status.error is None, status.error
    return {s.sequence.name: s.state.value for s in status.sequences}


def positions(status: DatabaseStatus) -> dict[str, Position]:
    assert status.error is None, status.error
    return {s.sequence.name: s.position for s in status.sequences}


def only(status: DatabaseStatus) -> SequenceStatus:
    assert status.error is None, status.error
    (found,) = status.sequences
    return found


@contextmanager
def transaction(database: Database, statement: str) -> Iterator[None]:
    """Something another session did and has not committed."""
    with database.connect() as other, other.transaction(force_rollback=True):
        other.execute(statement.encode())
        yield


def test_pg_monitor_alone_sees_unreadable_and_the_sql_that_mends_it(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE used; SELECT setval('used', 7)")
    dsn = database.role("monitor", member_of=["pg_monitor"])

    before = only(sample(dsn))
    (finding,) = [f for f in before.findings if f.kind.value == "unreadable"]
    database.execute(finding.remedy.partition(" (")[0])
    after = only(sample(dsn))

    assert before.state is State.UNREADABLE
    assert before.capacity is None
    assert after.position == At(7)


def test_pg_read_all_data_is_enough(database: Database) -> None:
    if database.major < 14:
        pytest.skip("PostgreSQL 13 has no pg_read_all_data")
    database.execute("CREATE SCHEMA x; CREATE SEQUENCE x.s; CREATE SEQUENCE x.t")
    database.execute("SELECT nextval('x.s')")
    dsn = database.role("reader", member_of=["pg_read_all_data"])

    assert positions(sample(dsn)) == {"s": At(1), "t": Unused(1)}


def test_usage_alone_tells_a_value_but_not_where_an_uncalled_one_starts(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE called; CREATE SEQUENCE uncalled START 50")
    database.execute("SELECT nextval('called')")
    dsn = database.role("caller", grants=["USAGE ON ALL SEQUENCES IN SCHEMA public"])

    found = positions(sample(dsn))

    assert found["called"] == At(1)
    assert isinstance(found["uncalled"], Unreadable)
    assert found["uncalled"].reason is Unreadability.PRIVILEGE


def test_a_schema_that_may_not_be_used_hides_only_what_must_be_read_in_it(
    database: Database,
) -> None:
    database.execute(
        "CREATE SCHEMA shut; CREATE SEQUENCE shut.a; CREATE SEQUENCE shut.b"
    )
    database.execute("SELECT nextval('shut.a')")
    dsn = database.role("outsider", grants=["SELECT ON ALL SEQUENCES IN SCHEMA shut"])

    found = positions(sample(dsn))

    assert found["a"] == At(1)
    # From 18 on a function reads it, and needs no way into the schema.
    if database.major >= 18:
        assert found["b"] == Unused(1)
    else:
        assert isinstance(found["b"], Unreadable)


def test_an_open_alter_sequence_hides_nothing(database: Database) -> None:
    database.execute("CREATE SEQUENCE called; CREATE SEQUENCE uncalled")
    database.execute("SELECT setval('called', 5)")

    with (
        transaction(database, "ALTER SEQUENCE called INCREMENT 5"),
        transaction(database, "ALTER SEQUENCE uncalled START 9 RESTART"),
    ):
        found = sample(database.dsn, deadlines=IMPATIENT)

    assert positions(found) == {"called": At(5), "uncalled": Unused(1)}


def test_an_open_truncate_restart_identity_locks_its_own_sequence_only(
    database: Database,
) -> None:
    database.execute("CREATE TABLE t (id serial); CREATE TABLE u (id serial)")

    with transaction(database, "TRUNCATE t RESTART IDENTITY"):
        found = sample(database.dsn, deadlines=IMPATIENT)

    assert states(found) == {"t_id_seq": "locked", "u_id_seq": "unused"}
    assert "held by" in str(only_named(found, "t_id_seq").findings[0].message)


def only_named(status: DatabaseStatus, name: str) -> SequenceStatus:
    (found,) = [s for s in status.sequences if s.sequence.name == name]
    return found


def test_a_thousand_locked_sequences_do_not_cost_a_timeout_each(
    database: Database,
) -> None:
    database.execute(
        "DO $$ BEGIN FOR i IN 1..1000 LOOP"
        " EXECUTE format('CREATE SEQUENCE s_%s', i); END LOOP; END $$"
    )
    slow = Deadlines(lock=timedelta(seconds=1))

    with database.connect() as other, other.transaction(force_rollback=True):
        for i in range(1, 1001):
            other.execute(f"DROP SEQUENCE s_{i}".encode())
        found = sample(database.dsn, deadlines=slow)

    assert found.states[State.LOCKED] == 1000
    assert found.duration_seconds < 10


def test_a_lock_taken_after_the_look_at_the_locks_costs_only_itself(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE a; CREATE SEQUENCE b; CREATE SEQUENCE c")

    with server_at(database.dsn, deadlines=IMPATIENT).open(None) as session:
        listed = session.inventory().sequences
        with transaction(database, "DROP SEQUENCE b"):
            found = session.positions(listed, in_recovery=False)

    by_name = {s.name: found[s.oid] for s in listed}
    assert by_name["a"] == by_name["c"] == Unused(1)
    assert isinstance(by_name["b"], Unreadable)
    assert by_name["b"].reason is Unreadability.LOCKED


def test_dropped_and_renamed_between_listing_and_reading_is_vanished(
    database: Database,
) -> None:
    database.execute("CREATE SEQUENCE a; CREATE SEQUENCE b; CREATE SEQUENCE c")

    with server_at(database.dsn).open(None) as session:
        listed = session.inventory().sequences
        database.execute("DROP SEQUENCE b")
        found = session.positions(listed, in_recovery=False)

    by_name = {s.name: found[s.oid] for s in listed}
    assert by_name["a"] == by_name["c"] == Unused(1)
    assert by_name["b"] == Unreadable(Unreadability.VANISHED)


TRAPS = {
    "a view": "CREATE VIEW s AS SELECT sprung() AS last_value, true AS is_called",
    "a view that looks like a table": """
        CREATE VIEW s AS
        SELECT 1::oid AS tableoid, sprung() AS last_value, true AS is_called""",
    "a table with a policy": """
        CREATE TABLE s (last_value bigint, is_called boolean);
        INSERT INTO s VALUES (1, true);
        ALTER TABLE s ENABLE ROW LEVEL SECURITY;
        CREATE POLICY p ON s USING (sprung() > 0)""",
    "another sequence": "CREATE SEQUENCE s START 77",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_took_the_name_of_a_sequence_is_neither_run_nor_believed(
    database: Database, trap: str
) -> None:
    # A trace that can be left in a transaction that may not write.
    database.execute(
        "CREATE FUNCTION public.sprung() RETURNS bigint LANGUAGE sql"
        " AS $$ SELECT 1::bigint FROM pg_advisory_lock(4711) $$"
    )
    database.execute("CREATE SEQUENCE s; CREATE SEQUENCE untouched")
    dsn = database.role("reader", grants=["ALL ON ALL SEQUENCES IN SCHEMA public"])

    with server_at(dsn).open(None) as session:
        listed = session.inventory().sequences
        database.execute(f"DROP SEQUENCE s; {TRAPS[trap]}; GRANT SELECT ON s TO PUBLIC")
        # As if the name had been taken after the functions were asked.
        reader = PositionReader(session.reading, major=17, max_locks=64)
        found = reader._salvaged(listed, reader._directly)
        traces = database.execute("SELECT 1 FROM pg_locks WHERE objid = 4711")

    by_name = {s.name: found[s.oid] for s in listed}
    assert isinstance(by_name["s"], Unreadable)
    assert by_name["untouched"] == Unused(1)
    assert traces == []


def test_a_damaged_sequence_costs_only_itself(postgres: EmbeddedPostgres) -> None:
    own = EmbeddedPostgres(postgres.binaries)
    with own, database_on(own) as database:
        database.execute(
            "CREATE SEQUENCE a; CREATE SEQUENCE damaged; CREATE SEQUENCE z"
        )
        ((path,),) = database.execute("SELECT pg_relation_filepath('damaged')")
        own.halt()
        (own.data / path).unlink()
        own.start()

        found = sample(database.dsn)

    assert states(found) == {"a": "unused", "damaged": "unreadable", "z": "unused"}
    assert "could not open file" in only_named(found, "damaged").findings[0].message


def test_temporary_sequences_of_others_are_nobodys_business(database: Database) -> None:
    database.execute("CREATE SEQUENCE s")
    with database.connect() as other:
        other.execute("CREATE TEMPORARY SEQUENCE passing")
        other.execute("CREATE TEMPORARY TABLE passing_by (id int DEFAULT nextval('s'))")

        found = sample(database.dsn)

    assert states(found) == {"s": "unused"}
    assert found.sequences[0].columns == ()


def test_a_standby_is_read_as_a_standby(
    standby: tuple[EmbeddedPostgres, Standby],
) -> None:
    primary, replica = standby
    with database_on(primary) as database:
        database.execute("CREATE SEQUENCE s; SELECT nextval('s')")
        database.execute("CREATE SEQUENCE fresh")
        database.execute("CREATE UNLOGGED TABLE t (id serial)")
        replica.catch_up()

        found = sample(replica.dsn(database.name))
        there = sample(database.dsn)

    assert (found.in_recovery, there.in_recovery) == (True, False)
    # WAL is written ahead by up to 32 values.
    at = positions(found)["s"]
    assert isinstance(at, At)
    assert 1 <= at.last_value <= 33
    assert positions(found)["fresh"] == Unused(1)
    # Before 15 there are no unlogged sequences: that of an unlogged table is logged.
    expected = "unlogged_on_standby" if primary.major >= 15 else "unused"
    assert states(found)["t_id_seq"] == expected
    assert states(there)["t_id_seq"] == "unused"


def test_names_that_are_not_utf8_are_shown_with_escapes(
    postgres: EmbeddedPostgres,
) -> None:
    with database_on(postgres) as host:
        name = f"{host.name}_ascii"
        host.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING SQL_ASCII"
            " LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        try:
            with psycopg.connect(host.server.dsn(name), autocommit=True) as raw:
                raw.execute("SET client_encoding TO SQL_ASCII")
                raw.execute(b'CREATE SEQUENCE "gr\xfcn"')
                raw.execute(b"SELECT nextval('\"gr\xfcn\"')")
                raw.execute(b'CREATE SEQUENCE "uncalled \xfc"')
                raw.execute(b"CREATE SEQUENCE plain")

            found = sample(host.server.dsn(name))
        finally:
            host.execute(f"DROP DATABASE {name} WITH (FORCE)")

    seen = positions(found)
    assert seen.pop("gr\\xfcn") == At(1)
    assert seen.pop("plain") == Unused(1)
    # Before 18 it must be asked by its name, which cannot be said.
    expected = State.UNUSED if postgres.major >= 18 else State.UNREADABLE
    assert only_named(found, "uncalled \\xfc").state is expected


def test_a_small_lock_budget_is_enough(database: Database) -> None:
    database.execute(
        "DO $$ BEGIN FOR i IN 1..300 LOOP"
        " EXECUTE format('CREATE SEQUENCE s_%s', i); END LOOP; END $$"
    )
    one = sampler_at(database.dsn, max_locks=64).sample()

    assert one.error is None
    assert one.states[State.UNUSED] == 300
