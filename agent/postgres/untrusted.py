"""Tables that a question about them would make the server run code of strangers for.

Planning folds functions that indexes, statistics and partition keys mention, as whoever
asks. So the catalogs are asked first, and asked again right before the question: an owner
can put an index on a table at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import errors

from agent.domain.sequences import FedColumn
from agent.domain.table_facts import UntrustedCode
from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection
from agent.postgres.facts.names import leading_to
from agent.postgres.inheritance import with_all_above
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


class UntrustedCodeError(AgentError):
    """By now there is code of strangers on a table that was about to be asked about."""

    def __init__(self) -> None:
        super().__init__("to ask would run code that belongs to no superuser")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table and the name that leads to it."""

    oid: int
    schema: str
    name: str

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"


def untrusted_tables(reading: ReadOnly, oids: Iterable[int]) -> frozenset[int]:
    """Those with code of strangers on them or below them, and all that is above those."""
    asked = sorted(set(oids))
    if not asked:
        return frozenset()
    rows = reading.rows(query("target_untrusted"), UntrustedCode, {"table_oids": asked})
    return with_all_above(reading, {row.table_oid for row in rows})


@contextmanager
def asking_safely(
    connection: BoundedConnection, columns: Iterable[FedColumn]
) -> Iterator[None]:
    """Let the server look at the catalogs right before it plans what the body sends.

    The names must lead to the same tables, and no code of strangers be on them; all goes
    to the server at once, and it runs nothing after what failed. What remains is the
    moment between two statements. Raises UntrustedCodeError and NamesMovedError.
    """
    tables = {
        c.table_oid: _Table(oid=c.table_oid, schema=c.table_schema, name=c.table_name)
        for c in columns
    }
    try:
        with leading_to(connection, list(tables.values())):
            # Rolled back, for the locks on some twenty catalogs go with it.
            connection.execute("SAVEPOINT looked")
            connection.execute(_REFUSING, {"table_oids": sorted(tables)})
            connection.execute("ROLLBACK TO SAVEPOINT looked")
            yield
    except errors.InvalidTextRepresentation as error:
        if _MARK not in (error.diag.message_primary or ""):
            raise
        raise UntrustedCodeError from error


_MARK = "untrusted>code"
# Whatever the server's language is, its error repeats the text that is no number.
_REFUSING = (
    b"SELECT CASE WHEN pg_catalog.count(*) = 0 THEN 0 ELSE pg_catalog.concat('"
    + _MARK.encode()
    + b"', pg_catalog.count(*))::integer END AS code FROM (\n"
    + query("target_untrusted").rstrip()
    + b"\n) AS code"
)
