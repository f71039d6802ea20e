"""A plan on paper: what goes, what starts again, and what every gate says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from rich.style import Style

from agent.cli.layout import Align, Cell, Column, aligned, cell
from agent.cli.paper import Paper
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import EmptiedTable, MovedSequence, Plan
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
    yield Segment("\n")
    for verdict in plan.gates:
        yield from _gate(verdict, paper)
    yield from _afterword(plan, paper)
    yield Segment(f"\nhash: {plan.hash}\n")
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


def _afterword(plan: Plan, paper: Paper) -> Iterator[Segment]:
    told = [
        ("named in the job, but not there", plan.unmatched),
        ("beside these tables, but in no pattern", plan.uncovered),
    ]
    for title, names in told:
        if names:
            yield Segment(f"\n{title}:\n")
        for name in names:
            yield Segment(f"  {paper.writable(name)}\n")


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
