"""From a configuration to when its sequences run out, and how that was foretold before.

What the agent has stored is read and never written; the agent may run meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agent.bootstrap.targets import CLOCK, judged, servers_from_config
from agent.config import Config, secrets
from agent.domain.consumption.records import Record
from agent.domain.consumption.tracks import Track
from agent.domain.forecasting.scoring import Prediction
from agent.domain.pace import Thresholds
from agent.domain.sequences import SequenceDefinition
from agent.domain.status import DatabaseStatus
from agent.history.stored import StoredHistory
from agent.ports import Chapter
from agent.services import surveying
from agent.services.surveying import Progress
from agent.services.tracking import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What was stored of a database, and the tracker that goes on from there."""

    stored: Chapter
    tracker: Tracker


class Lookout:
    """One look at the databases of a configuration, each in front of its stored past."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        thresholds: Thresholds | None = None,
    ) -> None:
        """`thresholds` are those of the configuration, unless there are others.

        Raises SecretUnreadableError where the history's URL cannot be read.
        """
        targets = servers_from_config(config, environ)
        self._targets = judged(targets, thresholds) if thresholds else targets
        self._concurrency = config.sampling.concurrency
        self._history = StoredHistory(secrets.history_url(config.history).reveal())
        self._stored: frozenset[tuple[str, str]] = frozenset()
        self._pasts: dict[tuple[str, str], _Past] = {}

    @property
    def place(self) -> str:
        """Where the history is."""
        return self._history.place

    def look(self, progress: Progress) -> tuple[DatabaseStatus, ...]:
        """Raises HistoryError, before any server is asked if nothing can be read."""
        self._stored = frozenset(self._history.databases())
        return surveying.survey(
            self._targets,
            clock=CLOCK,
            concurrency=self._concurrency,
            progress=progress,
            tracker_of=self._tracker,
        )

    def remembers(self, database: DatabaseStatus) -> bool:
        return (database.server, database.datname) in self._stored

    def track(
        self, database: DatabaseStatus, sequence: SequenceDefinition
    ) -> Track | None:
        """All that is known of a sequence's consumption; None if it was never read."""
        past = self._pasts[database.server, database.datname]
        seen, _ = past.tracker.changes()
        stored = {(r.schema, r.name): r for r in past.stored.records}
        record = _joined(
            stored,
            {(r.schema, r.name): r for r in seen.records},
            (sequence.schema, sequence.name),
        )
        return None if record is None else Track(record)

    def _tracker(self, server: str, datname: str) -> Tracker:
        tracker, chapter = Tracker(server, datname), Chapter()
        if (server, datname) in self._stored:
            chapter = self._history.load(server, datname)
            tracker.resume(chapter)
        self._pasts[server, datname] = _Past(stored=chapter, tracker=tracker)
        return tracker


_ByName = Mapping[tuple[str, str], Record]


def _joined(stored: _ByName, seen: _ByName, key: tuple[str, str]) -> Record | None:
    """What was seen has the days that changed; all others are those that are stored."""
    new = seen.get(key)
    if new is None:
        return stored.get(key)
    old = stored.get(new.previous or key)
    if old is None or old.since != new.since:  # another one had this name
        return new
    days = {each.day: each for each in (*old.days, *new.days)}
    return replace(new, days=tuple(days.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What was predicted of one database."""

    server: str
    datname: str
    predictions: tuple[Prediction, ...]


class Annals:
    """What the agent of a configuration predicted; no server is asked."""

    def __init__(self, config: Config) -> None:
        self._admitted = {each.name: each.databases for each in config.servers}
        self._history = StoredHistory(secrets.history_url(config.history).reveal())

    @property
    def place(self) -> str:
        """Where the history is."""
        return self._history.place

    def databases(self) -> Iterator[Foretold]:
        """Those that are stored and that the configuration still names."""
        for server, datname in self._history.databases():
            databases = self._admitted.get(server)
            if databases is not None and databases.admits(datname):
                yield Foretold(
                    server=server,
                    datname=datname,
                    predictions=self._history.load(server, datname).predictions,
                )
