"""Rounds of one server: databases are found, sampled at intervals, and lost again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Lock

import structlog

from agent.domain.databases import Exclusion
from agent.domain.status import DatabaseStatus
from agent.errors import AgentError, RefusedError
from agent.scheduling.shown import Rejections, Shown
from agent.scheduling.surroundings import Pace, Surroundings
from agent.scheduling.troubles import Troubles
from agent.services.sampling import Sampler, unread
from agent.services.surveying import Discovery, Target, discover, expected

log = structlog.get_logger()


class ServerRounds:
    """Finds the databases of one server and samples each at its own ticks.

    A server that cannot be connected to is asked once in an interval, and none of its
    databases is tried meanwhile: all of them are shown as down.
    """

    def __init__(
        self,
        target: Target,
        pace: Pace,
        surroundings: Surroundings,
        *,
        shown: Shown,
    ) -> None:
        """`shown` is what the sinks know from an earlier configuration."""
        self._target = target
        self._pace = pace
        self._around = surroundings
        self._lock = Lock()
        self._shown = shown
        self._shown_before = shown.watched
        self._rejections = Rejections(surroundings.clock)
        self._sampled: frozenset[str] = frozenset()
        self._awaited: frozenset[str] | None = None
        self._troubles = Troubles(self.name)
        self._down = False
        self._ended = False
        self._looking = Lock()
        self._looked_at = float("-inf")

    @property
    def name(self) -> str:
        return self._target.server.name

    def begin(self) -> None:
        timer = self._around.timer
        timer.add_pool(self._pool, threads=self._pace.concurrency)
        # Apart: behind hundreds of databases that do not answer it would come too late.
        timer.add_pool(self._discovery, threads=1)
        timer.every(
            self._pace.interval,
            self._look,
            name=self._discovery,
            pool=self._discovery,
            patient=True,
        )

    def leave(self) -> Shown:
        """Stop ticking, but leave on the sinks what is there; tell what that is."""
        with self._lock:
            self._ended = True
            shown = self._shown
        self._around.timer.remove_pool(self._pool)
        self._around.timer.remove_pool(self._discovery)
        return shown

    def end(self) -> None:
        for datname in self.leave().all:
            self._forget(datname)

    def _look(self) -> None:
        """The discovery tick."""
        with self._looking:
            self._discover()

    def _answers(self, since: float) -> bool:
        """Whether the server itself could be asked after that moment."""
        with self._looking:
            if self._looked_at < since:
                self._discover()
            return not self._down

    def _discover(self) -> None:
        try:
            self._adopt(discover(self._target))
        except RefusedError as error:
            self._not_listed(str(error))
        except AgentError as error:
            self._server_failed(str(error))
        except Exception as error:
            # A fault of the agent's own must not leave the last status standing.
            log.exception("discovery_failed", server=self.name)
            self._server_failed(f"internal error: {error!r}")
        self._looked_at = self._around.clock.monotonic()

    def _adopt(self, discovery: Discovery) -> None:
        """Sample what is new, leave out what is to be, and forget what is gone."""
        self._troubles.of_server(None)
        with self._lock:
            if self._ended:
                return
            self._down = False
            before, sampled = self._shown, self._sampled
            shown = self._rejections.taken_out(discovery)
            self._shown, self._sampled = shown, shown.watched
            self._awaited = (
                shown.watched
                if self._awaited is None
                else self._awaited & shown.watched
            )
        for datname in sampled - shown.watched:
            self._around.timer.cancel(self._tick(datname))
        for datname in sorted(before.all - shown.all):
            self._forget(datname)
            log.info("database_gone", server=self.name, database=datname)
        for datname, exclusion in shown.excluded.items():
            if before.excluded.get(datname) is not exclusion:
                self._leave_out(datname, exclusion)
        self._begin_all(sorted(shown.watched - sampled))
        self._count_round()

    def _begin_all(self, datnames: Sequence[str]) -> None:
        """Sample these from now on; what fails unforeseen is tried at the next look."""
        left = set(datnames)
        try:
            for datname in datnames:
                log.info("database_found", server=self.name, database=datname)
                self._begin_sampling(datname)
                left.remove(datname)
        finally:
            with self._lock:
                self._sampled = self._sampled - left

    def _leave_out(self, datname: str, exclusion: Exclusion) -> None:
        log.info(
            "database_excluded",
            server=self.name,
            database=datname,
            reason=exclusion.words,
        )
        self._troubles.forget(datname)
        self._around.recorder.forget(self.name, datname)
        self._publish(self._unread(datname, exclusion=exclusion))

    def _reject(self, datname: str) -> None:
        """Leave alone for a while what pg_hba.conf does not let us into."""
        self._around.timer.cancel(self._tick(datname))
        with self._lock:
            self._rejections.add(datname)
            self._sampled = self._sampled.difference({datname})
            self._shown = self._shown.without(datname)
        self._leave_out(datname, Exclusion.PG_HBA)

    def _begin_sampling(self, datname: str) -> None:
        sampler = Sampler(
            self._target.server,
            datname,
            plan=self._target.plan,
            clock=self._around.clock,
            tracker=self._around.recorder.tracker(self.name, datname),
            needed=self._target.needs(datname) or datname in self._shown_before,
        )
        self._around.timer.every(
            self._pace.interval,
            partial(self._sample, sampler, datname),
            name=self._tick(datname),
            pool=self._pool,
        )

    def _sample(self, sampler: Sampler, datname: str) -> None:
        """The sampling tick of one database."""
        if self._down:
            return
        status = self._sampled_safely(sampler, datname)
        if status.error is not None and not self._is_its_own(datname, status.error):
            return
        self._troubles.of_database(datname, status.error)
        if status.exclusion is None:
            self._publish(status)
        else:
            self._reject(datname)
        with self._lock:
            if self._awaited is not None:
                self._awaited = self._awaited.difference({datname})
        self._count_round()

    def _sampled_safely(self, sampler: Sampler, datname: str) -> DatabaseStatus:
        try:
            return sampler.sample()
        except Exception as error:
            # A fault of the agent's own must not leave the last status standing.
            log.exception("sampling_failed", server=self.name, database=datname)
            return self._unread(datname, error=f"internal error: {error!r}")

    def _is_its_own(self, datname: str, error: str) -> bool:
        """Whether a failure is that of one database; that of a server is told once."""
        if self._troubles.is_new(datname, error):
            return self._answers(since=self._around.clock.monotonic())
        return not self._down

    def _not_listed(self, error: str) -> None:
        """The DSN's own database is refused to us; those that are known may not be."""
        with self._lock:
            known = bool(self._sampled)
            self._down = self._down and not known
        if known:
            self._troubles.of_server(error)
        else:
            self._server_failed(error)

    def _server_failed(self, error: str) -> None:
        """Show all that is known of the server as down."""
        self._troubles.of_server(error)
        with self._lock:
            if self._ended:
                return
            self._down = True
            if not self._shown.watched:
                named = frozenset(expected(self._target))
                self._shown = replace(self._shown, watched=named)
            watched = self._shown.watched
        for datname in sorted(watched):
            self._publish(self._unread(datname, error=error))
        self._around.round_done(self.name)

    def _unread(
        self,
        datname: str,
        *,
        error: str | None = None,
        exclusion: Exclusion | None = None,
    ) -> DatabaseStatus:
        return unread(
            self._target.server,
            datname,
            clock=self._around.clock,
            error=error,
            exclusion=exclusion,
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
            return datname in self._shown.all and not self._ended

    def _forget(self, datname: str) -> None:
        self._troubles.forget(datname)
        self._around.recorder.forget(self.name, datname)
        for sink in self._around.sinks:
            sink.forget(self.name, datname)

    def _count_round(self) -> None:
        with self._lock:
            complete = self._awaited is not None and not self._awaited
        if complete:
            self._around.round_done(self.name)

    def _tick(self, datname: str) -> str:
        return f"sample {self.name}/{datname}"

    @property
    def _pool(self) -> str:
        return f"server {self.name}"

    @property
    def _discovery(self) -> str:
        return f"discover {self.name}"
