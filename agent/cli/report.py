"""What stands below the table: how many of each, and what would mend the bad ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.segment import Segment
from rich.style import Style

from agent.cli.paper import Paper
from agent.cli.table import LOUD, Row
from agent.domain.columns_known import REMEDY, known_in_words, unknown_columns
from agent.domain.databases import Exclusion
from agent.domain.findings import Finding, Kind, Severity
from agent.domain.kinds import Acknowledgement
from agent.domain.sequences import Unreadability, Unreadable
from agent.domain.status import ColumnStatus, DatabaseStatus, State
from agent.domain.subscribers import by_subscription, filled_by, in_one
from agent.domain.taken import Unseen
from agent.domain.wording import counted

_NAMED = 3
_REMEDY = Style(color="cyan")
_MARGIN = 10

# The remedies of single sequences name them; these are for many at once.
_REMEDY_FOR_MANY = {
    Unreadability.PRIVILEGE: "sequence-agent grants --role <role> | psql -d <database>",
    Unreadability.UNLOGGED_ON_STANDBY: "sample the primary",
}


_Reason = tuple[Unreadable, Acknowledgement | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One finding of one sequence, or of many that share it."""

    severity: Severity
    subject: str
    message: str
    remedy: str
    counts: bool


def footer(databases: Sequence[DatabaseStatus], *, verbose: bool) -> list[str]:
    """How many sequences there are in each state, and how many findings."""
    readable = [database for database in databases if database.up]
    total = sum(len(database.sequences) for database in readable)
    counts = ", ".join(_counts(readable))
    lines = [f"{counted(total, 'sequence')} in {_where(readable)}"]
    if counts:
        lines[0] += f": {counts}"
    findings = [f for d in readable for s in d.sequences for f in s.findings]
    if findings:
        lines.append(_findings(findings, verbose=verbose))
    return [*lines, *_columns(readable), *_left_out(databases)]


def _left_out(databases: Sequence[DatabaseStatus]) -> Iterator[str]:
    """One line for each reason why databases were not looked at."""
    names: dict[Exclusion, list[str]] = defaultdict(list)
    for database in databases:
        if database.exclusion is not None:
            names[database.exclusion].append(database.datname)
    for exclusion, found in names.items():
        yield f"not looked at: {_listed(found)}: {exclusion.words}"


def _columns(readable: Sequence[DatabaseStatus]) -> Iterator[str]:
    """Not behind is told from not known."""
    known = known_in_words(readable)
    if known:
        yield known
    unknown = unknown_columns(readable)
    for reason in Unseen:
        if columns := unknown.get(reason):
            word = reason.value.replace("_", " ")
            names = _listed([_place(*each, among=readable) for each in columns])
            yield f"  {len(columns)} {word} ({names}): {REMEDY[reason]}"


def _place(
    database: DatabaseStatus, status: ColumnStatus, *, among: Sequence[DatabaseStatus]
) -> str:
    name = f"{status.column.table}.{status.column.column}"
    return f"{database.datname}.{name}" if len(among) > 1 else name


def _counts(readable: Sequence[DatabaseStatus]) -> Iterator[str]:
    for state in State:
        number = sum(database.states[state] for database in readable)
        if number:
            yield f"{number} {state.value.replace('_', ' ')}"
    excluded = sum(database.excluded for database in readable)
    if excluded:
        yield f"{excluded} excluded"


def _where(readable: Sequence[DatabaseStatus]) -> str:
    if len(readable) != 1:
        return counted(len(readable), "database")
    [only] = readable
    standby = ", a standby" if only.in_recovery else ""
    return (
        f"{only.datname} on {only.server} (PostgreSQL {only.server_version}{standby})"
    )


def _findings(findings: Sequence[Finding], *, verbose: bool) -> str:
    found = Counter(f.severity for f in findings if f.acknowledged is None)
    counts = [f"{found[s]} {s.value}" for s in reversed(Severity) if found[s]]
    if accepted := sum(f.acknowledged is not None for f in findings):
        counts.append(f"{accepted} acknowledged")
    quiet = accepted or found[Severity.INFO]
    hint = "" if verbose or not quiet else " (--verbose lists those too)"
    return f"findings: {', '.join(counts)}{hint}"


def notes(rows: Sequence[Row], *, verbose: bool) -> list[Note]:
    """The findings that ask for a human, the worst first; with `verbose` all of them."""
    told = [*_unreadable(rows), *_others(rows), *_subscribers(rows)]
    ranking = list(reversed(Severity))
    return sorted(
        (note for note in told if verbose or note.counts),
        key=lambda note: (not note.counts, ranking.index(note.severity)),
    )


def _others(rows: Sequence[Row]) -> Iterator[Note]:
    for row in rows:
        for finding in row.status.findings:
            if finding.kind is not Kind.UNREADABLE and not _filled(row, finding):
                yield _note(finding, subject=row.name)


def _filled(row: Row, finding: Finding) -> bool:
    by_design = finding.kind is Kind.BEHIND_COLUMN and filled_by(row.status)
    return bool(by_design)


def _subscribers(rows: Sequence[Row]) -> Iterator[Note]:
    """One note for all sequences that are behind because a subscription fills their tables."""
    groups = by_subscription((row.status, row) for row in rows)
    for name, group in groups.items():
        first = next(f for f in group[0].status.findings if _filled(group[0], f))
        note = _note(first, subject=_listed([row.name for row in group]))
        many = replace(
            note,
            message=in_one(name, len(group)),
            remedy="at the switch-over, the statement that --format json has for each",
        )
        yield note if len(group) == 1 else many


def _note(finding: Finding, *, subject: str) -> Note:
    return Note(
        severity=finding.severity,
        subject=subject,
        message=f"{finding.message}{_acceptance(finding.acknowledged)}",
        remedy=finding.remedy,
        counts=finding.counts,
    )


def _acceptance(accepted: Acknowledgement | None) -> str:
    if accepted is None:
        return ""
    until = f" until {accepted.until}" if accepted.until else ""
    return f" (acknowledged{until}: {accepted.reason})"


def _unreadable(rows: Sequence[Row]) -> Iterator[Note]:
    """One note for all sequences that cannot be read for the same reason."""
    groups: dict[_Reason, list[tuple[str, Finding]]] = defaultdict(list)
    for row in rows:
        position, obstacle = row.status.position, _obstacle(row)
        if isinstance(position, Unreadable) and obstacle is not None:
            groups[position, obstacle.acknowledged].append((row.name, obstacle))
    for (position, _), group in groups.items():
        first = group[0][1]
        note = _note(first, subject=_listed([name for name, _ in group]))
        remedy = _REMEDY_FOR_MANY.get(position.reason, first.remedy)
        yield note if len(group) == 1 else replace(note, remedy=remedy)


def _obstacle(row: Row) -> Finding | None:
    """What keeps it from being read; None where nothing does, or it is gone."""
    found = (f for f in row.status.findings if f.kind is Kind.UNREADABLE)
    return next(found, None)


def _listed(names: Sequence[str]) -> str:
    """The first few of them, and how many more there are."""
    more = len(names) - _NAMED
    named = ", ".join(names[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def report(
    databases: Sequence[DatabaseStatus],
    rows: Sequence[Row],
    paper: Paper,
    *,
    verbose: bool,
) -> Iterator[Segment]:
    """Everything below the table."""
    for line in footer(databases, verbose=verbose):
        yield Segment(paper.writable(line) + "\n")
    listed = notes(rows, verbose=verbose)
    if listed:
        yield Segment("\n")
    for note in listed:
        yield Segment(note.severity.value.ljust(_MARGIN), LOUD[note.severity])
        yield Segment(paper.writable(f"{note.subject}: {note.message}") + "\n")
        yield Segment(" " * _MARGIN + paper.writable(note.remedy) + "\n", _REMEDY)
