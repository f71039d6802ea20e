"""A forecast in a few calm lines: the rate, the dates, how sure they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.domain.forecasting.forecast import Forecast, History, State
from agent.domain.forecasting.scoring import Stretch
from agent.domain.quantities import rate, span
from agent.domain.wording import counted

_DAY = 86_400
_SPARKS = "▁▂▃▄▅▆▇█"
_SPARKS_SHOWN = 56
_MARGIN = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What was seen of a counter since some time, and the forecast that is made now.

    `facts` say in words what the past consists of.
    """

    since: datetime
    now: datetime
    history: History
    remaining: int
    forecast: Forecast
    stretch: Stretch | None = None
    facts: Sequence[str] = ()


_STATES = {
    State.OK: "",
    State.IDLE: "never, as far as it shows: nothing moved lately",
    State.INSUFFICIENT_DATA: "cannot be told from so little; come back after two days",
    State.BEYOND_HORIZON: "not within ten years",
    State.EXHAUSTED: "now: nothing is left",
}


def lines(outlook: Outlook, *, blocks: bool) -> Iterator[str]:
    """The answer line by line; without `blocks`, in plain letters."""
    answer = outlook.forecast
    yield _entry("remaining", counted(outlook.remaining, "call"))
    known = answer.rate_per_second
    yield _entry("rate", "not known yet" if known is None else rate(known))
    yield _entry("history", _history(outlook))
    if blocks:
        days = day_totals(outlook)[-_SPARKS_SHOWN:]
        if len(days) > 1:
            yield _entry("", f"{sparkline(days)}  calls a day")
    yield ""
    if answer.state is not State.OK:
        yield _entry("runs out", _STATES[answer.state])
        return
    yield _entry("runs out", f"likely {_when(outlook.now, answer.p50_seconds)}")
    yield _entry("  early", f"10 %   {_when(outlook.now, answer.p10_seconds)}")
    yield _entry("  late", f"90 %   {_when(outlook.now, answer.p90_seconds)}")
    yield _entry("sure", _sureness(answer))


def _entry(name: str, text: str) -> str:
    return name.ljust(_MARGIN) + text


def _history(outlook: Outlook) -> str:
    past = outlook.now - outlook.since
    return ", ".join([span(past.total_seconds()), *outlook.facts])


def _when(now: datetime, seconds: float | None) -> str:
    if seconds is None:
        return "later than in ten years"
    return f"{_date(now, seconds)}, in {span(seconds)}"


def _date(now: datetime, seconds: float) -> str:
    at = now + timedelta(seconds=seconds)
    return f"{at:%Y-%m-%d %H:%M} UTC" if seconds < 14 * _DAY else f"{at:%Y-%m-%d}"


def _sureness(answer: Forecast) -> str:
    if not answer.p10_seconds or answer.p90_seconds is None:
        return "not at all: the late end lies beyond ten years"
    factor = answer.p90_seconds / answer.p10_seconds
    word = next(word for most, word in _WORDS if factor < most)
    return f"{word}: the late date is {factor:.1f} times as far as the early one"


_WORDS = (
    (1.5, "quite"),
    (2.5, "fairly"),
    (5.0, "roughly"),
    (float("inf"), "hardly"),
)


def day_totals(outlook: Outlook) -> list[float]:
    """Calls in each whole day that ends with the history."""
    hourly = outlook.history.hourly
    whole = hourly[len(hourly) % 24 :].reshape(-1, 24)
    return [float(total) for total in whole.sum(axis=1)]


def sparkline(numbers: Sequence[float]) -> str:
    """Numbers as a row of bars.

    >>> sparkline([0, 1, 2, 7])
    '▁▂▃█'
    """
    highest = max(numbers) or 1
    return "".join(_SPARKS[round(number / highest * 7)] for number in numbers)
