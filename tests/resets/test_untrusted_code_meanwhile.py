"""Code that an owner puts on a table while a plan or a run asks about it does not run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import JobKind, ResetJob
from tests.postgres_servers import Database
from tests.resets.hostile import HostileOwner
from tests.resets.running import run
from tests.resets.target import armed_target, job_for

TRAP = "CREATE INDEX trap ON public.{} (note) WHERE id > public.evil(1)"
SWAP = (
    "ALTER TABLE public.loot RENAME TO loot_old;"
    " CREATE TABLE public.loot (id integer, note text);" + TRAP.format("loot")
)


@pytest.fixture
def owner(database: Database) -> HostileOwner:
    return HostileOwner.of(armed_target(database))


def job_of(owner: HostileOwner, kind: JobKind) -> ResetJob:
    tables = NameFilter(include=("public.loot",))
    return replace(job_for(owner.database.name), kind=kind, tables=tables)


@contextmanager
def sprung(owner: HostileOwner, table: str, trap: str) -> Iterator[None]:
    """Hold a table, set the trap, and let go as soon as somebody waits for the table."""
    over = threading.Event()
    waiting = (
        "SELECT count(*) FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation"
        f" WHERE NOT l.granted AND c.relname = '{table}'"
    )

    def hold(connection: psycopg.Connection) -> None:
        while owner.database.execute(waiting) == [(0,)] and not over.wait(0.01):
            pass
        connection.execute("COMMIT")

    with owner.database.connect(owner.dsn) as connection:
        connection.execute("BEGIN")
        connection.execute(f"LOCK TABLE public.{table}".encode())
        connection.execute(trap.encode())
        holder = threading.Thread(target=hold, args=(connection,))
        holder.start()
        try:
            yield
        finally:
            over.set()
            holder.join()


@pytest.mark.parametrize("kind", JobKind)
@pytest.mark.parametrize("trap", [TRAP.format("loot"), SWAP], ids=["index", "swap"])
def test_what_comes_between_the_look_and_the_question_does_not_run(
    trap: str, kind: JobKind, owner: HostileOwner
) -> None:
    with sprung(owner, "loot", trap):
        owner.target.plan(job_of(owner, kind))

    assert owner.ran_as_a_stranger == 0


@pytest.mark.parametrize("kind", JobKind)
def test_nor_does_it_while_a_run_waits_for_its_tables(
    kind: JobKind, owner: HostileOwner
) -> None:
    owner.run("ANALYZE loot")
    with sprung(owner, "loot", TRAP.format("loot")):
        run(owner.target, job_of(owner, kind))

    assert owner.ran_as_a_stranger == 0


def test_nor_does_what_comes_to_a_child_that_the_run_does_not_lock(
    owner: HostileOwner,
) -> None:
    owner.run("CREATE TABLE child () INHERITS (loot)")

    with sprung(owner, "child", TRAP.format("child")):
        run(owner.target, job_of(owner, JobKind.RESYNC))

    assert owner.ran_as_a_stranger == 0


@pytest.mark.parametrize("kind", JobKind)
def test_nor_does_what_comes_and_goes_all_the_time(
    kind: JobKind, owner: HostileOwner
) -> None:
    over = threading.Event()

    def flicker() -> None:
        with owner.database.connect(owner.dsn) as connection:
            while not over.is_set():
                connection.execute(TRAP.format("loot").encode())
                connection.execute("DROP INDEX public.trap")

    storm = threading.Thread(target=flicker)
    storm.start()
    try:
        for _ in range(30):
            owner.target.plan(job_of(owner, kind))
    finally:
        over.set()
        storm.join()

    assert owner.ran_as_a_stranger == 0


@pytest.mark.parametrize("kind", JobKind)
def test_tables_of_strangers_are_asked_while_others_write_to_them(
    kind: JobKind, owner: HostileOwner
) -> None:
    """They are kept still against new code, not against rows."""
    with owner.database.connect(owner.dsn) as writer, writer.transaction():
        writer.execute("INSERT INTO public.loot (note) VALUES ('x')")

        plan = owner.target.plan(job_of(owner, kind))

    assert plan.allowed, plan.refusals
    assert [each.exact for each in plan.tables] == (
        [True] if kind is JobKind.RESET else []
    )


def test_one_table_that_is_held_does_not_keep_others_from_being_counted(
    owner: HostileOwner,
) -> None:
    owner.run("CREATE TABLE held AS SELECT 1 AS id; ANALYZE held")
    job = replace(
        job_of(owner, JobKind.RESET), tables=NameFilter(include=("public.*",))
    )
    with owner.database.connect(owner.dsn) as holder, holder.transaction():
        holder.execute("LOCK TABLE public.held IN SHARE UPDATE EXCLUSIVE MODE")

        plan = owner.target.plan(job)

    counted = {each.table.relation.name: each.exact for each in plan.tables}
    assert counted == {"held": False, "loot": True, "orders": True, "users": True}
