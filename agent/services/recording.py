"""Keeps the trackers of all databases, and writes down what they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

import structlog

from agent.errors import HistoryError
from agent.ports import Chapter, Clock, History
from agent.services.backoff import Backoff
from agent.services.tracking import Tracker

log = structlog.get_logger()

_A_DAY = timedelta(days=1).total_seconds()
_Key = tuple[str, str]


@dataclass(slots=True)
class _Volume:
    """A tracker, whether its past was read, and up to which round it is written."""

    tracker: Tracker
    read: bool = False
    written_to: datetime | None = None
    leaving: bool = False
    reading: Lock = field(default_factory=Lock)


class Recorder:
    """Hands out trackers that know their past, and stores what is new at each tick.

    Without its history the agent goes on: what is not written is kept and written
    later, what could not be read is put in front when it can.
    """

    def __init__(
        self, history: History, *, clock: Clock, on_failure: Callable[[], None]
    ) -> None:
        self._history = history
        self._clock = clock
        self._on_failure = on_failure
        self._lock = Lock()
        self._writing = Lock()
        self._volumes: dict[_Key, _Volume] = {}
        self._error: str | None = None
        self._backoff = Backoff(clock)
        self._pruned_at: float | None = None

    def tracker(self, server: str, datname: str) -> Tracker:
        """The tracker of a database; what is stored of it is read now, if it can be."""
        with self._lock:
            volume = self._volumes.setdefault(
                (server, datname), _Volume(Tracker(server, datname))
            )
            volume.leaving = False
            broken = self._error is not None
        if not broken:  # otherwise every new database would wait for the deadline
            try:
                self._read(volume)
            except HistoryError as error:
                self._failed(str(error))
        return volume.tracker

    def forget(self, server: str, datname: str) -> None:
        """Let a database go when all that is known of it is written."""
        with self._lock:
            volume = self._volumes.get((server, datname))
            if volume is not None:
                volume.leaving = True

    def write(self, *, last: bool = False) -> None:
        """Store what is new of all databases, as far as that succeeds.

        After a failure the next tries are put off, but for the `last` one of all.
        """
        with self._writing:
            if not (last or self._backoff.over):
                return
            with self._lock:
                volumes = list(self._volumes.values())
            try:
                for volume in volumes:
                    self._read(volume)
                    self._write(volume)
                self._prune()
            except HistoryError as error:
                # The next one would fail too, after as long a wait.
                self._failed(str(error))
            else:
                self._worked()
            self._drop_left()

    def _read(self, volume: _Volume) -> None:
        with volume.reading:
            if not volume.read:
                tracker = volume.tracker
                chapter = self._history.load(tracker.server, tracker.datname)
                tracker.resume(chapter)
                volume.read = True

    def _write(self, volume: _Volume) -> None:
        tracker = volume.tracker
        chapter, seen_at = tracker.changes()
        if seen_at is None or (seen_at == volume.written_to and chapter == Chapter()):
            return
        try:
            self._history.save(
                tracker.server, tracker.datname, chapter, seen_at=seen_at
            )
        except BaseException:
            tracker.unstored(chapter)
            raise
        volume.written_to = seen_at

    def _prune(self) -> None:
        """Once after the start, and each time that a day has passed.

        Not when the calendar says so: what a clock that is wrong for a while takes to
        be old would be lost.
        """
        now = self._clock.monotonic()
        if self._pruned_at is None or now - self._pruned_at >= _A_DAY:
            self._history.prune(self._clock.now())
            self._pruned_at = now

    def _drop_left(self) -> None:
        with self._lock:
            self._volumes = {
                key: volume
                for key, volume in self._volumes.items()
                if not (volume.leaving and volume.written_to == volume.tracker.seen_at)
            }

    def _failed(self, error: str) -> None:
        """Count every failure, and log one that is new."""
        self._on_failure()
        self._backoff.failed()
        if self._error is None:
            log.warning("history_failed", error=error)
        self._error = error

    def _worked(self) -> None:
        if self._error is not None:
            log.info("history_works_again")
        self._error = None
        self._backoff.worked()
