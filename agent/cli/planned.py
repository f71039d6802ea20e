"""A plan on paper: what goes, what starts again, and what every gate says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.segment import Segment
from rich.style import Style

from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import EmptiedTable, LockNeed, MovedSequence, Plan
from agent.domain.resets.verdicts import Verdict
from agent.domain.sequences import At, Unused
from agent.domain.wording import counted

_GOOD = Style(color="green")
_BAD = Style(color="red", bold=True)
_QUIET = Style(dim=True)
_REMEDY = Style(color="cyan")

_TABLE_COLUMNS = (
    Column(title="table", shortened=True),
    Column(title="rows", align=Align.RIGHT),
    Column(title="size", align=Align.RIGHT, dispensable=1),
    Column(title="why", dispensable=2),
)
_SEQUENCE_COLUMNS = (
    Column(title="sequence", shortened=True),
    Column(title="before", align=Align.RIGHT),
    Column(title="after", align=Align.RIGHT),
    Column(title="why", dispensable=1),
)
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def planned(plan: Plan, paper: Paper, *, run_it: str | None) -> Iterator[Segment]:
    """The whole text; `run_it` is the command that would carry the plan out."""
    yield from heading(plan, paper)
    yield from _verdict(plan)
    yield from _tables(plan, paper)
    yield from _sequences(plan, paper)
    yield from _lists(_set_off(plan), paper)
    yield Segment(f"\nlocks: {_locks(plan.locks)}\n")
    yield Segment("\n")
    for verdict in plan.gates:
        yield from _gate(verdict, paper)
    yield from _lists(_mismatches(plan), paper)
    yield from remarks(plan, paper)
    yield Segment(f"\nhash: {plan.hash}\n")
    yield from _pin(plan)
    if plan.allowed and run_it is not None:
        yield Segment(paper.writable(f"to run it: {run_it}") + "\n")


def heading(plan: Plan, paper: Paper) -> Iterator[Segment]:
    """What is to be done where, as whom."""
    job, server = plan.job, plan.catalog.server
    where = (
        f"{job.kind.value} of {server.datname} on {job.server}"
        f" (PostgreSQL {server.version}) as {server.role}"
    )
    yield Segment(paper.writable(f"{job.name}: {where}") + "\n")


def _verdict(plan: Plan) -> Iterator[Segment]:
    if plan.allowed:
        yield Segment("allowed", _GOOD)
        yield Segment("; nothing was changed\n")
        return
    names = ", ".join(verdict.gate for verdict in plan.refusals)
    yield Segment("refused", _BAD)
    yield Segment(f" by {names}; nothing was changed\n")


def _tables(plan: Plan, paper: Paper) -> Iterator[Segment]:
    if plan.job.kind is not JobKind.RESET:
        return
    yield Segment("\n")
    if not plan.tables:
        yield Segment("no table would be emptied\n")
        return
    rows = [_table_row(each, paper) for each in plan.tables]
    yield from _table(_TABLE_COLUMNS, [*rows, _total(plan.tables)], paper)


def _table_row(emptied: EmptiedTable, paper: Paper) -> list[Cell]:
    return [
        cell(paper.writable(emptied.table.qualified)),
        cell(_rows(emptied)),
        cell("?" if emptied.bytes is None else size(emptied.bytes)),
        cell(
            paper.writable(emptied.table.why), _QUIET if emptied.table.listed else _BAD
        ),
    ]


def _rows(emptied: EmptiedTable) -> str:
    if emptied.rows is None:
        return "?"
    return str(emptied.rows) if emptied.exact else f"~{emptied.rows}"


def _total(tables: Sequence[EmptiedTable]) -> list[Cell]:
    exact = "" if all(each.exact for each in tables) else "~"
    unknown = any(each.rows is None for each in tables)
    rows = sum(each.rows or 0 for each in tables)
    return [
        cell(f"total of {counted(len(tables), 'table')}", _QUIET),
        cell("?" if unknown else f"{exact}{rows}"),
        cell(size(sum(each.bytes or 0 for each in tables))),
        cell(""),
    ]


def _sequences(plan: Plan, paper: Paper) -> Iterator[Segment]:
    yield Segment("\n")
    if not plan.sequences:
        behind = "no sequence is behind its column"
        none = "no sequence would be restarted"
        yield Segment((none if plan.job.kind is JobKind.RESET else behind) + "\n")
        return
    rows = [_sequence_row(each, paper) for each in plan.sequences]
    yield from _table(_SEQUENCE_COLUMNS, rows, paper)


def _sequence_row(moved: MovedSequence, paper: Paper) -> list[Cell]:
    return [
        cell(paper.writable(moved.definition.qualified)),
        cell(_before(moved)),
        cell(str(moved.after)),
        cell(paper.writable(moved.why), _QUIET),
    ]


def _before(moved: MovedSequence) -> str:
    match moved.before:
        case At(value):
            return str(value)
        case Unused(value):
            return f"({value})"  # not called: the value that comes first
        case _:
            return "?"


def _table(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], paper: Paper
) -> Iterator[Segment]:
    return aligned(columns, rows, width=paper.width, ellipsis=paper.ellipsis)


def _gate(verdict: Verdict, paper: Paper) -> Iterator[Segment]:
    sign, style = _sign(verdict, paper)
    yield Segment(sign, style)
    detail = f": {verdict.detail}" if verdict.detail else ""
    yield Segment(paper.writable(f" {verdict.gate}{detail}") + "\n")
    if verdict.remedy:
        margin = " " * (len(sign) + 3)
        yield Segment(margin + paper.writable(verdict.remedy) + "\n", _REMEDY)


def _sign(verdict: Verdict, paper: Paper) -> tuple[str, Style]:
    """Ticks where somebody sees them, words in pipes and files."""
    drawn = paper.width is not None and paper.writable("✔✘·") == "✔✘·"
    if verdict.passed:
        return ("✔" if drawn else "pass", _GOOD)
    if not verdict.asked:
        return ("·" if drawn else "open", _QUIET)
    return ("✘" if drawn else "FAIL", _BAD)


def _set_off(plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
    """What runs beside TRUNCATE and ALTER SEQUENCE, in this order."""
    yield (
        "seeds, run after the tables are emptied",
        [f"{s.name} ({size(s.bytes)}, sha256 {s.sha256})" for s in plan.seeds],
    )
    yield (
        "triggers that TRUNCATE fires",
        [
            f"{each.table}.{each.name} runs {each.function} ({each.firing})"
            for each in plan.triggers
        ],
    )
    yield (
        "event triggers that ALTER SEQUENCE fires",
        [
            f"{each.name} on {each.event} runs {each.function} ({each.firing})"
            for each in plan.event_triggers
        ],
    )


def _locks(locks: LockNeed) -> str:
    return f"about {locks.needed} of {locks.available} that the server has"


def _mismatches(plan: Plan) -> Iterator[tuple[str, Sequence[str]]]:
    yield "named in the job, but not there", plan.unmatched
    yield "beside these tables, but in no pattern", plan.uncovered


def remarks(plan: Plan, paper: Paper) -> Iterator[Segment]:
    """What somebody may not expect, before the run and after it."""
    left = [
        f"{each.sequence}, which feeds {', '.join(each.feeds)}"
        for each in plan.not_restarted
    ]
    title = "not restarted; name them in the job's sequences if they are to be"
    yield from _lists([(title, left), ("hints", plan.hints)], paper)


def _lists(
    parts: Iterable[tuple[str, Sequence[str]]], paper: Paper
) -> Iterator[Segment]:
    for title, lines in parts:
        if lines:
            yield Segment(f"\n{title}:\n")
        for line in lines:
            yield Segment(f"  {paper.writable(line)}\n")


def _pin(plan: Plan) -> Iterator[Segment]:
    """The line of a job that lets its schedule run this plan alone, or what it says."""
    line = f"plan: {plan.hash}\n"
    match plan.pinned:
        case None if plan.allowed:
            yield Segment(f"to let the schedule run no other, write to the job: {line}")
        case True:
            yield Segment(
                "this is the job's plan, the only one that its schedule runs\n"
            )
        case False:
            yield Segment(f"the job's plan is {plan.job.pinned_plan}\n", _BAD)
            yield Segment(f"to let the schedule run this one, write to the job: {line}")
        case _:
            return


def size(count: int) -> str:
    """A size as people read it, in powers of 1024.

    >>> [size(n) for n in (0, 8192, 1536, 20 * 1024**3)]
    ['0 B', '8 kB', '1.5 kB', '20 GB']
    """
    power = 0
    while count >= 1024 ** (power + 1) and power < len(_SIZES) - 1:
        power += 1
    tenths = count * 10 // 1024**power
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest} {_SIZES[power]}" if rest else f"{whole} {_SIZES[power]}"
