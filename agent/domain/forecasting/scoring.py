"""How good forecasts were: what was predicted, held against what came."""

from __future__ import annotations

import heapq
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from agent.domain.forecasting.shapes import Floats

HORIZONS = (1, 3, 7, 14, 28)  # days

_INSIDE = 0.8  # what p10 to p90 promises
_NARROWEST, _WIDEST = 0.5, 4.0
_ZERO = 0.5  # calls: logarithms need more than none, and less than one
# From n independent outcomes the logarithm of the factor is known to some 0.9 / √n; were
# nothing known, it would be guessed to 0.45, a factor of 1.6. So that is worth (0.9 / 0.45)².
_AS_PROMISED_COUNTS_AS = 4  # outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Calls of one sequence in the `horizon` days from `made_at` on, as was predicted.

    `consumed` is what the track had counted then; `actual` are the calls that came, None
    until the day has come. It is below 0 for a track that began anew in between.
    """

    schema: str
    name: str
    made_at: datetime
    horizon: int
    consumed: int
    p10: float
    p50: float
    p90: float
    actual: int | None = None

    @property
    def due_at(self) -> datetime:
        return self.made_at + timedelta(days=self.horizon)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """How the predictions for one horizon came out; None where none did yet.

    Errors are |ln(actual / p50)|. `coverage` is of intervals as they were predicted,
    `stretch` the factor that would have made it what they promise.
    """

    n: int
    coverage: float | None
    median_error: float | None
    p90_error: float | None
    stretch: float


UNSCORED = Scorecard(n=0, coverage=None, median_error=None, p90_error=None, stretch=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """By what factor intervals are stretched around their median, for each horizon."""

    factors: Mapping[int, float]

    def at(self, days: float) -> float:
        """Between two horizons by the logarithm of the days; beyond them as at them.

        >>> Stretch(factors={1: 1.0, 4: 2.0}).at(2)
        1.5
        """
        horizons = sorted(self.factors)
        if not horizons:
            return 1.0
        factors = [self.factors[horizon] for horizon in horizons]
        nearest = min(max(days, horizons[0]), horizons[-1])
        return float(np.interp(np.log(nearest), np.log(horizons), factors))


def chosen(
    candidates: Iterable[tuple[str, str]], *, limit: int = 20
) -> tuple[tuple[str, str], ...]:
    """Of all (schema, name) those to predict, so that it costs no more than so much.

    They are the same every day: one that comes or goes changes no more than one other.
    """
    return tuple(heapq.nsmallest(limit, set(candidates), key=_place))


def _place(key: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    # Not hash(), which another start of the program answers otherwise.
    return zlib.crc32("\0".join(key).encode(errors="backslashreplace")), key


def due(predictions: Iterable[Prediction], now: datetime) -> tuple[Prediction, ...]:
    """Those whose day has come, and that are not scored; their `due_at` says when."""
    return tuple(p for p in predictions if p.actual is None and p.due_at <= now)


def scored(prediction: Prediction, consumed_at_due: int) -> Prediction:
    """With what came, from what the track had counted by `due_at`."""
    return replace(prediction, actual=consumed_at_due - prediction.consumed)


def memory(horizon: int) -> timedelta:
    """How long the outcome of a prediction counts, from the day on which it was made.

    Eight that do not overlap are the least to learn from; eight weeks are recent.
    """
    return timedelta(days=max(8 * horizon, 56))


def scorecards(predictions: Iterable[Prediction]) -> Mapping[int, Scorecard]:
    """For each of `HORIZONS`, from the outcomes up to `memory` before the newest."""
    outcomes: dict[int, list[Prediction]] = defaultdict(list)
    for each in predictions:
        if each.actual is not None and each.actual >= 0:
            outcomes[each.horizon].append(each)
    return {horizon: _scorecard(outcomes[horizon], horizon) for horizon in HORIZONS}


def stretch_of(cards: Mapping[int, Scorecard]) -> Stretch:
    return Stretch(factors={horizon: card.stretch for horizon, card in cards.items()})


def _scorecard(outcomes: Sequence[Prediction], horizon: int) -> Scorecard:
    if not outcomes:
        return UNSCORED
    oldest = max(each.made_at for each in outcomes) - memory(horizon)
    recent = [each for each in outcomes if each.made_at > oldest]
    off, room = _deviations(recent)
    errors = np.abs(off)
    return Scorecard(
        n=len(recent),
        coverage=float(np.mean(errors <= room)),
        median_error=float(np.median(errors)),
        p90_error=float(np.quantile(errors, 0.9)),
        stretch=_learned(_needed(errors, room), _independent(recent, horizon)),
    )


def _deviations(outcomes: Sequence[Prediction]) -> tuple[Floats, Floats]:
    """How far each outcome fell from its median, and how far the edge on that side is.

    Both are of logarithms. Calls are whole, so the edges are rounded outwards: what is
    predicted as 0.2 to 0.7 is held by none and by one.
    """
    rows = [(p.p10, p.p50, p.p90, p.actual) for p in outcomes]
    p10, p50, p90, actual = np.array(rows, np.float64).T
    low, middle, high, came = (
        np.log(np.maximum(calls, _ZERO))
        for calls in (np.floor(p10), p50, np.ceil(p90), actual)
    )
    off = came - middle
    return off, np.where(off < 0, middle - low, high - middle)


def _needed(errors: Floats, room: Floats) -> Floats:
    """By what factor each interval had to be stretched to reach its outcome.

    It is the score of locally weighted conformal prediction (Lei et al. 2018), taken
    of logarithms and for each side of the median.
    """
    least = np.maximum(room, errors / _WIDEST)
    return np.divide(errors, least, out=np.zeros_like(errors), where=errors > 0)


def _learned(needed: Floats, independent: int) -> float:
    """The factor that held so many as are promised, drawn to 1 while they are few."""
    factor = np.log(max(float(np.quantile(needed, _INSIDE)), _NARROWEST))
    trust = independent / (independent + _AS_PROMISED_COUNTS_AS)
    return float(np.clip(np.exp(trust * factor), _NARROWEST, _WIDEST))


def _independent(outcomes: Sequence[Prediction], horizon: int) -> int:
    """For how many outcomes these stand: the periods that do not overlap.

    The sequences of a database are busy and quiet together, so that the outcomes
    of one day tell little more than one (Kish's design effect, 1965). And of two
    predictions for 28 days made on two days in a row, 27 days are the same.
    """
    count, free = 0, 0
    for day in sorted({each.made_at.toordinal() for each in outcomes}):
        if day >= free:
            count, free = count + 1, day + horizon
    return count
