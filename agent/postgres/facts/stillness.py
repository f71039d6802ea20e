"""Keeping tables as they are while they are asked about, so that no code comes to them.

An owner can put an index or statistics on a table at any moment, also while a question
about the table waits for a lock that the owner holds. So the table is locked first, then
looked at, then asked about, all in one transaction whose statements see what is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from psycopg import sql

from agent.domain.resets.facts import Relation
from agent.domain.resets.functions import UntrustedCode
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


class UnsafeTableError(Exception):
    """A table that may not be asked about, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A row of target_names.sql."""

    oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Tables of strangers, and those of them whose code the job accepts."""

    doubted: Collection[int] = ()
    accepted: Collection[int] = ()
    in_recovery: bool = False

    def keep_still(
        self, reading: ReadOnly, tables: Sequence[Relation], *, with_children: bool
    ) -> None:
        """Lock doubted tables against new indexes, statistics and children.

        Reading and writing of rows goes on; the locks go with the savepoint around it.
        Raises UnsafeTableError where code that is not accepted is on one by now, and
        where a name leads elsewhere.
        """
        doubted = [each for each in tables if each.oid in self.doubted]
        if not doubted:
            return
        # Also puts our bounds into force, before anything is waited for.
        _refuse_moved(reading, doubted)
        self._lock(reading, doubted, with_children=with_children)
        _refuse_moved(reading, doubted)
        for table in doubted:
            self._refuse_strangers(reading, table)

    def _lock(
        self, reading: ReadOnly, tables: Sequence[Relation], *, with_children: bool
    ) -> None:
        only = sql.SQL("" if with_children else "ONLY ")
        # Nothing is created on a standby, and no stronger lock can be had there.
        mode = sql.SQL("ACCESS SHARE" if self.in_recovery else "SHARE UPDATE EXCLUSIVE")
        names = sql.SQL(", ").join(
            only + sql.Identifier(each.schema, each.name)
            for each in sorted(tables, key=lambda each: each.oid)
        )
        reading.connection.execute(
            sql.SQL("LOCK TABLE {} IN {} MODE").format(names, mode)
        )

    def _refuse_strangers(self, reading: ReadOnly, table: Relation) -> None:
        found = reading.rows(
            query("target_untrusted"), UntrustedCode, {"table_oid": table.oid}
        )
        for each in found:
            if each.table_oid not in self.accepted:
                raise UnsafeTableError(f"{each.place} would run {each.code}")


def _refuse_moved(reading: ReadOnly, tables: Sequence[Relation]) -> None:
    there = reading.rows(
        query("target_names"),
        _Found,
        {
            "oids": [each.oid for each in tables],
            "names": [each.quoted for each in tables],
        },
    )
    moved = {each.oid for each in tables} - {each.oid for each in there}
    for table in tables:
        if table.oid in moved:
            raise UnsafeTableError(f"the name {table.qualified} leads elsewhere by now")
