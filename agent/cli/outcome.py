"""What became of a run, in words, in tables and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict, assert_never

from rich.segment import Segment
from rich.style import Style

from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.cli.planned import heading, remarks
from agent.domain.resets.document import (
    GateEntry,
    NotRestartedEntry,
    left_as_they_are,
)
from agent.domain.resets.document import document as plan_document
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import (
    Done,
    Early,
    Failed,
    Outcome,
    Refused,
    Skipped,
    Taken,
    Uncertain,
)
from agent.domain.schedules.skew import skew_in_words
from agent.domain.wording import counted

_GOOD = Style(color="green")

_TABLE_COLUMNS = (
    Column(title="table", shortened=True),
    Column(title="rows removed", align=Align.RIGHT),
    Column(title="rows now", align=Align.RIGHT),
)
_SEQUENCE_COLUMNS = (
    Column(title="sequence", shortened=True),
    Column(title="before", align=Align.RIGHT),
    Column(title="after", align=Align.RIGHT),
)


class TableEntry(TypedDict):
    """A table that was emptied; rows are there afterwards where a seed brought them."""

    table: str
    rows_before: int
    rows_after: int


class SequenceEntry(TypedDict):
    """A sequence that was moved, with the values that it stored and stores."""

    sequence: str
    before: int
    after: int


class OutcomeDocument(TypedDict):
    """The whole answer of `reset --format json`."""

    job: str
    run_id: str | None
    status: str
    reason: str | None
    hash: str | None
    attempts: int
    seconds: float
    rows_removed: int | None
    tables: list[TableEntry]
    sequences: list[SequenceEntry]
    not_restarted: list[NotRestartedEntry]
    hints: list[str]
    gates: list[GateEntry]


def announcement(plan: Plan, paper: Paper) -> Iterator[Segment]:
    """What is about to be done, for a log."""
    tables = counted(len(plan.tables), "table")
    sequences = counted(len(plan.sequences), "sequence")
    yield from heading(plan, paper)
    about = sequences
    if plan.job.kind is JobKind.RESET:
        about = f"{tables} with {_rows(plan)}, {sequences}"
    yield Segment(f"{about}; hash: {plan.hash}\n")


def _rows(plan: Plan) -> str:
    if any(each.rows is None for each in plan.tables):
        return "nobody knows how many rows"
    about = "" if all(each.exact for each in plan.tables) else "~"
    return about + counted(sum(each.rows or 0 for each in plan.tables), "row")


def account(done: Done, paper: Paper, *, seconds: float) -> Iterator[Segment]:
    """What was done, table by table and sequence by sequence."""
    yield Segment("done", _GOOD)
    yield Segment(f": {_summary(done)}, in {seconds:.1f} s\n")
    if done.attempts > 1:
        yield Segment(f"it took {done.attempts} attempts to lock all tables\n")
    if done.remark is not None:
        yield Segment(paper.writable(done.remark) + "\n")
    yield from _aligned(_TABLE_COLUMNS, _table_rows(done, paper), paper)
    yield from _aligned(_SEQUENCE_COLUMNS, _sequence_rows(done, paper), paper)
    yield from remarks(done.plan, paper)
    yield Segment(f"\nrun: {done.run_id}\n")


def _summary(done: Done) -> str:
    sequences = counted(len(done.after.values), "sequence")
    if done.plan.job.kind is JobKind.RESYNC:
        return f"{sequences} moved"
    rows = counted(done.rows_removed, "row")
    tables = counted(len(done.plan.tables), "table")
    return f"{rows} removed from {tables}, {sequences} restarted"


def _table_rows(done: Done, paper: Paper) -> list[list[Cell]]:
    return [
        [
            cell(paper.writable(each["table"])),
            cell(str(each["rows_before"])),
            cell(str(each["rows_after"])),
        ]
        for each in _tables(done)
    ]


def _sequence_rows(done: Done, paper: Paper) -> list[list[Cell]]:
    return [
        [
            cell(paper.writable(each["sequence"])),
            cell(str(each["before"])),
            cell(str(each["after"])),
        ]
        for each in _sequences(done)
    ]


def _aligned(
    columns: tuple[Column, ...], rows: list[list[Cell]], paper: Paper
) -> Iterator[Segment]:
    if rows:
        yield Segment("\n")
        yield from aligned(columns, rows, width=paper.width, ellipsis=paper.ellipsis)


def complaints(outcome: Outcome, *, stopped_by: str | None) -> Iterator[str]:
    """Why it is not done, and what can be done about it; nothing where it is."""
    match outcome:
        case Done():
            return
        case Refused(plan=plan):
            for verdict in plan.refusals:
                yield f"refused by {verdict.gate}: {verdict.detail}; {verdict.remedy}"
            yield f"nothing was changed{_run(outcome)}"
        case Failed(reason=reason):
            why = f"stopped by {stopped_by}" if stopped_by else reason
            yield f"{why}; nothing was changed{_run(outcome)}"
        case Skipped(reason=reason):
            yield f"{reason}; nothing was changed, try again later{_run(outcome)}"
        case Taken() | Early():
            yield f"{_not_begun(outcome)}; nothing was changed"
        case Uncertain(reason=reason):
            yield (
                f"the answer to COMMIT was lost ({reason}): all of it was done, or"
                " nothing; look at the ledger, as 'sequence-agent jobs' shows it, whether"
                f" it succeeded{_run(outcome)}"
            )
        case _ as never:
            assert_never(never)


def _not_begun(outcome: Taken | Early) -> str:
    if isinstance(outcome, Early):
        return skew_in_words(outcome.ahead)
    return "somebody else has this very run"


def _run(ending: Refused | Failed | Skipped | Uncertain) -> str:
    return f" (run {ending.run_id})" if ending.run_id else ""


def document(outcome: Outcome, job: ResetJob, *, seconds: float) -> OutcomeDocument:
    """What became of a run of the job, in plain values."""
    done = outcome if isinstance(outcome, Done) else None
    plan = outcome.plan if isinstance(outcome, Done | Refused) else None
    ending = None if isinstance(outcome, Taken | Early) else outcome
    return {
        "job": job.name,
        "run_id": str(ending.run_id) if ending and ending.run_id else None,
        "status": _status(outcome),
        "reason": ending.reason if ending else None,
        "hash": plan.hash if plan else None,
        "attempts": ending.attempts if ending else 0,
        "seconds": round(seconds, 3),
        "rows_removed": done.rows_removed if done else None,
        "tables": _tables(done) if done else [],
        "sequences": _sequences(done) if done else [],
        "not_restarted": left_as_they_are(plan) if plan else [],
        "hints": list(plan.hints) if plan else [],
        "gates": plan_document(plan)["gates"] if plan else [],
    }


def _status(outcome: Outcome) -> str:
    match outcome:
        case Taken():
            return "taken"
        case Early():
            return "early"
        case Uncertain():
            return "uncertain"
        case _:
            return outcome.status.value


def _tables(done: Done) -> list[TableEntry]:
    names = [each.table.qualified for each in done.plan.tables]
    before, after = done.before.rows, done.after.rows
    return [
        {
            "table": name,
            "rows_before": before.get(name, 0),
            "rows_after": after.get(name, 0),
        }
        for name in names
    ]


def _sequences(done: Done) -> list[SequenceEntry]:
    before, after = done.before.values, done.after.values
    return [
        {"sequence": name, "before": before[name], "after": after[name]}
        for name in after
    ]
