"""The table of `inspect`: one line for each sequence, the most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from agent.cli.bars import ascii_bar, bar
from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.domain.findings import Kind, Severity, worst_severity
from agent.domain.quantities import compact
from agent.domain.sequences import At
from agent.domain.status import DatabaseStatus, SequenceStatus
from agent.domain.urgency import urgency
from agent.domain.verdict import alarm
from agent.domain.wording import percent_used

_BAR_CELLS = 10

QUIET = Style(dim=True)
LOUD = {
    Severity.CRITICAL: Style(color="red", bold=True),
    Severity.WARNING: Style(color="yellow"),
    Severity.INFO: QUIET,
}
_BAR = {
    Severity.CRITICAL: Style(color="red"),
    Severity.WARNING: Style(color="yellow"),
    Severity.INFO: Style(color="green"),
    None: Style(color="green"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A sequence, and where it is: "" when there is one database only."""

    place: str
    status: SequenceStatus

    @property
    def name(self) -> str:
        qualified = self.status.sequence.qualified
        return f"{self.place}.{qualified}" if self.place else qualified


def rows_by_urgency(databases: Sequence[DatabaseStatus]) -> list[Row]:
    """Worst severity, then time left, then the fuller first, then by name."""
    rows = [
        Row(place=_place(database, among=databases), status=status)
        for database in databases
        for status in database.sequences
    ]
    return sorted(rows, key=lambda row: (*urgency(row.status), row.name))


def _place(database: DatabaseStatus, *, among: Sequence[DatabaseStatus]) -> str:
    if len(among) == 1:
        return ""
    several = len({other.server for other in among}) > 1
    return f"{database.server}/{database.datname}" if several else database.datname


def table(rows: Sequence[Row], paper: Paper) -> Iterator[Segment]:
    """The whole table."""
    fields = _FIELDS if any(row.place for row in rows) else _FIELDS[1:]
    return aligned(
        [field.column for field in fields],
        [[field.cell(row, paper) for field in fields] for row in rows],
        width=paper.width,
        ellipsis=paper.ellipsis,
    )


def _database(row: Row, paper: Paper) -> Cell:
    return cell(paper.writable(row.place))


def _sequence(row: Row, paper: Paper) -> Cell:
    return cell(paper.writable(row.status.sequence.qualified))


def _type(row: Row, _: Paper) -> Cell:
    return cell(row.status.sequence.data_type, QUIET)


def _last_value(row: Row, _: Paper) -> Cell:
    position = row.status.position
    return cell(compact(position.last_value) if isinstance(position, At) else "")


def _limit(row: Row, _: Paper) -> Cell:
    return cell(compact(row.status.limit))


def _limited_by(row: Row, paper: Paper) -> Cell:
    return cell(paper.writable(row.status.limited_by), QUIET)


def _used(row: Row, _: Paper) -> Cell:
    capacity = row.status.capacity
    return cell(percent_used(capacity) if capacity else "?")


def _bar(row: Row, paper: Paper) -> Cell:
    capacity = row.status.capacity
    if capacity is None:
        return cell("")
    draw, ground = (bar, "·") if paper.blocks else (ascii_bar, ".")
    filled = draw(capacity.used_ratio, cells=_BAR_CELLS)
    style = _BAR[alarm(row.status)]
    rest = ground * (_BAR_CELLS - len(filled))
    return (Segment(filled, style), Segment(rest, QUIET))


def _calls_left(row: Row, _: Paper) -> Cell:
    capacity = row.status.capacity
    return cell(compact(capacity.remaining) if capacity else "?")


def _state(row: Row, _: Paper) -> Cell:
    """One word that is true without colours too; the report below has the rest."""
    status = row.status
    loudest = _loudest(status)
    word = status.state.value.replace("_", " ")
    if status.state.readable and loudest is not Severity.INFO:
        exhausted = status.capacity is not None and status.capacity.remaining == 0
        word = "exhausted" if exhausted else loudest.value
    elif status.state.readable:
        word = _unsure(status) or word
    return cell(word, LOUD[loudest])


def _unsure(status: SequenceStatus) -> str:
    """What keeps a sequence from being called ok, though nothing bad is known of it."""
    found = {finding.kind for finding in status.findings}
    words = {Kind.LEFTOVER: "leftover", Kind.COMPUTED_DEFAULT: "computed"}
    return next((word for kind, word in words.items() if kind in found), "")


def _loudest(status: SequenceStatus) -> Severity:
    return worst_severity(status.findings) or Severity.INFO


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, and how a row fills it."""

    column: Column
    cell: Callable[[Row, Paper], Cell]


_FIELDS = (
    _Field(Column(title="database"), _database),
    _Field(Column(title="sequence", shortened=True), _sequence),
    _Field(Column(title="type", dispensable=4), _type),
    _Field(Column(title="last value", align=Align.RIGHT, dispensable=3), _last_value),
    _Field(Column(title="limit", align=Align.RIGHT, dispensable=2), _limit),
    _Field(Column(title="limited by", dispensable=5), _limited_by),
    _Field(Column(title="used", align=Align.RIGHT), _used),
    _Field(Column(title="", dispensable=1), _bar),
    _Field(Column(title="calls left", align=Align.RIGHT), _calls_left),
    _Field(Column(title="state"), _state),
)
