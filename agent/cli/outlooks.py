"""When many sequences run out: a table, the soonest first, and a document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.segment import Segment
from rich.style import Style

from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.cli.table import LOUD, QUIET, Row, rows_by_urgency
from agent.domain.findings import Kind, worst_severity
from agent.domain.forecasting.forecast import Forecast, State
from agent.domain.quantities import compact, rate, span
from agent.domain.status import DatabaseStatus, SequenceStatus, rate_per_second
from agent.domain.wording import counted

_DAY = 86_400
_INFINITE = float("inf")
_EXPLANATION = "of ten, one runs out before its early date and one after its late one"

# Those that may be nearest come first; what cannot be read may be as near.
_ORDER = (
    State.EXHAUSTED.value,
    State.OK.value,
    "",
    State.INSUFFICIENT_DATA.value,
    State.BEYOND_HORIZON.value,
    State.IDLE.value,
)
_WORDS = {
    State.OK: "with a date",
    State.IDLE: "idle",
    State.INSUFFICIENT_DATA: "too early to tell",
    State.BEYOND_HORIZON: "not within ten years",
    State.EXHAUSTED: "exhausted",
}


def table(
    databases: Sequence[DatabaseStatus], paper: Paper, now: datetime
) -> Iterator[Segment]:
    """One line for each sequence, the soonest first, and an empty one below them."""
    rows = sorted(rows_by_urgency(databases), key=_nearness)
    if not rows:
        return
    fields = _FIELDS if any(row.place for row in rows) else _FIELDS[1:]
    yield from aligned(
        [field.column for field in fields],
        [[field.cell(_Line(row, now), paper) for field in fields] for row in rows],
        width=paper.width,
        ellipsis=paper.ellipsis,
    )
    yield Segment("\n")


def summary(databases: Sequence[DatabaseStatus]) -> Iterator[str]:
    """How many there are of each kind, and what the dates mean."""
    counts = Counter(words(s) for each in databases for s in each.sequences)
    where = (
        databases[0].datname
        if len(databases) == 1
        else counted(len(databases), "database")
    )
    kinds = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
    line = f"{counted(counts.total(), 'sequence')} in {where}"
    yield f"{line}: {kinds}" if kinds else line
    if counts[_WORDS[State.OK]]:
        yield f"{_EXPLANATION}; times are UTC"


def document(databases: Sequence[DatabaseStatus], generated_at: datetime) -> str:
    """The same for programs; null stands for later than ten years."""
    moment = generated_at.astimezone(UTC).isoformat(timespec="seconds")
    return (
        json.dumps(
            {
                "generated_at": moment.replace("+00:00", "Z"),
                "databases": [
                    {
                        "server": database.server,
                        "datname": database.datname,
                        "error": database.error,
                        "sequences": [_entry(each) for each in database.sequences],
                    }
                    for database in databases
                    if database.exclusion is None
                ],
            },
            indent=2,
        )
        + "\n"
    )


def _entry(status: SequenceStatus) -> dict[str, object]:
    outlook = _outlook(status)
    return {
        "schemaname": status.sequence.schema,
        "sequencename": status.sequence.name,
        "state": _state(status),
        "remaining_values": status.capacity.remaining if status.capacity else None,
        "rate_per_second": rate_per_second(status),
        "p10_seconds": outlook.p10_seconds if outlook else None,
        "p50_seconds": outlook.p50_seconds if outlook else None,
        "p90_seconds": outlook.p90_seconds if outlook else None,
    }


def words(status: SequenceStatus) -> str:
    """What kind of answer there is, or why there is none."""
    if not status.state.readable:
        return status.state.value.replace("_", " ")
    outlook = _outlook(status)
    return _WORDS[outlook.state if outlook else State.INSUFFICIENT_DATA]


def _outlook(status: SequenceStatus) -> Forecast | None:
    return status.usage.outlook if status.usage else None


def _state(status: SequenceStatus) -> str:
    if not status.state.readable:
        return status.state.value
    outlook = _outlook(status)
    return (outlook.state if outlook else State.INSUFFICIENT_DATA).value


def _nearness(row: Row) -> tuple[int, float, float]:
    state, outlook = _state(row.status), _outlook(row.status)
    rank = _ORDER.index(state if state in _ORDER else "")
    early = outlook.p10_seconds if outlook else None
    likely = outlook.p50_seconds if outlook else None
    return (
        rank,
        _INFINITE if early is None else early,
        _INFINITE if likely is None else likely,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A sequence, and from when on its seconds count."""

    row: Row
    now: datetime

    @property
    def outlook(self) -> Forecast | None:
        return _outlook(self.row.status)

    @property
    def dated(self) -> Forecast | None:
        outlook = self.outlook
        return outlook if outlook and outlook.state is State.OK else None

    def at(self, seconds: float | None) -> Cell:
        if seconds is None:
            return cell("> 10 years", QUIET)
        at = (self.now + timedelta(seconds=seconds)).astimezone(UTC)
        return cell(f"{at:%m-%d %H:%M}" if seconds < 2 * _DAY else f"{at:%Y-%m-%d}")


def _database(line: _Line, paper: Paper) -> Cell:
    return cell(paper.writable(line.row.place))


def _sequence(line: _Line, paper: Paper) -> Cell:
    return cell(paper.writable(line.row.status.sequence.qualified))


def _calls_left(line: _Line, _: Paper) -> Cell:
    capacity = line.row.status.capacity
    return cell(compact(capacity.remaining) if capacity else "?")


def _rate(line: _Line, _: Paper) -> Cell:
    known = rate_per_second(line.row.status)
    return cell("?" if known is None else rate(known).replace(" calls ", " "))


def _early(line: _Line, _: Paper) -> Cell:
    return line.at(line.dated.p10_seconds) if line.dated else cell("")


def _likely(line: _Line, _: Paper) -> Cell:
    return line.at(line.dated.p50_seconds) if line.dated else cell("")


def _late(line: _Line, _: Paper) -> Cell:
    return line.at(line.dated.p90_seconds) if line.dated else cell("")


def _runs_out(line: _Line, _: Paper) -> Cell:
    """In words, true without colours and without the other columns too."""
    if line.dated is None:
        return cell(words(line.row.status), _style(line.row.status) or QUIET)
    return cell(_ahead(line.dated.p50_seconds), _style(line.row.status))


def _ahead(seconds: float | None) -> str:
    if seconds is None:
        return "likely after 10 years"
    return "any moment" if seconds < 60 else f"in {span(seconds)}"


_TELLING = {Kind.EXHAUSTED, Kind.EXHAUSTS_SOON, Kind.BURST, Kind.UNREADABLE}


def _style(status: SequenceStatus) -> Style | None:
    worst = worst_severity(f for f in status.findings if f.kind in _TELLING)
    return LOUD[worst] if worst else None


@dataclass(frozen=True, slots=True)
class _Field:
    """A column, and how a line fills it."""

    column: Column
    cell: Callable[[_Line, Paper], Cell]


_FIELDS = (
    _Field(Column(title="database"), _database),
    _Field(Column(title="sequence", shortened=True), _sequence),
    _Field(Column(title="calls left", align=Align.RIGHT, dispensable=2), _calls_left),
    _Field(Column(title="rate", align=Align.RIGHT, dispensable=3), _rate),
    _Field(Column(title="early"), _early),
    _Field(Column(title="likely", dispensable=4), _likely),
    _Field(Column(title="late", dispensable=1), _late),
    _Field(Column(title="runs out"), _runs_out),
)
