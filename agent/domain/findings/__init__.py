"""What is wrong with a sequence, how bad it is, and what would mend it.

A new finding is one function and its line in `_RULES`.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.domain.findings.case import (
    Case,
    Finding,
    describe_limit,
    worst_severity,
)
from agent.domain.findings.columns import (
    behind_column,
    column_narrower,
    cycles_into_unique,
    sequence_narrower,
)
from agent.domain.findings.ends import burst, exhausted, exhausts_soon, near_limit
from agent.domain.findings.feeds import (
    computed_default,
    leftover,
    sequence_missing,
    shared,
    unattached,
)
from agent.domain.findings.unreadable import unreadable
from agent.domain.kinds import Kind, Severity

__all__ = [
    "Case",
    "Finding",
    "Kind",
    "Severity",
    "describe_limit",
    "findings",
    "worst_severity",
]


def findings(case: Case) -> tuple[Finding, ...]:
    """All findings of one sequence, in the order of the rules."""
    return tuple(finding for rule in _RULES if (finding := rule(case)))


_RULES: tuple[Callable[[Case], Finding | None], ...] = (
    unreadable,
    exhausted,
    behind_column,
    sequence_missing,
    near_limit,
    exhausts_soon,
    burst,
    cycles_into_unique,
    column_narrower,
    sequence_narrower,
    shared,
    leftover,
    computed_default,
    unattached,
)
