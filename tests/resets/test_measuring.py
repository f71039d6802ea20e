"""Rows, columns and positions are read from what was planned, whatever it is called now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.domain.resets.facts import (
    Catalog,
    Feed,
    Measured,
    Relation,
    Size,
    Unknown,
)
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import scope_of
from agent.domain.resets.resync import Follower
from agent.domain.resets.verdicts import Scope
from agent.domain.sequences import At, Link, Supply, Unreadability, Unreadable, Unused
from agent.postgres.connect import connection
from agent.postgres.facts.names import NamesMovedError
from agent.postgres.targets import TargetSession
from tests.postgres_servers import Database
from tests.resets.moving import Ground, ground_in, swap
from tests.resets.pausing import pausing
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def ground(database: Database) -> Ground:
    return ground_in(database)


@contextmanager
def session_of(target: Target, dsn: str | None = None) -> Iterator[TargetSession]:
    """Within a transaction that may write, and is rolled back."""
    chosen = endpoint(dsn or target.dsn)
    with connection(chosen, target.database.name) as opened:
        opened.read_only = False
        with opened.transaction(force_rollback=True):
            yield TargetSession(
                connection=opened, deadlines=chosen.deadlines, clock=CLOCK
            )


def measured(
    session: TargetSession,
    job: ResetJob,
    catalog: Catalog | None = None,
) -> Measured:
    known = catalog or session.catalog()
    return session.measured(known, scope_of(job, known), exact=True)


def sizes(target: Target, *, exact: bool = True) -> Mapping[str, Size]:
    """Of the tables in the schema public, by name."""
    with session_of(target) as session:
        catalog = session.catalog()
        names = {each.oid: each.name for each in catalog.relations}
        found = session.measured(
            catalog,
            scope_of(job_for(target.database.name), catalog),
            exact=exact,
        )
    return {names[oid]: size for oid, size in found.sizes.items()}


def rows(sizes: Mapping[str, Size]) -> dict[str, object]:
    return {name: size.rows for name, size in sizes.items()}


def resync(target: Target) -> ResetJob:
    return replace(job_for(target.database.name), kind=JobKind.RESYNC)


HOSTILE = """\
CREATE SEQUENCE public.trace;
GRANT ALL ON SEQUENCE public.trace TO PUBLIC;
CREATE FUNCTION public.evil() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'postgres' THEN PERFORM pg_catalog.nextval('public.trace'); END IF;
    RETURN 1;
END $$;
"""


def traces(target: Target) -> bool:
    [(called,)] = target.database.execute("SELECT is_called FROM public.trace")
    return bool(called)


# Rows.


def test_many_tables_take_no_more_statements_than_few(target: Target) -> None:
    numbers = []
    with pausing(target.dsn, lambda *_: None) as proxy:
        for more in (0, 150):
            target.as_agent(
                ";".join(f"CREATE TABLE more_{n} (id serial)" for n in range(more))
                + "; SELECT 1"
            )
            with session_of(target, proxy.through(target.dsn)) as session:
                catalog = session.catalog()
                scope = scope_of(job_for(target.database.name), catalog)
                proxy.statements.clear()
                found = session.measured(catalog, scope, exact=True)
            assert len(found.sizes) == 2 + more
            numbers.append(len(proxy.statements))

    # Before 18, a hundred sequences that were not called are read at a time.
    assert numbers[1] <= numbers[0] + 5 * 2


def test_rows_that_are_there_are_counted_many_tables_at_a_time(target: Target) -> None:
    target.as_agent(
        ";".join(
            f"CREATE TABLE t{n} AS SELECT FROM generate_series(1, {n})"
            for n in range(1, 121)
        )
    )

    found = rows(sizes(target))

    assert found["users"] == 5
    assert [found[f"t{n}"] for n in range(1, 121)] == list(range(1, 121))


def test_a_table_whose_rows_were_deleted_has_none(target: Target) -> None:
    target.as_agent("DELETE FROM orders")

    assert rows(sizes(target)) == {"users": 5, "orders": 0}


def test_one_table_that_cannot_be_counted_costs_only_itself(target: Target) -> None:
    target.as_admin(
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY;"
        "ALTER TABLE users FORCE ROW LEVEL SECURITY"
    )

    found = rows(sizes(target))

    assert found["orders"] == 3
    assert isinstance(found["users"], Unknown)
    assert "row-level security" in found["users"].reason


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(
    "hidden",
    [
        "REVOKE SELECT ON bare FROM {role}",
        "ALTER TABLE bare ENABLE ROW LEVEL SECURITY",
    ],
)
def test_who_may_not_count_a_table_is_not_told_that_it_is_empty(
    target: Target, hidden: str, *, exact: bool
) -> None:
    target.as_admin(
        f"CREATE TABLE bare (k integer); GRANT ALL ON bare TO {{role}}; {hidden}"
    )

    assert isinstance(sizes(target, exact=exact)["bare"].rows, Unknown)


@pytest.mark.parametrize("other", ["keep", "views", "indexed", "fired", "parts"])
def test_rows_of_another_table_of_that_name_are_not_counted(
    ground: Ground, other: str
) -> None:
    before = ground.traces
    with session_of(ground.target) as session:
        catalog = session.catalog()
        assert ground.move(swap(other))

        found = measured(session, ground.job(), catalog)

    counts = {size.rows for size in found.sizes.values()}
    assert all(isinstance(each, Unknown) for each in counts)
    assert ground.traces == before


def test_a_cast_between_rows_does_not_make_another_table_of_that_name_the_same(
    ground: Ground,
) -> None:
    for name in ("users", "orders"):
        for rows_of in (name, f"{name}[]"):
            ground.move(
                f"CREATE CAST (indexed.{rows_of} AS live.{rows_of})"
                " WITH INOUT AS IMPLICIT"
            )
    assert ground.refused_moves == []
    before = ground.traces
    with session_of(ground.target) as session:
        catalog = session.catalog()
        assert ground.move(swap("indexed"))

        found = measured(session, ground.job(), catalog)

    assert all(isinstance(each.rows, Unknown) for each in found.sizes.values())
    assert ground.traces == before


def test_columns_may_be_called_as_what_the_question_calls_its_rows(
    target: Target,
) -> None:
    target.as_agent(
        "CREATE TABLE pinned (pinned serial, tableoid_ text, rows text, oid_ text);"
        "INSERT INTO pinned VALUES (8)"
    )
    with session_of(target) as session:
        found = measured(session, resync(target))

    assert rows(sizes(target))["pinned"] == 1
    assert 8 in found.furthest.values()


# Columns.


def furthest_of(target: Target, relation: str, *, ascending: bool) -> object:
    """What a numeric column `id` has come to, as a follower of a sequence asks for it."""
    with session_of(target) as session:
        catalog = session.catalog()
        table = next(r for r in catalog.relations if r.name == relation)
        found = session.measured(
            catalog, _scope(catalog, table, ascending=ascending), exact=True
        )
    return found.furthest[table.oid, "id"]


def _scope(catalog: Catalog, table: Relation, *, ascending: bool) -> Scope:
    known = next(
        each
        for each in catalog.sequences
        if each.definition.name == ("up" if ascending else "down")
    )
    feed = Feed(
        sequence_oid=known.oid,
        table_oid=table.oid,
        column="id",
        link=Link.OWNED,
        base_type="numeric",
        supply=Supply.PLAIN,
    )
    return Scope(
        kind=JobKind.RESYNC,
        followers=(Follower(sequence=known, feeds=(feed,), computed=(), why="listed"),),
    )


@pytest.mark.parametrize(
    ("ascending", "values", "furthest"),
    [
        (True, "(7), (12.5)", 12),
        (True, "(-12.5)", -13),
        (False, "(7), (-12.5)", -12),
        (False, "(12.5)", 13),
        (True, "(NULL)", None),
        (True, "(9223372036854775807)", 2**63 - 1),
        (False, "(-9223372036854775808)", -(2**63)),
        (True, "(1), ('NaN')", "it holds NaN, which no sequence can be past"),
        (True, "(9223372036854775808)", "it holds 9223372036854775808, which no"),
        (False, "(-9223372036854775809)", "it holds -9223372036854775809, which no"),
    ],
)
def test_a_numeric_column_has_come_to_a_whole_number_or_nobody_knows(
    target: Target, values: str, furthest: int | str | None, *, ascending: bool
) -> None:
    target.as_agent(
        "CREATE SEQUENCE up; CREATE SEQUENCE down INCREMENT -1;"
        "CREATE TABLE numbers (id numeric);"
        f"INSERT INTO numbers VALUES {values}"
    )

    found = furthest_of(target, "numbers", ascending=ascending)

    if isinstance(furthest, str):
        assert isinstance(found, Unknown)
        assert furthest in found.reason
    else:
        assert found == furthest


def test_infinity_is_nothing_that_a_sequence_can_be_past(target: Target) -> None:
    if target.database.major < 14:
        pytest.skip("before 14 numeric has no infinity")
    target.as_agent(
        "CREATE SEQUENCE up; CREATE SEQUENCE down;"
        "CREATE TABLE numbers (id numeric); INSERT INTO numbers VALUES ('Infinity')"
    )

    assert isinstance(furthest_of(target, "numbers", ascending=True), Unknown)


# Positions.

UNCALLED = "SELECT setval('users_id_seq', 77, false), setval('orders_id_seq', 500)"


def positions(session: TargetSession, job: ResetJob) -> dict[str, object]:
    catalog = session.catalog()
    names = {each.oid: each.definition.name for each in catalog.sequences}
    found = session.measured(catalog, scope_of(job, catalog), exact=True).positions
    return {names[oid]: position for oid, position in found.items()}


def test_positions_are_told_of_called_and_uncalled_sequences(target: Target) -> None:
    target.as_agent(UNCALLED)
    with session_of(target) as session:
        found = positions(session, resync(target))

    assert found == {"users_id_seq": Unused(77), "orders_id_seq": At(500)}


def test_a_position_that_may_not_be_seen_is_not_made_up(target: Target) -> None:
    target.as_admin("REVOKE ALL ON SEQUENCE users_id_seq FROM {role}")
    with session_of(target) as session:
        found = positions(session, resync(target))

    assert found == {
        "users_id_seq": Unreadable(Unreadability.PRIVILEGE),
        "orders_id_seq": At(102),
    }


@pytest.mark.parametrize("other", ["keep", "views", "indexed"])
def test_a_position_is_read_by_oid_or_not_at_all(ground: Ground, other: str) -> None:
    ground.move("SELECT setval('live.users_id_seq', 77, false)")
    job, before = replace(ground.job(), kind=JobKind.RESYNC), ground.traces
    with session_of(ground.target) as session:
        catalog = session.catalog()
        assert ground.move(swap(other))
        found = _positions_if_told(session, job, catalog)

    if ground.target.database.major >= 18:
        assert set(found) == {At(1000), At(3), Unused(77)}
    else:
        assert found == []
    assert ground.traces == before


def _positions_if_told(
    session: TargetSession, job: ResetJob, catalog: Catalog
) -> list[object]:
    """Before 18 an uncalled one has to be read by its name, or all are left alone."""
    try:
        return list(measured(session, job, catalog).positions.values())
    except NamesMovedError:
        return []


@pytest.mark.parametrize("other", ["keep", "views", "indexed"])
def test_a_sequence_with_a_file_of_our_own_is_never_read_by_its_name(
    ground: Ground, other: str
) -> None:
    ground.move(
        "SELECT setval('live.users_id_seq', 77, false), setval('live.inv_seq', 1234)"
    )
    job, before = ground.job(JobKind.RESYNC), ground.traces
    with session_of(ground.target) as session:
        sequences = [
            each.sequence.definition
            for each in scope_of(job, session.catalog()).followers
        ]
        for each in sequences:
            session.connection.execute(
                f"ALTER SEQUENCE {each.quoted} NO CYCLE".encode()
            )
        # The owner's locks would wait for ours, but for those on schemas.
        assert ground.move(swap(other))
        found = session.positions_of_own(sequences)
        again = session.positions_of_own(sequences)

    assert {each.name: found[each.oid] for each in sequences} == {
        "inv_seq": At(1234),
        "orders_id_seq": At(3),
        "users_id_seq": Unused(77),
    }
    assert again == found
    assert ground.traces == before


def test_a_plan_waits_for_no_table_that_somebody_holds(target: Target) -> None:
    target.as_agent(
        ";".join(f"CREATE TABLE t{n} (id integer)" for n in range(20))
        + "; INSERT INTO t0 VALUES (1); ANALYZE"
    )
    with (
        target.database.connect() as other,
        other.transaction(force_rollback=True),
    ):
        for number in range(20):
            other.execute(f"LOCK TABLE t{number}".encode())
        began = CLOCK.monotonic()
        found = sizes(target, exact=False)
        took = timedelta(seconds=CLOCK.monotonic() - began)

    assert found["t0"] == replace(found["t0"], rows=1, exact=False)
    assert found["users"].exact
    # Twenty times the lock_timeout of 200 ms would be four seconds.
    assert took < timedelta(seconds=3)
