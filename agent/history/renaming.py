"""Which stored series goes on under which name, and which has to make room for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.domain.consumption.records import Record

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """The row of a series: its number, and the oid that the sequence had."""

    id: int
    oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """The new names of rows by their numbers; `replaced` stood under those names.

    What is replaced was dropped before, or it would have been renamed itself.
    """

    names: Mapping[int, Name]
    replaced: frozenset[int]


def renaming(records: Iterable[Record], stored: Mapping[Name, Stored]) -> Renaming:
    names = {
        stored[record.previous].id: (record.schema, record.name)
        for record in records
        if record.previous is not None
        and record.previous in stored
        and not _is_done(record, stored)
    }
    in_the_way = {stored[name].id for name in names.values() if name in stored}
    return Renaming(names=names, replaced=frozenset(in_the_way - names.keys()))


def _is_done(record: Record, stored: Mapping[Name, Stored]) -> bool:
    """The agent may not have heard that it was written, and write it once more.

    The row under the new name then tells by its oid that it is the renamed one, and the
    one under the previous name is of another sequence: after a swap, of the other one.
    """
    now = stored.get((record.schema, record.name))
    return now is not None and now.oid == record.mark.oid
