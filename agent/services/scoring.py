"""Lets the forecasts of one database be held against what came, once a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from agent.domain.consumption.buckets import day_of, hour_of
from agent.domain.consumption.tracks import Track
from agent.domain.forecasting.forecast import predictions
from agent.domain.forecasting.scoring import (
    HORIZONS,
    UNSCORED,
    Prediction,
    Scorecard,
    chosen,
    due,
    memory,
    scorecards,
    scored,
    stretch_of,
)

_ByName = Mapping[tuple[str, str], Track]
_MOVED_WITHIN = timedelta(days=7)


class Scorer:
    """Keeps the predictions that count, and the scores that follow from them."""

    def __init__(self, seed_of: Callable[[Track], int]) -> None:
        self._seed_of = seed_of
        self._predictions: tuple[Prediction, ...] = ()
        self._unwritten: tuple[Prediction, ...] = ()
        self._day: int | None = None
        self.cards: Mapping[int, Scorecard] = dict.fromkeys(HORIZONS, UNSCORED)
        self.stretch = stretch_of(self.cards)

    def resume(self, stored: Iterable[Prediction]) -> None:
        """Take over what was predicted before the start."""
        self._predictions = (*stored, *self._predictions)
        newest = max((p.made_at for p in self._predictions), default=None)
        self._day = None if newest is None else day_of(newest)
        self._learn()

    def daily(self, tracks: Iterable[Track], now: datetime) -> None:
        """Score what is due and predict anew, if this was not done today."""
        if self._day == day_of(now):
            return
        self._day = day_of(now)
        by_name = {track.key: track for track in tracks}
        came = tuple(self._scored(by_name, now))
        made = tuple(self._made(by_name, now))
        settled = {_identity(p) for p in came}
        kept = [
            p
            for p in self._predictions
            if _identity(p) not in settled and p.due_at + memory(p.horizon) > now
        ]
        self._predictions = (*kept, *came, *made)
        self._unwritten += (*came, *made)
        self._learn()

    def changes(self) -> tuple[Prediction, ...]:
        """What is to be stored since this was last asked."""
        changed, self._unwritten = self._unwritten, ()
        return changed

    def unstored(self, lost: Iterable[Prediction]) -> None:
        """Take back what `changes` gave, for it could not be written."""
        self._unwritten = (*lost, *self._unwritten)

    def _learn(self) -> None:
        self.cards = scorecards(self._predictions)
        self.stretch = stretch_of(self.cards)

    def _scored(self, tracks: _ByName, now: datetime) -> Iterator[Prediction]:
        for each in due(self._predictions, now):
            track = tracks.get((each.schema, each.name))
            if track is not None:
                yield scored(each, _consumed_by(track, each.due_at, now))

    def _made(self, tracks: _ByName, now: datetime) -> Iterator[Prediction]:
        moving = (k for k, t in tracks.items() if t.per_second(_MOVED_WITHIN, now))
        for schema, name in chosen(moving):
            track = tracks[schema, name]
            found = predictions(track.history(now), seed=self._seed_of(track)) or {}
            for horizon, (p10, p50, p90) in found.items():
                yield Prediction(
                    schema=schema,
                    name=name,
                    made_at=now,
                    horizon=horizon,
                    consumed=track.consumed,
                    p10=p10,
                    p50=p50,
                    p90=p90,
                )


def _identity(prediction: Prediction) -> tuple[object, ...]:
    return (
        prediction.schema,
        prediction.name,
        prediction.made_at,
        prediction.horizon,
    )


def _consumed_by(track: Track, at: datetime, now: datetime) -> int:
    """Good to an hour: the round after the due time may come late."""
    since = hour_of(at) + 1
    return track.consumed - track.buckets.calls_since(since, until=hour_of(now))
