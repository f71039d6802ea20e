"""The finding about what could not be read, and what would let it be read."""

from __future__ import annotations

from agent.domain.findings.case import Case, Finding
from agent.domain.kinds import Kind, Severity
from agent.domain.remedies import make_readable
from agent.domain.sequences import Unreadability, Unreadable


def unreadable(case: Case) -> Finding | None:
    position = case.reading.position
    if not isinstance(position, Unreadable) or position.reason is Unreadability.MISSING:
        return None
    vanished = position.reason is Unreadability.VANISHED
    return Finding(
        kind=Kind.UNREADABLE,
        severity=Severity.INFO if vanished else Severity.WARNING,
        message=f"{_OBSTACLE[position.reason]}{position.detail and ': ' + position.detail}",
        remedy=make_readable(case.sequence, position.reason, role=case.role),
    )


_OBSTACLE = {
    Unreadability.PRIVILEGE: "its value may not be read by this role",
    Unreadability.LOCKED: "another session holds it locked",
    Unreadability.UNLOGGED_ON_STANDBY: "unlogged, so a standby has no value of it",
    Unreadability.MISSING: "not there any more",
    Unreadability.VANISHED: "dropped or renamed while it was being read",
    Unreadability.FAILED: "the server failed to read it",
}
