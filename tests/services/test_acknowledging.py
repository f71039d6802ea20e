"""Findings that are accepted: marked, told, and not counted."""

from __future__ import annotations

from datetime import date, timedelta

from agent.domain.filters import NameFilter
from agent.domain.findings import Kind, Severity
from agent.domain.kinds import Acknowledgement
from agent.domain.pace import Thresholds
from agent.domain.verdict import Level, verdict
from agent.services.acknowledging import Acknowledger
from tests.domain.statuses import database_of, unread, used

TODAY = date(2026, 3, 4)
ACCEPTED = Acknowledgement(
    kind=Kind.NEAR_LIMIT,
    sequences=NameFilter(include=("public.full*",)),
    reason="a closed range",
    until=TODAY,
)


def kinds_that_count(acknowledger: Acknowledger, name: str, today: date) -> list[Kind]:
    (status,) = acknowledger.mark([used(95, name)], today)
    return [finding.kind for finding in status.findings if finding.counts]


def test_a_finding_of_that_kind_and_name_counts_no_more() -> None:
    acknowledger = Acknowledger([ACCEPTED])

    assert kinds_that_count(acknowledger, "full", TODAY) == []
    assert kinds_that_count(acknowledger, "other", TODAY) == [Kind.NEAR_LIMIT]


def test_it_counts_again_on_the_day_after_the_last() -> None:
    acknowledger = Acknowledger([ACCEPTED])
    status = used(95, "full")
    tomorrow = TODAY + timedelta(days=1)

    ((today,), (later,)) = (
        acknowledger.mark([status], day) for day in (TODAY, tomorrow)
    )

    assert [
        f.acknowledged for f in today.findings if f.severity is Severity.CRITICAL
    ] == [ACCEPTED]
    assert [f.acknowledged for f in later.findings] == [None] * len(later.findings)


def test_what_does_not_change_stays_the_same_object() -> None:
    acknowledger = Acknowledger([ACCEPTED])
    full, other = used(95, "full"), used(95, "other")

    ((first,), (second,)) = (acknowledger.mark([full], TODAY) for _ in range(2))
    (untouched,) = acknowledger.mark([other], TODAY)

    assert first is second
    assert untouched is other


def test_a_verdict_tells_what_it_does_not_count() -> None:
    unreadable = Acknowledgement(kind=Kind.UNREADABLE, reason="of others")
    statuses = Acknowledger([ACCEPTED, unreadable]).mark(
        [used(95, "full"), used(1, "empty"), unread()], TODAY
    )

    answer = verdict([database_of(*statuses)], thresholds=Thresholds())

    assert answer.level is Level.OK
    assert answer.summary.endswith("(2 acknowledged)")
