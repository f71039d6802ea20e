from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.consumption.usage import Usage
from agent.domain.findings import Finding, Kind, Severity
from agent.domain.forecasting.forecast import State
from agent.domain.sequences import At, Position, SequenceDefinition
from tests.domain.statuses import DENIED, HUNDRED, OUTLOOK, USAGE, status_of

DAY = 86_400.0
FORTY = At(40)


def found(
    kind: Kind,
    usage: Usage | None,
    *,
    sequence: SequenceDefinition = HUNDRED,
    position: Position = FORTY,
    before: tuple[Finding, ...] = (),
) -> Finding | None:
    status = status_of(sequence, position, usage=usage, before=before)
    return next((f for f in status.findings if f.kind is kind), None)


def ending(early: float | None, likely: float | None = None) -> Usage:
    outlook = replace(OUTLOOK, p10_seconds=early, p50_seconds=likely or early)
    return replace(USAGE, recent_per_second=0.0, outlook=outlook)


def burning(per_second: float) -> Usage:
    return replace(USAGE, recent_per_second=per_second, outlook=None)


@pytest.mark.parametrize(
    ("early", "severity"),
    [
        (91 * DAY, None),
        (89 * DAY, Severity.WARNING),
        (15 * DAY, Severity.WARNING),
        (13 * DAY, Severity.CRITICAL),
        (0.0, Severity.CRITICAL),
        (None, None),
    ],
)
def test_an_end_that_may_be_near_is_found_by_its_early_edge(
    early: float | None, severity: Severity | None
) -> None:
    finding = found(Kind.EXHAUSTS_SOON, ending(early, 4000 * DAY))

    assert (finding.severity if finding else None) is severity


def test_the_message_tells_both_dates() -> None:
    finding = found(Kind.EXHAUSTS_SOON, ending(5 * DAY, 60 * DAY))

    assert finding is not None
    assert finding.message == "runs out in 8.6 weeks, perhaps in 5.0 days"


@pytest.mark.parametrize(
    ("before", "early", "after"),
    [
        (89, 100, Severity.WARNING),
        (89, 113, None),
        (13, 17, Severity.CRITICAL),
        (13, 18, Severity.WARNING),
        (13, 100, Severity.WARNING),
        (91, 91, None),
    ],
)
def test_what_was_found_stays_until_it_is_a_quarter_further_away(
    before: int, early: int, after: Severity | None
) -> None:
    first = found(Kind.EXHAUSTS_SOON, ending(before * DAY))

    second = found(
        Kind.EXHAUSTS_SOON, ending(early * DAY), before=(first,) if first else ()
    )

    assert (second.severity if second else None) is after


@pytest.mark.parametrize(
    "state", [State.IDLE, State.INSUFFICIENT_DATA, State.BEYOND_HORIZON]
)
def test_without_a_forecast_no_end_is_near(state: State) -> None:
    usage = replace(USAGE, outlook=replace(OUTLOOK, state=state, p10_seconds=None))

    assert found(Kind.EXHAUSTS_SOON, usage) is None


def test_a_burst_is_what_would_be_gone_within_a_day() -> None:
    calls_left = 60

    fast = found(Kind.BURST, burning(calls_left / (DAY - 60)))
    slow = found(Kind.BURST, burning(calls_left / (DAY + 60)))

    assert fast is not None
    assert fast.severity is Severity.CRITICAL
    assert "the 60 calls left are gone in 24 hours" in fast.message
    assert slow is None


def test_a_burst_is_over_when_it_is_a_quarter_slower() -> None:
    first = found(Kind.BURST, burning(60 / (DAY - 60)))
    assert first is not None

    slower = found(Kind.BURST, burning(60 / (1.2 * DAY)), before=(first,))
    slow = found(Kind.BURST, burning(60 / (1.3 * DAY)), before=(first,))

    assert slower is not None
    assert slow is None


@pytest.mark.parametrize("kind", [Kind.BURST, Kind.EXHAUSTS_SOON])
@pytest.mark.parametrize(
    ("sequence", "position"),
    [
        pytest.param(replace(HUNDRED, cycle=True), At(40), id="starts again safely"),
        pytest.param(HUNDRED, DENIED, id="not readable"),
    ],
)
def test_what_does_not_end_or_is_not_known_is_not_found(
    kind: Kind, sequence: SequenceDefinition, position: Position
) -> None:
    # An unreadable sequence has no outlook, and a rate of what was seen before.
    outlook = None if position is DENIED else OUTLOOK
    usage = replace(USAGE, recent_per_second=100.0, outlook=outlook)

    assert found(kind, usage, sequence=sequence, position=position) is None


def test_an_exhausted_sequence_is_not_about_to_be() -> None:
    usage = replace(ending(0.0), recent_per_second=5.0)
    usage = replace(usage, outlook=replace(OUTLOOK, state=State.EXHAUSTED))

    assert found(Kind.BURST, usage, position=At(100)) is None
    assert found(Kind.EXHAUSTS_SOON, usage, position=At(100)) is None
    assert found(Kind.EXHAUSTED, usage, position=At(100)) is not None
