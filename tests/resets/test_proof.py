"""What was reached by names is held against what was planned, by oid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from agent.domain.resets.facts import Catalog, Relation
from agent.domain.sequences import SequenceDefinition
from agent.postgres.connect import BoundedConnection, connection
from agent.postgres.facts.names import Named, NamesMovedError, leading_to
from agent.postgres.resets import effects
from agent.postgres.resets.proof import held, prove_locked, prove_names, proven
from agent.postgres.targets import TargetSession
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target, endpoint


@pytest.fixture
def target(database: Database) -> Target:
    made = armed_target(database)
    made.as_agent(
        "CREATE TABLE logs (id integer) PARTITION BY RANGE (id);"
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        "CREATE TABLE apart (id serial); CREATE SEQUENCE listed; CREATE VIEW v AS SELECT 1"
    )
    return made


@dataclass(frozen=True)
class Scene:
    """A transaction of the agent, and what the catalogs said when it began."""

    connection: BoundedConnection
    catalog: Catalog

    def table(self, name: str) -> Relation:
        return next(each for each in self.catalog.relations if each.name == name)

    def sequence(self, name: str) -> SequenceDefinition:
        return next(
            each.definition
            for each in self.catalog.sequences
            if each.definition.name == name
        )

    def execute(self, statement: str) -> None:
        self.connection.execute(statement.encode())


@contextmanager
def scene(target: Target) -> Iterator[Scene]:
    chosen = endpoint(target.dsn)
    with connection(chosen, target.database.name) as opened:
        opened.read_only = False
        session = TargetSession(
            connection=opened, deadlines=chosen.deadlines, clock=CLOCK
        )
        with opened.transaction(force_rollback=True):
            opened.execute("SET LOCAL search_path = public")
            yield Scene(opened, session.catalog())


TRUNCATE = "TRUNCATE users, orders RESTART IDENTITY"


def check(here: Scene, statement: str, *more: str) -> None:
    """The proof for users, orders, their sequences, and others by name."""
    tables = [here.table(name) for name in ("users", "orders")]
    sequences = [here.sequence(name) for name in ("users_id_seq", "orders_id_seq")]
    for name in more:
        if name == "listed":
            sequences.append(here.sequence(name))
        else:
            tables.append(here.table(name))
    with proven(here.connection, tables=tables, sequences=sequences):
        here.execute(statement)


# As the run has it while triggers are fired.
VIEWS = "SET LOCAL restrict_nonsystem_relation_kind = ''"


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        (TRUNCATE, ()),
        (f"{TRUNCATE}; INSERT INTO apart DEFAULT VALUES", ()),
        (f"{TRUNCATE}; CREATE TEMPORARY TABLE t (id serial)", ()),
        (f"{TRUNCATE}; {VIEWS}; SELECT FROM v, apart FOR UPDATE OF apart", ()),
        (f"{TRUNCATE}; ALTER SEQUENCE listed RESTART", ("listed",)),
        (TRUNCATE.replace("orders", "orders, logs"), ("logs", "logs_1")),
    ],
)
def test_what_was_planned_and_weak_locks_elsewhere_pass(
    target: Target, statement: str, more: tuple[str, ...]
) -> None:
    with scene(target) as here:
        check(here, statement, *more)


@pytest.mark.parametrize(
    ("statement", "more", "reason"),
    [
        ("SELECT 1", (), r"public.users \(oid \d+\), public.orders"),
        ("TRUNCATE users, orders", (), "public.users_id_seq .* meant and not reached"),
        (
            "TRUNCATE users RESTART IDENTITY CASCADE",
            ("apart",),
            r"public.apart \(oid \d+\) meant and not reached",
        ),
        (
            "LOCK users, orders; ALTER SEQUENCE users_id_seq RESTART",
            (),
            "public.users .* meant and not reached",
        ),
        (f"{TRUNCATE}; TRUNCATE apart", (), "public.apart .* reached and not meant"),
        (f"{TRUNCATE}; LOCK apart", (), "public.apart .* reached and not meant"),
        (f"{TRUNCATE}; LOCK v", (), "public.v .* reached and not meant"),
        (
            f"{TRUNCATE}; ALTER SEQUENCE apart_id_seq RESTART",
            (),
            "public.apart_id_seq .* reached and not meant",
        ),
        (
            TRUNCATE.replace("orders", "orders, logs"),
            ("logs",),
            "public.logs_1 .* reached and not meant",
        ),
        (TRUNCATE, ("logs",), "public.logs .* meant and not reached"),
        (f"{TRUNCATE}; SELECT setval('listed', 1)", ("listed",), "public.listed"),
    ],
)
def test_any_difference_is_told_by_name_and_oid(
    target: Target, statement: str, more: tuple[str, ...], reason: str
) -> None:
    with scene(target) as here, pytest.raises(NamesMovedError, match=reason):
        check(here, statement, *more)


def test_a_file_that_somebody_else_replaced_is_no_proof(target: Target) -> None:
    with scene(target) as here:
        here.execute("SELECT FROM listed")
        with (
            pytest.raises(NamesMovedError, match=r"public.listed .* not reached"),
            proven(here.connection, sequences=[here.sequence("listed")]),
        ):
            target.as_agent("ALTER SEQUENCE listed RESTART")


def lock_and_prove(here: Scene, statement: str, *, writers_only: bool) -> None:
    here.execute("SELECT FROM apart")
    before = held(here.connection)
    here.execute(statement)
    prove_locked(
        here.connection,
        [here.table("users"), here.table("logs")],
        before=before,
        writers_only=writers_only,
    )


@pytest.mark.parametrize("writers_only", [True, False])
def test_tables_that_are_locked_as_planned_pass(
    target: Target, *, writers_only: bool
) -> None:
    with scene(target) as here:
        tables = [here.table("users"), here.table("logs")]
        before = held(here.connection)
        effects.lock(here.connection, tables, writers_only=writers_only)
        prove_locked(here.connection, tables, before=before, writers_only=writers_only)


@pytest.mark.parametrize(
    ("statement", "writers_only"),
    [
        ("LOCK users IN ACCESS EXCLUSIVE MODE", False),
        ("LOCK users, logs IN SHARE ROW EXCLUSIVE MODE", False),
        ("LOCK users, logs IN SHARE MODE", True),
        ("LOCK users, ONLY logs, v", False),
        ("LOCK users, ONLY logs; SELECT FROM orders", False),
        ("LOCK users, logs", False),
        ("LOCK users, ONLY logs; SELECT nextval('listed')", False),
    ],
)
def test_other_locks_do_not(
    target: Target, statement: str, *, writers_only: bool
) -> None:
    with scene(target) as here, pytest.raises(NamesMovedError):
        lock_and_prove(here, statement, writers_only=writers_only)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("ALTER TABLE users RENAME TO people", r"\) is public.people by now"),
        ("CREATE SCHEMA s; ALTER TABLE users SET SCHEMA s", r"\) is s.users by now"),
        ("DROP TABLE users CASCADE", r"public.users \(oid \d+\) is gone"),
    ],
)
def test_what_the_ledger_would_name_has_to_be_called_so_still(
    target: Target, change: str, reason: str
) -> None:
    target.as_admin("GRANT CREATE ON DATABASE {db} TO {role}")
    with scene(target) as here:
        named: list[Named] = [here.table("users"), here.sequence("listed")]
        prove_names(here.connection, named)
        here.execute(change)

        with pytest.raises(NamesMovedError, match=reason):
            prove_names(here.connection, named)


@pytest.mark.parametrize(
    "change", ["ALTER TABLE users RENAME TO people", "DROP TABLE users CASCADE"]
)
def test_nothing_is_sent_behind_a_name_that_leads_elsewhere(
    target: Target, change: str
) -> None:
    with scene(target) as here:
        users = here.table("users")
        with leading_to(here.connection, [users]):
            here.execute("SELECT nextval('listed')")
        target.as_agent(change)
        with (
            pytest.raises(NamesMovedError, match=r"public\.users leads nowhere"),
            leading_to(here.connection, [users]),
        ):
            here.execute("SELECT nextval('listed')")

    assert target.contents()["public.listed"] == (1, True)


def test_an_error_of_what_is_sent_behind_is_its_own(target: Target) -> None:
    with (
        scene(target) as here,
        pytest.raises(Exception, match="9>1") as caught,
        leading_to(here.connection, [here.table("users")]),
    ):
        here.execute("SELECT '9>1'::integer")

    assert not isinstance(caught.value, NamesMovedError)
