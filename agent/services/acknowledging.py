"""Marks the findings that a human has accepted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from agent.domain.findings import Finding
from agent.domain.kinds import Acknowledgement
from agent.domain.status import SequenceStatus


class Acknowledger:
    """Acknowledgements of a configuration, applied to one database round by round.

    A status that did not change since the round before stays the same object, so that
    nothing is written anew for it.
    """

    def __init__(self, accepted: Sequence[Acknowledgement]) -> None:
        self._accepted = accepted
        self._today: date | None = None
        self._marked: dict[int, tuple[SequenceStatus, SequenceStatus]] = {}

    def mark(
        self, statuses: Iterable[SequenceStatus], today: date
    ) -> tuple[SequenceStatus, ...]:
        if not self._accepted:
            return tuple(statuses)
        known = self._marked if today == self._today else {}
        self._today, self._marked = today, {}
        return tuple(self._one(status, known, today) for status in statuses)

    def _one(
        self,
        status: SequenceStatus,
        known: dict[int, tuple[SequenceStatus, SequenceStatus]],
        today: date,
    ) -> SequenceStatus:
        if not status.findings:
            return status
        before, marked = known.get(status.sequence.oid, (None, status))
        if before is not status:
            findings = tuple(self._finding(f, status, today) for f in status.findings)
            changed = any(finding.acknowledged for finding in findings)
            marked = replace(status, findings=findings) if changed else status
        self._marked[status.sequence.oid] = (status, marked)
        return marked

    def _finding(
        self, finding: Finding, status: SequenceStatus, today: date
    ) -> Finding:
        name = status.sequence.qualified
        covering = (a for a in self._accepted if a.covers(finding.kind, name, today))
        return replace(finding, acknowledged=next(covering, None))
