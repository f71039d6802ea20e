"""Keeping tables as they are while they are asked about, so that no code comes to them.

An owner can put an index or statistics on a table at any moment, also while a question
about the table waits for a lock that the owner holds. So the table is locked first, then
looked at, then asked about, all in one transaction whose statements see what is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from agent.domain.resets.facts import Relation
from agent.domain.table_facts import UntrustedCode
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly


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
    ) -> Mapping[int, str]:
        """Lock doubted tables against new indexes, statistics and children.

        Reading and writing of rows goes on; the locks go with the savepoint around it.
        The answer is which tables may not be asked about, and why: code that is not
        accepted is on them by now, or their names lead elsewhere.
        """
        doubted = [each for each in tables if each.oid in self.doubted]
        if not doubted:
            return {}
        # First of all, so that our bounds are in force before anything is waited for.
        unsafe = _moved(reading, doubted)
        there = [each for each in doubted if each.oid not in unsafe]
        if there:
            self._lock(reading, there, with_children=with_children)
            unsafe |= _moved(reading, there)
            unsafe |= self._strange(reading, there, with_children=with_children)
        return unsafe

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

    def _strange(
        self, reading: ReadOnly, tables: Sequence[Relation], *, with_children: bool
    ) -> dict[int, str]:
        """Of tables, or of all together with what inherits from them."""
        oids = [each.oid for each in tables]
        code = [
            each
            for each in reading.rows(
                query("target_untrusted"), UntrustedCode, {"table_oids": oids}
            )
            if each.table_oid not in self.accepted
        ]
        told = {each.table_oid: f"{each.place} would run {each.code}" for each in code}
        if with_children:
            return dict.fromkeys(oids, told[code[0].table_oid]) if code else {}
        return {oid: reason for oid, reason in told.items() if oid in oids}


def _moved(reading: ReadOnly, tables: Sequence[Relation]) -> dict[int, str]:
    there = reading.rows(
        query("target_names"),
        _Found,
        {
            "oids": [each.oid for each in tables],
            "names": [each.quoted for each in tables],
        },
    )
    moved = {each.oid for each in tables} - {each.oid for each in there}
    return dict.fromkeys(moved, "its name leads elsewhere by now")
