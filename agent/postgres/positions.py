"""Where sequences stand: read in batches, so that one bad sequence costs only itself.

PostgreSQL 18 has a function that tells all. Before it, one function tells the last
value of every sequence that was called, fast; those that were not, and those that an
open ALTER SEQUENCE holds, are then read as relations, which is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import psycopg
from psycopg import errors, sql

from agent.domain.sequences import (
    At,
    Position,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    Unused,
)
from agent.postgres.errors import one_line
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

# The statement's own locks on catalogs and their indexes come on top of a batch.
CATALOG_LOCKS = 32
# Longer UNION ALLs cost more for each sequence, not less.
_DIRECT_BATCH = 100
# Some hundred sequences: each of a table of its own takes three or so.
_OIDS = 256

_NAMELESS = Unreadable(
    Unreadability.FAILED, "its name as the server gave it does not lead to it"
)

_Batch = Sequence[SequenceDefinition]
_Found = dict[int, Position]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    """A row of values_13.sql or values_18.sql."""

    oid: int
    selectable: bool | None
    permitted: bool | None
    last_value: int | None
    is_called: bool | None

    @property
    def uncalled(self) -> bool:
        """Before 18: readable and NULL, so that the relation itself must be asked."""
        return bool(self.selectable) and self.last_value is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _DirectValue:
    """What the relation of a sequence itself holds."""

    oid: int
    last_value: int
    is_called: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A row of holders.sql."""

    oid: int
    exclusive: bool
    holders: str


class PositionReader:
    """Reads positions over one connection, at most `max_locks` locks at a time."""

    def __init__(self, reading: ReadOnly, *, major: int, max_locks: int) -> None:
        self._reading = reading
        self._tells_all = major >= 18
        self._batch = max(1, max_locks - CATALOG_LOCKS)
        self._direct_batch = min(_DIRECT_BATCH, self._batch)

    def positions(self, sequences: _Batch) -> Mapping[int, Position]:
        """The position of each sequence by oid; none is left out."""
        held = holders(self._reading)
        held_shut = {oid for oid, holder in held.items() if holder.exclusive}
        found = self._first_look([s for s in sequences if s.oid not in held_shut], held)
        shut = [s for s in sequences if s.oid not in found or _is_locked(found[s.oid])]
        return found | self._second_chance(shut)

    def _first_look(self, sequences: _Batch, held: Mapping[int, Holder]) -> _Found:
        if self._tells_all:
            return self._in_batches(sequences, self._batch, self._by_function)
        called = [s for s in sequences if s.oid not in held]
        found = self._in_batches(called, self._batch, self._by_function)
        rest = [s for s in sequences if s.oid not in found or _is_locked(found[s.oid])]
        direct: _Found = {}
        for neighbours in _neighbours(rest):
            direct |= self._in_batches(neighbours, self._direct_batch, self._directly)
        return (
            found | direct | self._nameless([s for s in rest if _gone(direct[s.oid])])
        )

    def _nameless(self, lost: _Batch) -> _Found:
        """Those that only their name does not lead to: vanished would be a lie.

        They were renamed a moment ago, or have a name that is not valid in UTF-8.
        What the function tells of them is true; it leaves out those not called.
        """
        asked = self._in_batches(lost, self._batch, self._by_function)
        return {s.oid: asked.get(s.oid, _NAMELESS) for s in lost}

    def _second_chance(self, shut: _Batch) -> _Found:
        """Read what was locked once more, but wait for nobody who still holds it."""
        if not shut:
            return {}
        held = holders(self._reading)
        free = [s for s in shut if not _holds_shut(held, s)]
        read = self._by_function if self._tells_all else self._directly
        return {s.oid: _locked(held, s) for s in shut} | self._in_batches(
            free, self._direct_batch, read
        )

    def _in_batches(
        self, sequences: _Batch, size: int, read: Callable[[_Batch], _Found]
    ) -> _Found:
        found: _Found = {}
        for batch in _batches(sequences, size):
            found |= self._salvaged(batch, read)
        return found

    def _salvaged(self, batch: _Batch, read: Callable[[_Batch], _Found]) -> _Found:
        """Read a batch; when that fails, read all of it that can be read."""
        if not batch:
            return {}
        try:
            return read(batch)
        except errors.LockNotAvailable:
            return self._around_locks(batch, read)
        except errors.QueryCanceled:
            raise  # The statement's deadline: halves would take as long again.
        except (psycopg.Error, UnicodeEncodeError) as error:
            if self._reading.connection.closed:
                raise
            if len(batch) == 1:
                return {batch[0].oid: _failed(error)}
            return self._halved(batch, read)

    def _around_locks(self, batch: _Batch, read: Callable[[_Batch], _Found]) -> _Found:
        """Set aside what somebody holds: every further try costs a lock_timeout."""
        held = holders(self._reading)
        locked = {s.oid: _locked(held, s) for s in batch if s.oid in held}
        if locked:
            free = [s for s in batch if s.oid not in locked]
            return locked | self._salvaged(free, read)
        if len(batch) == 1:
            return {batch[0].oid: _locked(held, batch[0])}
        return self._halved(batch, read)

    def _halved(self, batch: _Batch, read: Callable[[_Batch], _Found]) -> _Found:
        middle = len(batch) // 2
        return self._salvaged(batch[:middle], read) | self._salvaged(
            batch[middle:], read
        )

    def _by_function(self, batch: _Batch) -> _Found:
        """Positions that the version's function tells; uncalled ones left out."""
        values = self._reading.rows(
            query("values_18" if self._tells_all else "values_13"),
            _Value,
            {"oids": [s.oid for s in batch]},
        )
        ask_again = not self._tells_all
        return {v.oid: _position(v) for v in values if not (ask_again and v.uncalled)}

    def _directly(self, batch: _Batch) -> _Found:
        """Positions as the relations themselves tell them, whoever is called meanwhile.

        Their names are no part of the statement's text: it would be another one in each
        round.
        """
        one = sql.SQL("UNION ALL\n").join(_one_value(s) for s in batch)
        rows = self._reading.indirectly(one, _DirectValue)
        told = {v.oid: _direct_position(v) for v in rows}
        # A name may lead to another sequence by now: that is not the one asked for.
        gone = Unreadable(Unreadability.VANISHED)
        return {s.oid: told.get(s.oid, gone) for s in batch}


def holders(reading: ReadOnly) -> Mapping[int, Holder]:
    """Who holds relations in a way that makes readers wait, by the oid of these."""
    return {each.oid: each for each in reading.rows(query("holders"), Holder)}


def _position(value: _Value) -> Position:
    if value.permitted is None:
        return Unreadable(Unreadability.VANISHED)
    if not value.permitted:
        return Unreadable(Unreadability.PRIVILEGE)
    if value.last_value is not None:
        return At(value.last_value) if value.is_called else Unused(value.last_value)
    if value.selectable:
        return Unreadable(Unreadability.VANISHED)
    return Unreadable(
        Unreadability.PRIVILEGE,
        "not called yet, and USAGE alone does not tell where it starts",
    )


def _direct_position(value: _DirectValue) -> Position:
    return At(value.last_value) if value.is_called else Unused(value.last_value)


def _one_value(sequence: SequenceDefinition) -> sql.Composed:
    """Read a relation by its name; `tableoid` tells whether it is the one that was meant.

    A view that somebody puts into the place of a sequence would run its functions with
    the rights of the agent: settings.sql forbids that.
    """
    return sql.SQL(
        "SELECT tableoid::bigint AS oid, last_value, is_called FROM {sequence}\n"
    ).format(sequence=sql.Identifier(sequence.schema, sequence.name))


def _failed(error: psycopg.Error | UnicodeEncodeError) -> Unreadable:
    match error:
        case errors.UndefinedTable() | errors.UndefinedColumn():
            return Unreadable(Unreadability.VANISHED)
        case errors.InsufficientPrivilege():
            return Unreadable(Unreadability.PRIVILEGE)
        case UnicodeEncodeError():
            return _NAMELESS
        case _:
            return Unreadable(Unreadability.FAILED, one_line(error))


def _locked(held: Mapping[int, Holder], sequence: SequenceDefinition) -> Unreadable:
    holder = held.get(sequence.oid)
    return Unreadable(
        Unreadability.LOCKED, f"held by {holder.holders}" if holder else ""
    )


def _is_locked(position: Position) -> bool:
    return isinstance(position, Unreadable) and position.reason is Unreadability.LOCKED


def _gone(position: Position) -> bool:
    return position == Unreadable(Unreadability.VANISHED)


def _holds_shut(held: Mapping[int, Holder], sequence: SequenceDefinition) -> bool:
    holder = held.get(sequence.oid)
    return holder is not None and holder.exclusive


def _neighbours(sequences: _Batch) -> Iterator[_Batch]:
    """Together in each round, so that one that is called changes one statement alone.

    That matters where pg_stat_statements counts nested statements too.
    """
    by_oid = sorted(sequences, key=lambda sequence: sequence.oid)
    for _, group in groupby(by_oid, key=lambda sequence: sequence.oid // _OIDS):
        yield list(group)


def _batches(sequences: _Batch, size: int) -> Iterator[_Batch]:
    for start in range(0, len(sequences), size):
        yield sequences[start : start + size]
