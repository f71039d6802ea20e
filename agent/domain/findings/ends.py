"""Findings about the end of a sequence: how near it is, and how fast it comes."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.findings.case import (
    Case,
    Finding,
    describe_limit,
    starts_again_safely,
)
from agent.domain.forecasting.forecast import State
from agent.domain.kinds import Kind, Severity
from agent.domain.pace import Thresholds
from agent.domain.quantities import rate, span
from agent.domain.remedies import widen
from agent.domain.sequences import Unreadable, next_value
from agent.domain.wording import percent_used

_BURST_WITHIN = timedelta(days=1)
# What was found stays until it is this much further away: forecasts breathe.
_CLEARS_AT = 1.25
_CRITICAL = frozenset({Severity.CRITICAL})
_WARNING = frozenset({Severity.WARNING, Severity.CRITICAL})


def exhausted(case: Case) -> Finding | None:
    if case.capacity is None or case.capacity.remaining > 0:
        return None
    by = describe_limit(case.sequence, case.limiting)
    position = case.reading.position
    if isinstance(position, Unreadable):
        return None
    following = next_value(case.sequence, position)
    what = (
        "the next nextval fails"
        if following is None
        else f"the next value {following} does not fit and its insert fails"
    )
    return Finding(
        kind=Kind.EXHAUSTED,
        severity=Severity.CRITICAL,
        message=f"exhausted: {what}; limit {case.capacity.limit} of {by}",
        remedy=widen(case.sequence, case.limiting),
    )


def near_limit(case: Case) -> Finding | None:
    capacity = case.capacity
    if capacity is None or capacity.remaining == 0 or starts_again_safely(case):
        return None
    severity = _severity_of(capacity.used_ratio, case.thresholds)
    if severity is None:
        return None
    by = describe_limit(case.sequence, case.limiting)
    return Finding(
        kind=Kind.NEAR_LIMIT,
        severity=severity,
        message=(
            f"{percent_used(capacity)} used, {capacity.remaining} calls left"
            f" to {capacity.limit} of {by}"
        ),
        remedy=widen(case.sequence, case.limiting),
    )


def exhausts_soon(case: Case) -> Finding | None:
    """On the early edge of the forecast: the late one is no comfort at night."""
    outlook = case.usage.outlook if case.usage else None
    if outlook is None or outlook.state is not State.OK or outlook.p10_seconds is None:
        return None
    severity = _severity_of_end(case, outlook.p10_seconds)
    if severity is None or starts_again_safely(case):
        return None
    early, likely = (
        span(seconds) if seconds is not None else "more than ten years"
        for seconds in (outlook.p10_seconds, outlook.p50_seconds)
    )
    return Finding(
        kind=Kind.EXHAUSTS_SOON,
        severity=severity,
        message=f"runs out in {likely}, perhaps in {early}",
        remedy=widen(case.sequence, case.limiting),
    )


def _severity_of_end(case: Case, seconds: float) -> Severity | None:
    """The worst severity whose threshold is reached, or was and is not yet left."""
    thresholds = case.thresholds
    for severity, within, enough in (
        (Severity.CRITICAL, thresholds.critical_exhausts_within, _CRITICAL),
        (Severity.WARNING, thresholds.warning_exhausts_within, _WARNING),
    ):
        stays = case.found_before(Kind.EXHAUSTS_SOON, enough)
        if seconds < within.total_seconds() * (_CLEARS_AT if stays else 1):
            return severity
    return None


def burst(case: Case) -> Finding | None:
    """So fast in the last minutes that no forecast from hours can tell."""
    usage, capacity = case.usage, case.capacity
    if usage is None or capacity is None or not usage.recent_per_second:
        return None
    seconds = capacity.remaining / usage.recent_per_second
    stays = case.found_before(Kind.BURST, _CRITICAL)
    limit = _BURST_WITHIN.total_seconds() * (_CLEARS_AT if stays else 1)
    if capacity.remaining == 0 or seconds >= limit or starts_again_safely(case):
        return None
    return Finding(
        kind=Kind.BURST,
        severity=Severity.CRITICAL,
        message=(
            f"{rate(usage.recent_per_second)} in the last minutes: at this rate the"
            f" {capacity.remaining} calls left are gone in {span(seconds)}"
        ),
        remedy="find the session that calls nextval; "
        + widen(case.sequence, case.limiting),
    )


def _severity_of(used_ratio: float, thresholds: Thresholds) -> Severity | None:
    if used_ratio >= thresholds.critical_used_ratio:
        return Severity.CRITICAL
    if used_ratio >= thresholds.warning_used_ratio:
        return Severity.WARNING
    return None
