"""Notices that sequences are called although the catalog does not say by whom."""

from __future__ import annotations

from dataclasses import replace

from agent.domain.consumption.steps import Mark, mark_of, step
from agent.domain.sequences import SequenceDefinition, Supply, Unreadable
from agent.services.tracking import Seen

# One may be a setval by hand, to where the column stands.
_MOVES = 2
_ONCE_CALLED = {Supply.LEFTOVER: Supply.PLAIN, Supply.HANDED_OVER: Supply.COMPUTED}


class CallerWatch:
    """The sequences of one database that were seen to move without a known caller."""

    def __init__(self) -> None:
        self._marks: dict[int, Mark] = {}
        self._moves: dict[int, int] = {}

    def follow(self, seen: Seen) -> bool:
        """Take in a round; whether `as_called` gives another answer now."""
        before = self._called
        there = {sequence.oid for sequence, _ in seen.positions}
        self._marks = {oid: m for oid, m in self._marks.items() if oid in there}
        self._moves = {oid: n for oid, n in self._moves.items() if oid in there}
        for sequence, position in seen.positions:
            if not (
                sequence.surely_called
                or isinstance(position, Unreadable)
                or sequence.oid in seen.unsettled
            ):
                self._note(mark_of(sequence, position, seen.at, seen.line))
        return self._called != before

    def _note(self, mark: Mark) -> None:
        taken = step(self._marks.get(mark.oid, mark), mark)
        if taken.calls and taken.reset is None:
            self._moves[mark.oid] = self._moves.get(mark.oid, 0) + 1
        self._marks[mark.oid] = mark

    def as_called(self, sequence: SequenceDefinition) -> SequenceDefinition:
        """The sequence with its columns counted, if somebody was seen to call it."""
        if sequence.surely_called or sequence.oid not in self._called:
            return sequence
        columns = (
            replace(each, supply=_ONCE_CALLED.get(each.supply, each.supply))
            for each in sequence.columns
        )
        return replace(sequence, columns=tuple(columns))

    @property
    def _called(self) -> frozenset[int]:
        return frozenset(oid for oid, moves in self._moves.items() if moves >= _MOVES)
