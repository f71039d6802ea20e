"""The verdict for Nagios-like monitors: one state, one line, performance data.

https://nagios-plugins.org/doc/guidelines.html says how the line is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from agent.domain.columns_known import known_in_words
from agent.domain.filters import NameFilter
from agent.domain.findings import Finding, Kind, Severity, worst_severity
from agent.domain.pace import Thresholds
from agent.domain.quantities import span
from agent.domain.status import DatabaseStatus, SequenceStatus, State, early_end
from agent.domain.subscribers import by_subscription, filled_by, in_one
from agent.domain.wording import counted, percent_used, printable

T = TypeVar("T")

_NAMED = 3  # as many as a line in a monitor's list has room for


class Level(IntEnum):
    """A plugin's state; the value is its exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a monitor is told: the level, why, and numbers to draw graphs of."""

    level: Level
    summary: str
    perfdata: tuple[str, ...] = ()

    def __str__(self) -> str:
        r"""The status line.

        >>> str(Verdict(level=Level.UNKNOWN, summary="cannot read 'a|b'"))
        "SEQUENCES UNKNOWN - cannot read 'a\\x7cb'"
        """
        # The first pipe of a line is where the performance data begins.
        said = f"SEQUENCES {self.level.name} - {_harmless(self.summary)}"
        return f"{said} | {' '.join(self.perfdata)}" if self.perfdata else said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A sequence, where it is, and the worst of its findings that count."""

    name: str
    status: SequenceStatus
    alarm: Severity | None


def verdict(
    statuses: Iterable[DatabaseStatus],
    *,
    thresholds: Thresholds,
    counted_names: NameFilter = NameFilter(),  # noqa: B008 - it is frozen
    gaps: Sequence[str] = (),
) -> Verdict:
    """Judge statuses that were assessed with the same thresholds.

    What cannot be read is UNKNOWN, and so is a look that found nothing. Sequences that
    `counted_names` does not admit, and findings that are acknowledged, are
    told of and not counted. `gaps` say what else could not be read.
    """
    databases = tuple(each for each in statuses if each.exclusion is None)
    there = _seen(databases)
    seen = tuple(
        each
        for each in there
        if counted_names.admits(
            each.status.sequence.qualified, each.status.sequence.name
        )
    )
    level = _level(databases, seen, gaps)
    uncounted = _uncounted(seen, excluded=len(there) - len(seen))
    return Verdict(
        level=level,
        summary=_summary(databases, seen, level, gaps) + uncounted,
        perfdata=_perfdata(databases, seen, thresholds),
    )


def alarm(status: SequenceStatus) -> Severity | None:
    """How near its end the sequence is; its findings know which cycle is harmless."""
    kinds = {Kind.EXHAUSTED, Kind.NEAR_LIMIT}
    return worst_severity(f for f in status.findings if f.kind in kinds)


def concerns(status: SequenceStatus) -> tuple[Finding, ...]:
    """The findings that ask for a human, but that it cannot be read: that is no verdict."""
    return tuple(
        f for f in status.findings if f.counts and f.kind is not Kind.UNREADABLE
    )


def _seen(databases: Sequence[DatabaseStatus]) -> tuple[_Seen, ...]:
    """All sequences that are still there, and those that a column misses."""
    several = len({database.server for database in databases}) > 1
    return tuple(
        _Seen(
            name=_name(database, status, with_server=several),
            status=status,
            alarm=worst_severity(concerns(status)),
        )
        for database in databases
        for status in database.sequences
        if status.state.there or concerns(status)
    )


def _name(
    database: DatabaseStatus, status: SequenceStatus, *, with_server: bool
) -> str:
    server = f"{database.server}/" if with_server else ""
    return f"{server}{database.datname}.{status.sequence.qualified}"


def _level(
    databases: Sequence[DatabaseStatus], seen: Sequence[_Seen], gaps: Sequence[str]
) -> Level:
    alarms = {each.alarm for each in seen}
    if Severity.CRITICAL in alarms:
        return Level.CRITICAL
    if not seen or gaps or any(d.error for d in databases) or _unread(seen):
        return Level.UNKNOWN
    return Level.WARNING if Severity.WARNING in alarms else Level.OK


def _unread(seen: Sequence[_Seen]) -> list[_Seen]:
    return [
        each
        for each in seen
        if each.status.state.there
        and any(f.counts and f.kind is Kind.UNREADABLE for f in each.status.findings)
    ]


def _uncounted(seen: Sequence[_Seen], *, excluded: int) -> str:
    """How many are not counted, and by whose wish; "" where all are."""
    accepted = sum(any(f.acknowledged for f in each.status.findings) for each in seen)
    words = {"acknowledged": accepted, "excluded": excluded}
    told = ", ".join(f"{number} {word}" for word, number in words.items() if number)
    return f" ({told})" if told else ""


def _summary(
    databases: Sequence[DatabaseStatus],
    seen: Sequence[_Seen],
    level: Level,
    gaps: Sequence[str],
) -> str:
    """What made the level comes first; if nothing did, how much is used."""
    alarms = sorted((each for each in seen if each.alarm), key=_urgency)
    filling = [
        _listed([each for each in alarms if not _by_design(each)], _trouble),
        *_subscribers(alarms),
    ]
    unknown = [
        _listed([d for d in databases if d.error], _database_error),
        _listed(_unread(seen), _obstacle),
        *gaps,
    ]
    trouble = filling + unknown if level is Level.CRITICAL else unknown + filling
    said = "; ".join(filter(None, trouble)) or _all_clear(databases, seen)
    return "; ".join(filter(None, [said, known_in_words(databases)]))


def _by_design(each: _Seen) -> bool:
    kinds = {finding.kind for finding in concerns(each.status)}
    return kinds == {Kind.BEHIND_COLUMN} and filled_by(each.status) is not None


def _subscribers(alarms: Sequence[_Seen]) -> list[str]:
    """One sentence for each subscription, however many tables it fills."""
    behind = ((each.status, each) for each in alarms if _by_design(each))
    return [in_one(name, len(of)) for name, of in by_subscription(behind).items()]


def _urgency(each: _Seen) -> tuple[bool, bool, float, str]:
    capacity = each.status.capacity
    ratio = capacity.used_ratio if capacity else 0.0
    exhausted = capacity is not None and capacity.remaining == 0
    return (each.alarm is not Severity.CRITICAL, not exhausted, -ratio, each.name)


def _listed(items: Sequence[T], text: Callable[[T], str]) -> str:
    named = ", ".join(text(item) for item in items[:_NAMED])
    more = len(items) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _trouble(each: _Seen) -> str:
    words = {
        _concern(each.status, finding.kind): None for finding in concerns(each.status)
    }
    return f"{each.name} {', '.join(words)}"


def _concern(status: SequenceStatus, kind: Kind) -> str:
    if kind in {Kind.EXHAUSTED, Kind.NEAR_LIMIT}:
        return _use(status)
    if kind is Kind.BEHIND_COLUMN and status.behind:
        return f"{counted(status.behind, 'call')} behind its column"
    end = early_end(status)
    if kind in {Kind.EXHAUSTS_SOON, Kind.BURST} and end is not None:
        return f"may run out in {span(end)}"
    return kind.value.replace("_", " ")


def _usage(each: _Seen) -> str:
    return f"{each.name} {_use(each.status)}"


def _use(status: SequenceStatus) -> str:
    capacity = status.capacity
    if capacity is None:
        return "of which it is not known how much is left"
    if capacity.remaining == 0:
        return "exhausted"
    left = counted(capacity.remaining, "call")
    return f"{percent_used(capacity)} used with {left} left"


def _obstacle(each: _Seen) -> str:
    return f"{each.name} {_NOT_READ[each.status.state]}"


_NOT_READ = {
    State.UNREADABLE: "cannot be read",
    State.LOCKED: "is locked",
    State.UNLOGGED_ON_STANDBY: "has no value on a standby",
}


def _database_error(database: DatabaseStatus) -> str:
    return f"{database.server}/{database.datname}: {database.error}"


def _all_clear(databases: Sequence[DatabaseStatus], seen: Sequence[_Seen]) -> str:
    if not databases:
        return "no database found"
    if not seen:
        excluded = sum(database.excluded for database in databases)
        return "no sequence found" + (f", {excluded} excluded" if excluded else "")
    fullest = min(seen, key=_urgency)
    where = counted(len(databases), "database")
    return f"{counted(len(seen), 'sequence')} in {where}, fullest {_usage(fullest)}"


def _perfdata(
    databases: Sequence[DatabaseStatus], seen: Sequence[_Seen], thresholds: Thresholds
) -> tuple[str, ...]:
    """The same labels in each run, whatever it finds: else graphs would come and go."""
    bounds = (
        f"{thresholds.warning_used_ratio * 100:g}",
        f"{thresholds.critical_used_ratio * 100:g}",
    )
    states = Counter(each.status.state for each in seen)
    alarms = Counter(each.alarm for each in seen)
    totals = {
        "sequences": len(seen),
        "unused": states[State.UNUSED],
        "unreadable": len(_unread(seen)),
        "warning": alarms[Severity.WARNING],
        "critical": alarms[Severity.CRITICAL],
    }
    return (
        *(f"{_label(d)}={_max_used(d)};{';'.join(bounds)};0;" for d in databases),
        *(f"{name}={number};;;0;" for name, number in totals.items()),
    )


def _label(database: DatabaseStatus) -> str:
    named = _harmless(f"{database.server}/{database.datname} max_used")
    return "'" + named.replace("=", r"\x3d").replace("'", "''") + "'"


def _max_used(database: DatabaseStatus) -> str:
    ratio = database.max_used_ratio
    return "U" if ratio is None else f"{ratio:.2%}"


def _harmless(text: str) -> str:
    return printable(text).replace("|", r"\x7c")
