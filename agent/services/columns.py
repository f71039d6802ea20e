"""Keeps an eye on how far the columns behind sequences have come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from agent.domain.sequences import (
    At,
    FedColumn,
    Position,
    SequenceDefinition,
    Unreadable,
    Unused,
)
from agent.domain.taken import (
    CLEAR,
    Answer,
    Question,
    Sight,
    Taken,
    Unseen,
    calls_until_past,
    coming,
    fills_block,
    furthest,
    in_next_block,
    last_block,
    out_of_sight,
)
from agent.ports import DatabaseSession

# So that a database that appears with thousands of tables does not keep its own values
# waiting.
AT_ONCE = 2_000

# The oid of a sequence, and which of its columns.
_Key = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A column that can be looked at, and how far it had come when that was asked."""

    sequence: SequenceDefinition
    column: FedColumn
    question: Question
    answer: Answer = Unseen.PENDING
    asked_at: float = float("-inf")
    taken: Taken | None = None
    confirmed_at: float = float("-inf")


class ColumnWatch:
    """What is known of the columns of one database; asks again when it is time.

    The furthest value of a column is asked for at a slow cadence, and before the values
    of sequences are read, so that no insert in between looks like a sequence left
    behind. What looks bad all the same is asked for again, and its sequence read after.
    """

    def __init__(self, interval: timedelta, *, at_once: int = AT_ONCE) -> None:
        """Ask each column once in an interval, of no more than `at_once` in a round."""
        self._interval = interval.total_seconds()
        self._at_once = at_once
        self._sequences: Sequence[SequenceDefinition] = ()
        self._watched: dict[_Key, _Watched] = {}
        self._due_at = float("-inf")
        self._behind: frozenset[_Key] = frozenset()
        self._sights: dict[int, tuple[Sight, ...]] = {}

    def sights(self, sequence: SequenceDefinition) -> tuple[Sight, ...]:
        """What is known of each of the sequence's columns, in their order."""
        return self._sights.get(sequence.oid, ())

    def look(
        self,
        session: DatabaseSession,
        sequences: Sequence[SequenceDefinition],
        now: float,
    ) -> bool:
        """Ask for what is due; before the values of the sequences are read.

        Whether there is more to ask: over another connection, for a backend that has
        looked at thousands of tables keeps a lot of memory.
        """
        if sequences is not self._sequences:
            self._follow(sequences)
        if now < self._due_at:
            return False
        due = [k for k, w in self._watched.items() if self._is_due(w, now)]
        due.sort(key=lambda key: self._watched[key].asked_at)
        chosen = due[: self._at_once]
        if chosen:
            answers = session.answers([self._watched[key].question for key in chosen])
            for key in chosen:
                known = self._watched[key]
                answer = answers[known.question]
                # What there was no time for is the first to be asked next.
                asked_at = known.asked_at if answer is Unseen.PENDING else now
                self._watched[key] = replace(known, answer=answer, asked_at=asked_at)
            self._see({oid for oid, _ in chosen})
        oldest = min((w.asked_at for w in self._watched.values()), default=now)
        self._due_at = oldest + self._interval
        return len(due) > len(chosen)

    def confirm(
        self,
        session: DatabaseSession,
        positions: Mapping[int, Position],
        *,
        in_recovery: bool,
        now: float,
        all_at_once: bool = False,
    ) -> Mapping[int, Position]:
        """Ask again about whoever seems to be behind; their positions, read after that.

        `all_at_once` is for a look after which there is no other.
        """
        suspects = {
            key: watched
            for key, watched in self._watched.items()
            if key[0] in positions and _behind(watched, positions)
        }
        chosen = sorted(suspects, key=lambda key: suspects[key].confirmed_at)
        again: Mapping[int, Position] = {}
        if chosen:
            asked = {
                key: suspects[key]
                for key in chosen[: None if all_at_once else self._at_once]
            }
            self._ask_what_is_taken(session, asked, positions, now)
            again = session.positions(
                list({w.sequence.oid: w.sequence for w in asked.values()}.values()),
                in_recovery=in_recovery,
            )
        behind = frozenset(suspects)
        before = frozenset(key for key in self._behind if key[0] in positions)
        self._behind = (self._behind - before) | behind
        self._pass(before - behind)
        self._see(oid for oid, _ in before | behind)
        return again

    def _pass(self, keys: Iterable[_Key]) -> None:
        """Their sequences are past what they held."""
        for key in self._watched.keys() & keys:
            self._watched[key] = replace(self._watched[key], taken=None)

    def _follow(self, sequences: Sequence[SequenceDefinition]) -> None:
        """Watch what is there now; what is known of the same columns stays known."""
        before = self._watched
        self._sequences = sequences
        self._watched = {}
        for sequence in sequences:
            for number, column in enumerate(sequence.columns):
                if out_of_sight(column) is None:
                    key, question = (sequence.oid, number), furthest(sequence, column)
                    known = before.get(key)
                    if known is None or known.question != question:
                        known = _Watched(
                            sequence=sequence, column=column, question=question
                        )
                    self._watched[key] = replace(known, sequence=sequence)
        self._due_at = float("-inf")
        self._sights = {s.oid: self._seen(s) for s in sequences if s.columns}

    def _is_due(self, watched: _Watched, now: float) -> bool:
        return now - watched.asked_at >= self._interval

    def _ask_what_is_taken(
        self,
        session: DatabaseSession,
        asked: Mapping[_Key, _Watched],
        positions: Mapping[int, Position],
        now: float,
    ) -> None:
        questions = {
            key: (*coming(w.sequence, position, w.column), *_block(w, position))
            for key, w in asked.items()
            if not isinstance(position := positions[w.sequence.oid], Unreadable)
        }
        answers = session.answers(
            [each for several in questions.values() for each in several]
        )
        for key, asked_of_it in questions.items():
            settled = _settled(self._watched[key], [answers[q] for q in asked_of_it])
            self._watched[key] = replace(settled, confirmed_at=now)

    def _see(self, oids: Iterable[int]) -> None:
        by_oid = set(oids)
        if not by_oid:
            return
        for sequence in self._sequences:
            if sequence.oid in by_oid:
                self._sights[sequence.oid] = self._seen(sequence)

    def _seen(self, sequence: SequenceDefinition) -> tuple[Sight, ...]:
        return tuple(
            self._sight((sequence.oid, number), column)
            for number, column in enumerate(sequence.columns)
        )

    def _sight(self, key: _Key, column: FedColumn) -> Sight:
        watched = self._watched.get(key)
        if watched is None:
            return out_of_sight(column) or Unseen.PENDING
        if isinstance(watched.answer, Unseen):
            return watched.answer
        if watched.taken is not None:
            return watched.taken
        unconfirmed = isinstance(watched.answer, int) and key in self._behind
        return Unseen.PENDING if unconfirmed else CLEAR


def _behind(watched: _Watched, positions: Mapping[int, Position]) -> bool:
    position = positions[watched.sequence.oid]
    return (
        isinstance(watched.answer, int)
        and not isinstance(position, Unreadable)
        and (
            calls_until_past(watched.sequence, position, watched.answer) > 0
            or in_next_block(watched.sequence, position, watched.answer)
        )
    )


def _block(watched: _Watched, position: Unused | At) -> tuple[Question, ...]:
    """Whether ids come in blocks is asked where that would make a difference."""
    if (
        isinstance(position, At)
        and isinstance(watched.answer, int)
        and in_next_block(watched.sequence, position, watched.answer)
    ):
        return (last_block(watched.sequence, position, watched.column),)
    return ()


def _settled(watched: _Watched, answers: Sequence[Answer]) -> _Watched:
    """What is known after the second look; without an answer the suspicion stays."""
    near, far, *block = answers
    if any(isinstance(each, Unseen) for each in (far, *block)):
        return replace(watched, taken=None)
    last = watched.answer
    ids = next((each for each in block if isinstance(each, int)), 0)
    if far is None and isinstance(last, int) and fills_block(watched.sequence, ids):
        taken = Taken(nearest=last, furthest=last, in_block=True)
        return replace(watched, taken=taken)
    return replace(watched, answer=far, taken=_taken(near, far))


def _taken(near: Answer, far: Answer) -> Taken | None:
    if isinstance(near, int) and isinstance(far, int):
        return Taken(nearest=near, furthest=far)
    return None
