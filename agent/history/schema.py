"""Which version a history's tables have, and the way to the newest one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.migration import MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Text, column, func, inspect, select, table

from agent.errors import HistoryError
from agent.history.connect import VERSION_TABLE, reading, schema_of, writing

_MIGRATIONS = Path(__file__).parent / "migrations"
# Drawn by lot; agents that start on one PostgreSQL take turns by it.
_ADVISORY_LOCK = 6_247_938_511
# Alembic keeps the migration that is running in a module of its own.
_one_at_a_time = threading.Lock()


def bring_up_to_date(engine: Engine) -> None:
    """Make the tables, or lead them to the newest version; mostly there is nothing to do.

    Raises HistoryError if they are newer still.
    """
    with reading(engine) as connection:
        if is_up_to_date(connection):
            return
    with _one_at_a_time, writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        if not is_up_to_date(connection):
            upgrade(connection)


def check(connection: Connection) -> None:
    """Raise HistoryError unless the tables are those that this program knows.

    Somebody may have taken the file away, or started a newer agent, since they were made.
    """
    if not is_up_to_date(connection):
        raise HistoryError("its tables are gone; they will be made anew")


def is_up_to_date(connection: Connection) -> bool:
    """Raises HistoryError if the tables are newer than this program."""
    found = version(connection)
    if found is not None and found not in versions():
        raise HistoryError(
            f"its tables have version {found!r}, which only a newer agent knows;"
            " update this one, or give it another history"
        )
    return found == versions()[0]


def version(connection: Connection) -> str | None:
    """The last migration that the tables went through; None if there are no tables."""
    if not inspect(connection).has_table(VERSION_TABLE, schema_of(connection)):
        return None
    versions_made = table(VERSION_TABLE, schema=schema_of(connection))
    statement = select(column("version_num", Text)).select_from(versions_made)
    return connection.execute(statement).scalar()


@cache
def versions() -> tuple[str, ...]:
    """Those that this program knows, the newest first."""
    scripts = ScriptDirectory(_MIGRATIONS)
    return tuple(script.revision for script in scripts.walk_revisions())


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that are missing, in the transaction that has begun."""
    scripts = ScriptDirectory(_MIGRATIONS)

    def steps(done: Sequence[str], _context: MigrationContext) -> list[MigrationStep]:
        missing = scripts.iterate_revisions(to, tuple(done) or "base")
        return [
            MigrationStep.upgrade_from_script(scripts.revision_map, script)
            for script in reversed(list(missing))
        ]

    context = MigrationContext.configure(
        connection,
        opts={
            "version_table": VERSION_TABLE,
            "version_table_schema": schema_of(connection),
            "fn": steps,
        },
    )
    with Operations.context(context):
        context.run_migrations()
