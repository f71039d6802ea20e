"""Findings about who calls a sequence: which columns do, which ought to, or nobody."""

from __future__ import annotations

from collections.abc import Iterable

from agent.domain.findings.case import Case, Finding
from agent.domain.kinds import Kind, Severity
from agent.domain.remedies import attach, let_go, put_back
from agent.domain.sequences import FedColumn, Supply, Unreadable


def shared(case: Case) -> Finding | None:
    fed = [c for c in case.sequence.columns if c.supply is not Supply.LEFTOVER]
    if len(fed) < 2:
        return None
    return Finding(
        kind=Kind.SHARED,
        severity=Severity.INFO,
        message=f"feeds {len(fed)} columns: {_listed(fed)}",
        remedy="none needed; do not restart it for one of the tables alone",
    )


def leftover(case: Case) -> Finding | None:
    """What stays behind when a serial column becomes an identity or another's."""
    if not case.sequence.leftover:
        return None
    return Finding(
        kind=Kind.LEFTOVER,
        severity=Severity.INFO,
        message=(
            f"owned by {_listed(case.sequence.columns)}, which takes its values from"
            " elsewhere: it counts for no limit"
        ),
        remedy=let_go(case.sequence),
    )


def computed_default(case: Case) -> Finding | None:
    """How near its end such a column is only its own arithmetic knows."""
    columns = case.sequence.columns
    computed = [c for c in columns if c.supply is Supply.COMPUTED]
    handed_over = [c for c in columns if c.supply is Supply.HANDED_OVER]
    if not computed and not handed_over:
        return None
    reasons = [f"{_listed(computed)} by computing with nextval"] if computed else []
    if handed_over:
        reasons.append(f"{_listed(handed_over)} by a function that may call it or not")
    return Finding(
        kind=Kind.COMPUTED_DEFAULT,
        severity=Severity.INFO,
        message=(
            f"fills {', '.join(reasons)}: how much such a column has left, and whether"
            f" it holds values to come, is not known{_at_its_end(case)}"
        ),
        remedy="none needed; watch the values of the column itself",
    )


def _at_its_end(case: Case) -> str:
    position = case.reading.position
    if isinstance(position, Unreadable) or case.capacity is not None:
        return ""
    return "; the sequence itself is at its end, and calls of it fail"


def unattached(case: Case) -> Finding | None:
    if case.sequence.columns or case.lost:
        return None
    return Finding(
        kind=Kind.UNATTACHED,
        severity=Severity.INFO,
        message="no column in the catalog takes its values from this sequence",
        remedy=(
            "none needed: an application, a trigger or a function may call it; if that"
            f" is for one column alone, tie them: ALTER SEQUENCE {case.sequence.quoted}"
            " OWNED BY <table>.<column>; (it is then dropped with the column)"
        ),
    )


def sequence_missing(case: Case) -> Finding | None:
    return _lost(case) or _not_called(case)


def _lost(case: Case) -> Finding | None:
    """The agent saw it feed columns that have nothing to feed them now."""
    if not case.lost:
        return None
    missed = ", ".join(f"{c.table}.{c.column}" for c in case.lost)
    return Finding(
        kind=Kind.SEQUENCE_MISSING,
        severity=Severity.CRITICAL,
        message=(
            f"it fed {missed}, which must have a value and has no default any more:"
            " an insert that gives none fails"
        ),
        remedy=" ".join(put_back(case.sequence, column) for column in case.lost),
    )


def _not_called(case: Case) -> Finding | None:
    """Its owner has no default, and must have a value from somewhere.

    Most such sequences are called by the application, which is fine, and said no more
    of one that is seen to move.
    """
    column = case.sequence.owner
    moves = case.usage is not None and case.usage.consumed > 0
    if column is None or not column.unsupplied or moves:
        return None
    return Finding(
        kind=Kind.SEQUENCE_MISSING,
        severity=Severity.INFO,
        message=(
            f"owned by {column.table}.{column.column}, which must have a value and has"
            " no default: the application has to call nextval for it"
        ),
        remedy=(
            f"none needed if the application does; else {attach(case.sequence, column)}"
        ),
    )


def _listed(columns: Iterable[FedColumn]) -> str:
    return ", ".join(f"{column.table}.{column.column}" for column in columns)
