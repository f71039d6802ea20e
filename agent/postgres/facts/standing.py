"""Where sequences stand, for whoever may wait for them: asked by oid wherever it can be.

Before 18 no function tells where a sequence stands that was not called. It is then read
by its name, with the oid of what was read beside the value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import errors, sql

from agent.domain.sequences import (
    At,
    Position,
    SequenceDefinition,
    Unreadability,
    Unreadable,
    Unused,
)
from agent.postgres.facts.names import NamesMovedError, identifier, leading_to
from agent.postgres.indirect import answered, indirect
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

# Longer UNION ALLs cost more for each sequence, not less.
_BATCH = 100
_Sequences = Sequence[SequenceDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    """A row of effect_positions_*.sql, or what the relation of a sequence holds."""

    oid: int
    last_value: int | None
    is_called: bool | None

    @property
    def position(self) -> Position | None:
        if self.last_value is None:
            return None
        return At(self.last_value) if self.is_called else Unused(self.last_value)


def standing(
    sequences: _Sequences, reading: ReadOnly, *, major: int
) -> Mapping[int, Position]:
    """The position of each by oid; waits for who holds one, and holds it afterwards.

    Raises NamesMovedError, and errors.LockNotAvailable.
    """
    positions = _by_function(sequences, reading, major=major)
    if major >= 18:
        unseen = Unreadable(Unreadability.PRIVILEGE)
        return {
            sequence.oid: positions.get(sequence.oid, unseen) for sequence in sequences
        }
    rest = [sequence for sequence in sequences if sequence.oid not in positions]
    return positions | _by_name(rest, reading)


def standing_of_own(
    sequences: _Sequences, reading: ReadOnly, *, major: int
) -> Mapping[int, Position]:
    """The same for sequences that this transaction has given a new file: never by name."""
    positions = _by_function(sequences, reading, major=major)
    rest = [sequence for sequence in sequences if sequence.oid not in positions]
    if major >= 18 or not rest:
        return positions
    return positions | _asked(rest, reading, "effect_positions_uncalled_13")


def _by_function(
    sequences: _Sequences, reading: ReadOnly, *, major: int
) -> dict[int, Position]:
    """Without those of which it tells nothing."""
    return _asked(sequences, reading, f"effect_positions_{18 if major >= 18 else 13}")


def _asked(sequences: _Sequences, reading: ReadOnly, name: str) -> dict[int, Position]:
    if not sequences:
        return {}
    oids = sorted(sequence.oid for sequence in sequences)
    return dict(_by_oid(reading.rows(query(name), _Position, {"oids": oids})))


def _by_name(sequences: _Sequences, reading: ReadOnly) -> dict[int, Position]:
    try:
        return _read(sequences, reading)
    except errors.InsufficientPrivilege:
        if len(sequences) == 1:
            return {sequences[0].oid: Unreadable(Unreadability.PRIVILEGE)}
    halves = (sequences[::2], sequences[1::2])
    return _by_name(halves[0], reading) | _by_name(halves[1], reading)


def _read(sequences: _Sequences, reading: ReadOnly) -> dict[int, Position]:
    positions: dict[int, Position] = {}
    for start in range(0, len(sequences), _BATCH):
        batch = sequences[start : start + _BATCH]
        positions |= _by_oid(_rows(batch, reading))
    if moved := [sequence for sequence in sequences if sequence.oid not in positions]:
        raise NamesMovedError(
            f"{sequence.qualified} does not lead to oid {sequence.oid}"
            for sequence in moved
        )
    return positions


def _rows(batch: _Sequences, reading: ReadOnly) -> list[_Position]:
    """A view in the place of a sequence does not run: settings.sql forbids it.

    Those settings are there since the function was asked, earlier in the transaction.
    A table could be in its place too, with what the planner would run: so the names are
    looked at first.
    """
    values = sql.SQL("UNION ALL\n").join(_one(sequence) for sequence in batch)
    connection = reading.connection
    with connection.transaction(), connection.cursor() as cursor:
        with leading_to(connection, batch):
            cursor.execute(query("indirect"), indirect(values, connection))
        return [answered(answer, _Position) for (answer,) in cursor.fetchall()]


def _one(sequence: SequenceDefinition) -> sql.Composed:
    return sql.SQL(
        "SELECT tableoid::bigint AS oid, last_value, is_called FROM {}\n"
    ).format(identifier(sequence))


def _by_oid(rows: list[_Position]) -> Iterator[tuple[int, Position]]:
    for row in rows:
        if (position := row.position) is not None:
            yield row.oid, position
