"""Statements for many rows at once, spelled as each kind of database wants them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Executable, Table, bindparam, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite

Cells = dict[str, object]

_NUMBER = "number"


def insert_rows(connection: Connection, table: Table, rows: Sequence[Cells]) -> None:
    _execute(connection, insert(table), rows)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Cells]) -> None:
    """Insert them, or take over all values where the primary key is known."""
    new = (
        postgresql.insert(table)
        if connection.dialect.name == "postgresql"
        else sqlite.insert(table)
    )
    values = {c.name: new.excluded[c.name] for c in table.columns if not c.primary_key}
    upsert = new.on_conflict_do_update(
        index_elements=list(table.primary_key), set_=values
    )
    _execute(connection, upsert, rows)


def update_rows(
    connection: Connection, table: Table, rows: Sequence[tuple[int, Cells]]
) -> None:
    """Rows by their numbers; what a row does not name stays as it is."""
    by_number = update(table).where(table.c.id == bindparam(_NUMBER))
    numbered = [{_NUMBER: number, **cells} for number, cells in rows]
    _execute(connection, by_number, numbered)


def delete_rows(connection: Connection, table: Table, numbers: Sequence[int]) -> None:
    by_number = delete(table).where(table.c.id == bindparam(_NUMBER))
    _execute(connection, by_number, [{_NUMBER: number} for number in numbers])


def _execute(
    connection: Connection, statement: Executable, rows: Sequence[Cells]
) -> None:
    # Without rows SQLAlchemy would run it once, with no values at all.
    if rows:
        connection.execute(statement, rows)
