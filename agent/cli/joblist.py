"""Jobs on paper and as a document for programs: schedule, next ticks, last runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import TypedDict

from rich.segment import Segment
from rich.style import Style

from agent.bootstrap.overview import JobOverview
from agent.bootstrap.resets import Records
from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import SCHEDULED
from agent.domain.schedules.ticks import CronSchedule, Schedule, describe, schedule_text

_TICKS = 3
_REASON = 60
_BESIDE_REASON = 62
_SHORTEST = 16
_LABEL = 14
_LABEL_STYLE = Style(dim=True)
_LOUD = Style(color="yellow")
_COLOURS = {
    Status.SUCCEEDED: Style(color="green"),
    Status.FAILED: Style(color="red", bold=True),
    Status.LOST: Style(color="red", bold=True),
    Status.REFUSED: _LOUD,
    Status.MISSED: _LOUD,
    Status.SKIPPED: _LOUD,
}
_RUN_COLUMNS = (
    Column(title="  run for"),
    Column(title="by", dispensable=2),
    Column(title="status"),
    Column(title="rows removed", align=Align.RIGHT, dispensable=1),
    Column(title="reason", dispensable=3),
)


class ScheduleEntry(TypedDict):
    """A schedule as it is compared and as it is told."""

    text: str
    words: str
    timezone: str


class TickEntry(TypedDict):
    """One instant, twice."""

    local: str
    utc: str


class RunEntry(TypedDict):
    """A row of the ledger; `rows_removed` is null where a run had no effect."""

    run_id: str
    trigger: str
    scheduled_for: str
    status: str
    reason: str | None
    rows_removed: int | None
    attempts: int
    plan_sha256: str | None
    agent: str
    claimed_at: str
    started_at: str | None
    finished_at: str | None


class JobEntry(TypedDict):
    """One job; with an error, and while unarmed, nothing is known of its runs."""

    job: str
    kind: str
    server: str
    database: str
    schedule: ScheduleEntry | None
    suspended: bool
    next_ticks: list[TickEntry]
    unarmed: str | None
    armed_until: str | None
    last_success: str | None
    runs: list[RunEntry]
    error: str | None


class JobsDocument(TypedDict):
    """The whole answer of `jobs --format json`."""

    generated_at: str
    jobs: list[JobEntry]


def listing(found: Sequence[JobOverview], paper: Paper) -> Iterator[Segment]:
    """One block for each job, in the order of the file."""
    if not found:
        yield Segment("there are no jobs in this configuration\n")
    for number, each in enumerate(found):
        if number:
            yield Segment("\n")
        yield from _block(each, paper)


def _block(each: JobOverview, paper: Paper) -> Iterator[Segment]:
    job = each.job
    where = f"{job.name}: {job.kind.value} of {job.database} on {job.server}"
    yield Segment(paper.writable(where) + "\n")
    yield from _line("schedule", describe(each.schedule) if each.schedule else "none")
    yield from _next(each)
    if each.records is None:
        yield from _line("ledger", "could not be asked", _LOUD)
        return
    yield from _past(each.records, paper)


def _next(each: JobOverview) -> Iterator[Segment]:
    if each.job.suspended:
        yield from _line("next", "never, it is suspended", _LOUD)
        return
    if each.schedule is None:
        yield from _line("next", "only by hand")
        return
    zone = _zone(each.schedule)
    for number, tick in enumerate(each.next_ticks[:_TICKS]):
        utc = _moment(tick)
        local = f"{tick.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone}"
        told = utc if zone == UTC else f"{local} ({utc})"
        yield from _line("" if number else "next", told)


def _past(records: Records, paper: Paper) -> Iterator[Segment]:
    if records.unarmed is not None:
        yield from _line("armed", paper.writable(f"no: {records.unarmed}"), _LOUD)
        return
    until = records.armed_until
    yield from _line("armed", f"until {_moment(until)}" if until else "without an end")
    last = records.last_success
    yield from _line("last success", _moment(last) if last else "never")
    if not records.runs:
        return
    room = _REASON if paper.width is None else paper.width - _BESIDE_REASON
    rows = [_run_row(run, paper, max(room, _SHORTEST)) for run in records.runs]
    yield from aligned(_RUN_COLUMNS, rows, width=paper.width, ellipsis=paper.ellipsis)


def _run_row(run: RunRecord, paper: Paper, room: int) -> list[Cell]:
    by = "schedule" if run.trigger == SCHEDULED else "hand"
    rows = "" if run.rows_removed is None else str(run.rows_removed)
    return [
        cell("  " + _moment(run.scheduled_for)),
        cell(by),
        cell(run.status.value, _COLOURS.get(run.status)),
        cell(rows),
        cell(_shortened(paper.writable(run.reason or ""), room, paper.ellipsis)),
    ]


def _shortened(reason: str, room: int, ellipsis: str) -> str:
    """The beginning, which names the gate.

    >>> _shortened("rows_limit: 8 rows, limits.rows is 7", 16, "~")
    'rows_limit: 8 r~'
    """
    return reason if len(reason) <= room else reason[: room - 1] + ellipsis


def _line(label: str, text: str, style: Style | None = None) -> Iterator[Segment]:
    yield Segment(f"  {label:{_LABEL}}", _LABEL_STYLE)
    yield Segment(text, style)
    yield Segment("\n")


def _zone(schedule: Schedule) -> tzinfo:
    """UTC for an interval, which knows no other, and for a cron expression in UTC."""
    if isinstance(schedule, CronSchedule) and schedule.zone.key != "UTC":
        return schedule.zone
    return UTC


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def document(found: Sequence[JobOverview], generated_at: datetime) -> JobsDocument:
    return {
        "generated_at": _iso(generated_at),
        "jobs": [_job(each) for each in found],
    }


def _job(each: JobOverview) -> JobEntry:
    job, records = each.job, each.records or Records()
    zone = _zone(each.schedule) if each.schedule else UTC
    return {
        "job": job.name,
        "kind": job.kind.value,
        "server": job.server,
        "database": job.database,
        "schedule": _schedule(each.schedule) if each.schedule else None,
        "suspended": job.suspended,
        "next_ticks": [
            {"local": tick.astimezone(zone).isoformat(), "utc": _iso(tick)}
            for tick in each.next_ticks
        ],
        "unarmed": records.unarmed,
        "armed_until": _iso_or_none(records.armed_until),
        "last_success": _iso_or_none(records.last_success),
        "runs": [_run(run) for run in records.runs],
        "error": each.error,
    }


def _schedule(schedule: Schedule) -> ScheduleEntry:
    return {
        "text": schedule_text(schedule),
        "words": describe(schedule),
        "timezone": str(_zone(schedule)),
    }


def _run(run: RunRecord) -> RunEntry:
    return {
        "run_id": str(run.run_id),
        "trigger": run.trigger,
        "scheduled_for": _iso(run.scheduled_for),
        "status": run.status.value,
        "reason": run.reason,
        "rows_removed": run.rows_removed,
        "attempts": run.attempts,
        "plan_sha256": run.plan_sha256,
        "agent": run.agent,
        "claimed_at": _iso(run.claimed_at),
        "started_at": _iso_or_none(run.started_at),
        "finished_at": _iso_or_none(run.finished_at),
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else _iso(moment)
