"""The status page: every database in one row, as the last rounds found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from agent.board import Board
from agent.domain.findings import Severity
from agent.domain.limits import Capacity
from agent.domain.status import DatabaseStatus
from agent.domain.verdict import alarm
from agent.domain.wording import percent_used, printable
from agent.ports import Clock
from agent.secret import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Fullest:
    """The sequence of a database that has used the most of what it has."""

    name: str
    used: str
    width: str
    severity: Severity | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One database in the words of the page."""

    server: str
    datname: str
    error: str | None
    exclusion: str | None
    version: str
    role: str
    sequences: str
    fullest: Fullest | None
    age: str


class Page:
    """The page in the words of one second, for all who ask within it."""

    def __init__(self, board: Board, clock: Clock, *, version: str) -> None:
        self._board = board
        self._clock = clock
        self._version = version
        self._rendered: _Rendered | None = None

    def finished(self) -> str | None:
        """The page as it was rendered, unless a second or a round has ended since."""
        rendered = self._rendered
        if rendered is None or rendered.databases is not self._board.databases():
            return None
        return rendered.text if rendered.second == self._second() else None

    def render(self) -> str:
        databases, second = self._board.databases(), self._second()
        text = render(databases, now=self._clock.now(), version=self._version)
        self._rendered = _Rendered(databases=databases, second=second, text=text)
        return text

    def _second(self) -> int:
        return int(self._clock.now().timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendered:
    """A page and what it was rendered from."""

    databases: Mapping[tuple[str, str], DatabaseStatus]
    second: int
    text: str


def render(
    databases: Mapping[tuple[str, str], DatabaseStatus], *, now: datetime, version: str
) -> str:
    rows = [_row(databases[key], now) for key in sorted(databases)]
    return _template().render(rows=rows, version=version)


@cache
def _template() -> Template:
    templates = Environment(
        loader=PackageLoader("agent.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("status.html")


def age(elapsed: timedelta) -> str:
    """How long ago, in the largest unit that fits.

    >>> age(timedelta(seconds=59)), age(timedelta(hours=47)), age(timedelta(days=3))
    ('59 s ago', '47 h ago', '3 d ago')
    """
    seconds = max(int(elapsed.total_seconds()), 0)  # clocks of two machines may differ
    for unit, length, longest in (("s", 1, 120), ("min", 60, 120), ("h", 3600, 48)):
        if seconds < longest * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds // 86_400} d ago"


def _row(status: DatabaseStatus, now: datetime) -> Row:
    readable = status.up
    return Row(
        server=printable(status.server),
        datname=printable(status.datname),
        error=None
        if status.error is None
        else printable(without_secrets(status.error)),
        exclusion=status.exclusion.words if status.exclusion else None,
        version=printable(status.server_version or ""),
        role="" if status.in_recovery is None else _ROLE[status.in_recovery],
        sequences=_counts(status) if readable else "",
        fullest=_fullest(status) if readable else None,
        age=age(now - status.sampled_at),
    )


_ROLE = {True: "standby", False: "primary"}


def _counts(status: DatabaseStatus) -> str:
    shown = {s.value: n for s, n in status.states.items() if s.there}
    shown["excluded"] = status.excluded
    said = (f"{n} {state.replace('_', ' ')}" for state, n in shown.items() if n)
    return ", ".join(said) or "none"


def _fullest(status: DatabaseStatus) -> Fullest | None:
    capacities = ((s, s.capacity) for s in status.sequences if s.capacity)
    found = max(capacities, key=lambda each: each[1].used_ratio, default=None)
    if found is None:
        return None
    sequence, capacity = found
    return Fullest(
        name=printable(sequence.sequence.qualified),
        used=percent_used(capacity),
        width=_width(capacity),
        severity=alarm(sequence),
    )


def _width(capacity: Capacity) -> str:
    return f"{min(max(capacity.used_ratio, 0), 1):.1%}"
