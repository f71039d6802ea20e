"""What happened to a sequence between two looks: calls, and whether it was put back.

The position alone does not tell. A new relfilenode tells of RESTART and of TRUNCATE …
RESTART IDENTITY, which setval leaves as it is; a new oid tells of another sequence under
the same name. Where two stories fit, the one that the time in between allows is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.domain.sequences import At, SequenceDefinition, Unused

# What one session draws with generate_series on fast hardware; more was set, not called.
_CALLS_PER_SECOND = 1_000_000
# A standby's value is as far ahead as nextval writes ahead (SEQ_LOG_VALS).
_LOGGED_AHEAD = 32
# A fall to so near the start is a restart, even if little was ever seen to be called.
_FEW = 100
_FASTER = 10
# What a table that was emptied is filled with at once, and no RESTART WITH by hand.
_RELOAD = 1_000_000


class Reason(StrEnum):
    """How a sequence came to stand elsewhere without having been called."""

    RESTART = "restart"
    SETVAL = "setval"
    RECREATED = "recreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What ALTER SEQUENCE may change without moving the position."""

    data_type: str
    start: int
    minimum: int
    maximum: int
    increment: int
    cycle: bool
    cache: int
    unlogged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A sequence as it was seen at one time, on one line of history.

    `line` changes with the cluster, its timeline, and from standby to primary.
    """

    at: datetime
    oid: int
    filenode: int
    terms: Terms
    position: Unused | At
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Calls from one mark to the next; after a reset, those since the reset.

    `ahead` says that the later position may have been read ahead of the calls.
    """

    calls: int
    reset: Reason | None = None
    ahead: bool = False


_STILL = Step(calls=0)


def terms_of(sequence: SequenceDefinition) -> Terms:
    return Terms(
        data_type=sequence.data_type,
        start=sequence.start,
        minimum=sequence.minimum,
        maximum=sequence.maximum,
        increment=sequence.increment,
        cycle=sequence.cycle,
        cache=sequence.cache,
        unlogged=sequence.unlogged,
    )


def mark_of(
    sequence: SequenceDefinition, position: Unused | At, at: datetime, line: str
) -> Mark:
    return Mark(
        at=at,
        oid=sequence.oid,
        filenode=sequence.filenode,
        terms=terms_of(sequence),
        position=position,
        line=line,
    )


def step(before: Mark, after: Mark, *, fastest: float = 0.0) -> Step:
    """What lies between two marks of the same name.

    `fastest` is the highest rate seen so far, in calls per second; 0 is not known.
    """
    forward = _calls(after.terms, before.position, after.position)
    if before.oid != after.oid:
        return _after_recreation(before, after, forward, fastest)
    if before.line != after.line and abs(forward) <= _LOGGED_AHEAD + after.terms.cache:
        return Step(calls=0, ahead=forward > 0)
    if before.filenode != after.filenode:
        return _after_rewrite(before, after, forward, fastest)
    if forward < 0:
        return _after_fall(before, after, fastest)
    return _ahead(before, after, forward)


def _calls(terms: Terms, before: Unused | At, after: Unused | At) -> int:
    """Calls that lead from one position to the other; below 0 if none do."""
    return (_following(terms, after) - _following(terms, before)) // terms.increment


def _following(terms: Terms, position: Unused | At) -> int:
    """The value of the next call, as if there were no bounds to it."""
    if isinstance(position, Unused):
        return position.next_value
    return position.last_value + terms.increment


def _ahead(before: Mark, after: Mark, forward: int) -> Step:
    """Calls, unless there are more than could be made: then it was set."""
    return Step(calls=forward) if forward <= _possible(before, after) else _STILL


def _after_recreation(before: Mark, after: Mark, forward: int, fastest: float) -> Step:
    """Another sequence of that name: a new one, or a copy that goes on."""
    if forward >= 0 and before.line != after.line:
        return Step(calls=_ahead(before, after, forward).calls, reset=Reason.RECREATED)
    likely = _likely(before, after, fastest)
    if 0 <= forward <= likely < _calls_from_start(after):
        return Step(calls=forward, reset=Reason.RECREATED)
    return _since_start(Reason.RECREATED, after, _reloaded(before, after))


def _after_rewrite(before: Mark, after: Mark, forward: int, fastest: float) -> Step:
    """RESTART, or ALTER SEQUENCE, which writes the file anew too and goes on."""
    if forward < 0:
        return _since_start(Reason.RESTART, after, _possible(before, after))
    if before.terms != after.terms:
        return _ahead(before, after, forward)
    likely = _likely(before, after, fastest)
    if forward <= likely < _calls_from_start(after):
        return Step(calls=forward)
    return _since_start(Reason.RESTART, after, _reloaded(before, after))


def _after_fall(before: Mark, after: Mark, fastest: float) -> Step:
    """In place: a cycle began again, or setval put the sequence back."""
    likely = _believable(before, after, fastest)
    if after.terms.cycle and isinstance(after.position, At):
        around = _calls_around(before, after)
        if around <= likely or (not fastest or _over_half(after.terms, around)):
            return Step(calls=around)
    return _since_start(Reason.SETVAL, after, likely)


def _over_half(terms: Terms, around: int) -> bool:
    """Whether it fell by more than half of the range, as it does at the end."""
    return around < (terms.maximum - terms.minimum) // abs(terms.increment) / 2


def _calls_around(before: Mark, after: Mark) -> int:
    """Calls to the end of the range and on from its beginning; one turn at most."""
    terms = after.terms
    low, high = terms.minimum, terms.maximum
    first, last = (low, high) if terms.increment > 0 else (high, low)
    to_end = (last - _following(terms, before.position)) // terms.increment + 1
    return max(to_end, 0) + _calls(terms, Unused(first), after.position)


def _since_start(reason: Reason, after: Mark, possible: float) -> Step:
    """Calls since the start; none if it was put elsewhere than there."""
    calls = _calls_from_start(after)
    return Step(calls=calls if 0 <= calls <= possible else 0, reset=reason)


def _calls_from_start(after: Mark) -> int:
    if isinstance(after.position, Unused):
        return 0
    return _calls(after.terms, Unused(after.terms.start), after.position)


def _possible(before: Mark, after: Mark) -> float:
    # A cache is taken whole, so that even a moment may bring many.
    return _CALLS_PER_SECOND * max(_seconds(before, after), 1) * after.terms.cache


def _likely(before: Mark, after: Mark, fastest: float) -> float:
    """Calls that a rate seen before explains; without one, all that are possible."""
    if not fastest:
        return _possible(before, after)
    return _believable(before, after, fastest)


def _believable(before: Mark, after: Mark, fastest: float) -> float:
    usual = max(_FEW, _FASTER * fastest * _seconds(before, after))
    return min(usual, _possible(before, after))


def _reloaded(before: Mark, after: Mark) -> float:
    """Calls that are believed after a restart: tables are often filled again at once."""
    return min(_RELOAD, _possible(before, after))


def _seconds(before: Mark, after: Mark) -> float:
    return max((after.at - before.at).total_seconds(), 0.0)
