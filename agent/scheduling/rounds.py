"""Rounds of sampling: databases are found, sampled at intervals, and lost again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock

import structlog

from agent.domain.status import DatabaseStatus
from agent.errors import AgentError
from agent.ports import Clock, Sink
from agent.scheduling.timer import Timer
from agent.services.recording import Recorder
from agent.services.sampling import Sampler, unread
from agent.services.surveying import Target, discover

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often every database is looked at, and how many of a server at once."""

    interval: timedelta
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rounds of all servers have in common."""

    timer: Timer
    clock: Clock
    sinks: Sequence[Sink]
    recorder: Recorder
    round_done: Callable[[str], None]


class Rounds:
    """The rounds of all servers; each has threads of its own, so that none waits."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._servers: dict[str, ServerRounds] = {}

    def apply(self, targets: Sequence[Target], pace: Pace) -> None:
        """Begin, change and end rounds until they are what the configuration says."""
        wanted = {target.server.name: target for target in targets}
        for name in self._servers.keys() - wanted.keys():
            self._servers.pop(name).end()
        for name, target in wanted.items():
            before = self._servers.get(name)
            shown = before.leave() if before else frozenset()
            self._servers[name] = ServerRounds(
                target, pace, self._surroundings, shown=shown
            )
            self._servers[name].begin()


class ServerRounds:
    """Finds the databases of one server and samples each at its own ticks."""

    def __init__(
        self,
        target: Target,
        pace: Pace,
        surroundings: Surroundings,
        *,
        shown: frozenset[str] = frozenset(),
    ) -> None:
        """`shown` are databases that the sinks know from an earlier configuration."""
        self._target = target
        self._pace = pace
        self._around = surroundings
        self._lock = Lock()
        self._shown = shown
        self._sampled: frozenset[str] = frozenset()
        self._awaited: frozenset[str] | None = None
        self._errors: dict[str, str | None] = {}
        self._server_error: str | None = None
        self._ended = False

    @property
    def name(self) -> str:
        return self._target.server.name

    def begin(self) -> None:
        self._around.timer.add_pool(self._pool, threads=self._pace.concurrency)
        self._around.timer.every(
            self._pace.interval,
            self._look,
            name=f"discover {self.name}",
            pool=self._pool,
        )

    def leave(self) -> frozenset[str]:
        """Stop ticking, but leave on the sinks what is there; tell what that is."""
        with self._lock:
            self._ended = True
            sampled, shown = self._sampled, self._shown
        self._around.timer.cancel(f"discover {self.name}")
        for datname in sampled:
            self._around.timer.cancel(self._tick(datname))
        self._around.timer.remove_pool(self._pool)
        return shown

    def end(self) -> None:
        for datname in self.leave():
            self._forget(datname)

    def _look(self) -> None:
        """The discovery tick."""
        server = self._target.server
        try:
            found = discover(self._target)
        except AgentError as error:
            self._server_failed(str(error))
            return
        self._note_server_error(None)
        self._adopt(frozenset(name or server.default_database for name in found))

    def _adopt(self, found: frozenset[str]) -> None:
        """Sample what is new, and forget what is gone."""
        with self._lock:
            if self._ended:
                return
            new, gone = found - self._sampled, self._shown - found
            self._sampled = self._shown = found
            self._awaited = found if self._awaited is None else self._awaited & found
        for datname in sorted(gone):
            self._around.timer.cancel(self._tick(datname))
            self._forget(datname)
            log.info("database_gone", server=self.name, database=datname)
        for datname in sorted(new):
            log.info("database_found", server=self.name, database=datname)
            self._begin_sampling(datname)
        self._count_round()

    def _begin_sampling(self, datname: str) -> None:
        sampler = Sampler(
            self._target.server,
            datname,
            plan=self._target.plan,
            clock=self._around.clock,
            tracker=self._around.recorder.tracker(self.name, datname),
        )
        self._around.timer.every(
            self._pace.interval,
            partial(self._sample, sampler, datname),
            name=self._tick(datname),
            pool=self._pool,
        )

    def _sample(self, sampler: Sampler, datname: str) -> None:
        """The sampling tick of one database."""
        status = self._sampled_safely(sampler, datname)
        self._note_error(datname, status.error)
        self._publish(status)
        with self._lock:
            if self._awaited is not None:
                self._awaited -= {datname}
        self._count_round()

    def _sampled_safely(self, sampler: Sampler, datname: str) -> DatabaseStatus:
        try:
            return sampler.sample()
        except Exception as error:
            # A fault of the agent's own must not leave the last status standing.
            log.exception("sampling_failed", server=self.name, database=datname)
            return self._unread(datname, f"internal error: {error!r}")

    def _server_failed(self, error: str) -> None:
        """Without a list of databases, show the failure at the DSN's own database."""
        self._note_server_error(error)
        with self._lock:
            known = bool(self._sampled) or self._ended
            if not known:
                self._shown |= {self._target.server.default_database}
        if not known:
            self._publish(self._unread(self._target.server.default_database, error))
            self._around.round_done(self.name)

    def _unread(self, datname: str, error: str) -> DatabaseStatus:
        return unread(
            self._target.server, datname, clock=self._around.clock, error=error
        )

    def _publish(self, status: DatabaseStatus) -> None:
        if self._is_shown(status.datname):
            for sink in self._around.sinks:
                sink.publish(status)
            # It may have gone while it was being published.
            if not self._is_shown(status.datname):
                self._forget(status.datname)

    def _is_shown(self, datname: str) -> bool:
        with self._lock:
            return datname in self._shown and not self._ended

    def _forget(self, datname: str) -> None:
        self._errors.pop(datname, None)
        self._around.recorder.forget(self.name, datname)
        for sink in self._around.sinks:
            sink.forget(self.name, datname)

    def _count_round(self) -> None:
        with self._lock:
            complete = self._awaited is not None and not self._awaited
        if complete:
            self._around.round_done(self.name)

    def _note_error(self, datname: str, error: str | None) -> None:
        """Log a failure when it begins, changes or ends, not at every tick."""
        if error == self._errors.get(datname):
            return
        self._errors[datname] = error
        if error is None:
            log.info("database_readable", server=self.name, database=datname)
        else:
            log.warning(
                "database_unreadable", server=self.name, database=datname, error=error
            )

    def _note_server_error(self, error: str | None) -> None:
        if error == self._server_error:
            return
        self._server_error = error
        if error is None:
            log.info("server_readable", server=self.name)
        else:
            log.warning("server_unreadable", server=self.name, error=error)

    def _tick(self, datname: str) -> str:
        return f"sample {self.name}/{datname}"

    @property
    def _pool(self) -> str:
        return f"server {self.name}"
