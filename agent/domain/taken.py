"""Which of the next values of a sequence are already in the columns that it feeds.

After a restore, a logical copy or explicit ids a sequence can stand behind its column:
an insert then fails on a value that is there. An index tells the furthest value of a
column at the cost of one page, so that is what is asked for, and never a count of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.domain.limits import Range, calls_in
from agent.domain.sequences import (
    At,
    FedColumn,
    SequenceDefinition,
    Supply,
    Unused,
    upcoming,
)

_COMPARABLE = {"int2", "int4", "int8", "numeric"}
# Smaller steps are those of servers that write odd and even ids; in larger blocks than
# these nobody looks for ids one by one.
_LEAST_BLOCK, _LARGEST_BLOCK = 10, 1_000


class Unseen(StrEnum):
    """Why it is not known how far a column has come."""

    PENDING = "pending"
    COMPUTED = "computed"
    LEFTOVER = "leftover"
    NO_INDEX = "no_index"
    NO_PRIVILEGE = "no_privilege"
    ROW_SECURITY = "row_security"
    UNTRUSTED_CODE = "untrusted_code"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_LOCKS = "too_many_locks"
    LOCKED = "locked"
    SLOW = "slow"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The greatest, or least, value of a column within a range.

    Only values that are `step` or a multiple of it away from `origin` count. `counted`
    asks how many rows have a value within the range, which has to be short.
    """

    column: FedColumn
    within: Range
    greatest: bool
    origin: int = 0
    step: int = 1
    counted: bool = False


# A value, or that there is none, or why neither is known.
Answer = int | Unseen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The first and the last of a sequence's coming values that a column holds.

    `in_block`: ids come in blocks, and these are of the next one, which lies between two
    values of the sequence.
    """

    nearest: int
    furthest: int
    in_block: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """None of the values to come is in the column."""


CLEAR = Clear()
Sight = Taken | Clear | Unseen


def out_of_sight(column: FedColumn) -> Unseen | None:
    """Why the catalog says that a column cannot be looked at; None if it can.

    Numbers with a sign only: oid has no operator to compare it with a wider integer.
    """
    reasons = (
        (column.supply is Supply.LEFTOVER, Unseen.LEFTOVER),
        (column.supply is not Supply.PLAIN, Unseen.COMPUTED),
        (column.base_type not in _COMPARABLE, Unseen.NOT_A_NUMBER),
        (column.locks is None, Unseen.NO_INDEX),
        (column.untrusted, Unseen.UNTRUSTED_CODE),
        (column.row_security, Unseen.ROW_SECURITY),
        (not column.readable, Unseen.NO_PRIVILEGE),
    )
    return next((why for holds, why in reasons if holds), None)


def furthest(sequence: SequenceDefinition, column: FedColumn) -> Question:
    """How far the column has come within the sequence's bounds, wherever that stands."""
    return Question(
        column=column,
        within=Range(sequence.minimum, sequence.maximum),
        greatest=sequence.ascending,
    )


def coming(
    sequence: SequenceDefinition, position: Unused | At, column: FedColumn
) -> tuple[Question, Question]:
    """The nearest and the furthest of the values to come that the column holds."""
    following = upcoming(sequence, position)
    ahead = _ahead(sequence, following)
    near, far = (
        Question(
            column=column,
            within=ahead,
            greatest=greatest,
            origin=following,
            step=abs(sequence.increment),
        )
        for greatest in (not sequence.ascending, sequence.ascending)
    )
    return near, far


def in_next_block(
    sequence: SequenceDefinition, position: Unused | At, value: int
) -> bool:
    """Whether a value lies between those of the last call and of the next.

    Hibernate's pooled optimizer, at INCREMENT 50, makes 52 to 101 of the value 101.
    """
    if isinstance(position, Unused) or not _in_blocks(sequence):
        return False
    last, following = position.last_value, upcoming(sequence, position)
    low, high = (last, following) if sequence.ascending else (following, last)
    return low < value < high and sequence.admits(following)


def _in_blocks(sequence: SequenceDefinition) -> bool:
    return _LEAST_BLOCK <= abs(sequence.increment) <= _LARGEST_BLOCK


def last_block(
    sequence: SequenceDefinition, position: At, column: FedColumn
) -> Question:
    """How many ids there are between the values of the last call and of that before."""
    last, before = position.last_value, position.last_value - sequence.increment
    return Question(
        column=column,
        within=Range(min(last, before) + 1, max(last, before) - 1),
        greatest=sequence.ascending,
        counted=True,
    )


def fills_block(sequence: SequenceDefinition, ids: int) -> bool:
    """Whether so many ids between two values make a block: more than half of it.

    Servers that share a column by steps of ten are hardly more than five.
    """
    return 2 * ids > abs(sequence.increment)


def calls_past_taken(
    sequence: SequenceDefinition, position: Unused | At, taken: Taken
) -> int:
    """How many calls it takes to get past what the column holds."""
    calls = calls_until_past(sequence, position, taken.furthest)
    within = taken.in_block and in_next_block(sequence, position, taken.furthest)
    return 1 if within and not calls else calls


def calls_until_past(
    sequence: SequenceDefinition, position: Unused | At, value: int | None
) -> int:
    """How many calls return `value` or one before it; 0 if it is passed, or none.

    A sequence that may start again and feeds no unique column collides with nothing.
    """
    following = upcoming(sequence, position)
    if value is None or not sequence.admits(following) or sequence.repeats_freely:
        return 0
    step = abs(sequence.increment)
    if sequence.ascending:
        return calls_in(Range(following, value), step=step)
    return calls_in(Range(value, following), step=step)


def behind(
    sequence: SequenceDefinition, position: Unused | At, sight: Sight
) -> int | None:
    """How many calls it takes to get past what the column holds; None: not known."""
    if isinstance(sight, Unseen):
        return None
    return (
        calls_past_taken(sequence, position, sight) if isinstance(sight, Taken) else 0
    )


def unseen(sights: Iterable[Sight]) -> Iterator[Unseen]:
    """Why it is not known what the columns hold that hold values of the sequence."""
    return (
        sight
        for sight in sights
        if isinstance(sight, Unseen) and sight is not Unseen.LEFTOVER
    )


def worst(counts: Sequence[int | None]) -> int | None:
    """Of all columns of a sequence; None where one that is not known may be worse.

    >>> worst([0, None]) is worst([]) is None
    True
    >>> worst([7, None])
    7
    """
    most = max((each for each in counts if each is not None), default=0)
    return None if most == 0 and (not counts or None in counts) else most


def _ahead(sequence: SequenceDefinition, following: int) -> Range:
    if sequence.ascending:
        return Range(following, sequence.maximum)
    return Range(sequence.minimum, following)
