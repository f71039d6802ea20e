"""The ticks of jobs: each is run at its time, or written down as missed; none is caught up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Protocol

import structlog

from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import SCHEDULED, Early, Outcome, Tick
from agent.domain.schedules.missed import why_missed
from agent.domain.schedules.ticks import Schedule, next_ticks, schedule_text
from agent.errors import AgentError
from agent.ports import Clock
from agent.scheduling.scheduled import Attention, ScheduledJob
from agent.scheduling.standing import ServerClock, Standing
from agent.scheduling.telling import Findings, tell
from agent.scheduling.timer import Timer

log = structlog.get_logger()

# A run that was lost is to be known within a minute.
_ATTENDED = timedelta(seconds=15)
_TIDIED = timedelta(hours=6)


class JobSink(Protocol):
    """Whatever shows what becomes of jobs."""

    def known(self, jobs: Sequence[ScheduledJob]) -> None: ...
    def next_run(self, job: str, at: datetime | None) -> None: ...
    def attended(self, job: ScheduledJob, attention: Attention) -> None: ...
    def missed(self, job: str, count: int) -> None: ...
    def skipped(self, job: str) -> None: ...
    def ended(self, job: str, outcome: Outcome, *, seconds: float) -> None: ...


class Jobs:
    """Looks every second which ticks are due; each job runs in a thread of its own."""

    def __init__(self, *, timer: Timer, clock: Clock, sink: JobSink) -> None:
        self._timer = timer
        self._clock = clock
        self._sink = sink
        self._lock = Lock()
        self._standings: dict[str, Standing] = {}
        self._findings = Findings()
        self._started_at: float | None = clock.monotonic()

    def apply(
        self, jobs: Sequence[ScheduledJob], *, unchanged_for: timedelta = timedelta()
    ) -> None:
        """Take over a configuration that has stood in its file for so long, at least.

        A job that is new, resumed or another one begins now; what was there when the
        agent started goes on where the ledger says, but not before it was written.
        """
        now = self._clock.monotonic()
        wanted = {job.name: job for job in jobs}
        with self._lock:
            gone = self._standings.keys() - wanted.keys()
            new = wanted.keys() - self._standings.keys()
            for name in gone:
                del self._standings[name]
            for name, standing in self._standings.items():
                standing.replace(wanted[name], now)
            for name in new:
                self._standings[name] = self._begun(wanted[name], now, unchanged_for)
            self._started_at = None
        self._sink.known(jobs)
        for name in gone:
            self._timer.remove_pool(_pool(name))
        for name in new:
            self._timer.add_pool(_pool(name), threads=2)
            self._every(_TIDIED, self._tidy, f"tidy {name}", job=name)
        for name in wanted:
            # At once for all of them: where a server is may have changed too.
            self._every(_ATTENDED, self._attend, f"attend {name}", job=name)

    def _every(
        self, interval: timedelta, call: Callable[[str], None], name: str, *, job: str
    ) -> None:
        self._timer.every(
            interval, partial(call, job), name=name, pool=_pool(job), patient=True
        )

    def _begun(
        self, job: ScheduledJob, now: float, unchanged_for: timedelta
    ) -> Standing:
        clock = ServerClock(shown=self._clock.now(), at=self._clock.monotonic())
        if self._started_at is None:
            return Standing(job, clock=clock, begun=now)
        unchanged_since = now - unchanged_for.total_seconds()
        return Standing(
            job, clock=clock, begun=self._started_at, unchanged_since=unchanged_since
        )

    def look(self) -> None:
        """The tick of ticks: start what is due, and say what comes next."""
        with self._lock:
            standings = list(self._standings.values())
        for standing in standings:
            self._look_at(standing)

    def _look_at(self, standing: Standing) -> None:
        with self._lock:
            monotonic = self._clock.monotonic()
            job, now = standing.job, standing.now(monotonic)
            due = standing.look(monotonic)
        schedule = job.live
        following = next_ticks(schedule, now, 1) if schedule else ()
        self._sink.next_run(job.name, following[0] if following else None)
        if schedule is None:
            return
        reasons = why_missed(due, now=now, start_deadline=job.start_deadline)
        self._miss(job, reasons, due.missed_count)
        if due.run is not None:
            self._start(standing, job, _tick(job, schedule, due.run))

    def _start(self, standing: Standing, job: ScheduledJob, tick: Tick) -> None:
        if standing.busy:
            reason = "the run before was still at work"
            self._sink.skipped(tick.job)
            log.warning("job_skipped", job=tick.job, tick=str(tick.scheduled_for))
            call = partial(self._note, job, tick, Status.SKIPPED, reason)
        else:
            standing.busy = True
            call = partial(self._run, standing, job, tick)
        self._soon(job, f"tick {tick.scheduled_for}", call)

    def _run(self, standing: Standing, job: ScheduledJob, tick: Tick) -> None:
        begun = self._clock.monotonic()
        try:
            with self._lock:
                start_by = standing.start_by(tick)
                in_force = self._standings.get(job.name) is standing
            if not (in_force and standing.job.same_as(job)):
                return  # It was suspended, changed or taken away just now.
            outcome = job.target.run(tick, start_by=start_by)
        finally:
            standing.busy = False
        ended = self._clock.monotonic()
        if isinstance(outcome, Early):
            with self._lock:
                standing.early(tick, outcome.ahead, ended)
        self._sink.ended(tick.job, outcome, seconds=ended - begun)
        tell(tick, outcome, seconds=ended - begun)

    def _attend(self, name: str) -> None:
        """Look after what is left of earlier runs, and how the target is armed."""
        with self._lock:
            standing = self._standings.get(name)
            if standing is None:
                return
            job = standing.job
        try:
            attention = job.target.attend(job.name)
        except AgentError as error:
            self._findings.unreadable(job, str(error))
            with self._lock:
                standing.unreachable()
            return
        with self._lock:
            standing.attended(attention)
            reasons, count = standing.absent_ticks(self._clock.monotonic())
        self._findings.attended(job, attention)
        self._miss(job, reasons, count)
        self._sink.attended(job, attention)

    def _tidy(self, name: str) -> None:
        """Shorten the ledger; where that fails, it is tried again in some hours."""
        with self._lock:
            standing = self._standings.get(name)
        if standing is None:
            return
        try:
            standing.job.target.tidy()
        except AgentError as error:
            log.debug("ledger_not_shortened", job=name, error=str(error))

    def _miss(
        self, job: ScheduledJob, reasons: Mapping[datetime, str], count: int
    ) -> None:
        """Count so many ticks, and have the newest written down, each with its reason."""
        if count:
            log.warning("ticks_missed", job=job.name, count=count)
            self._sink.missed(job.name, count)
            call = partial(self._note_missed, job, reasons)
            self._soon(job, f"missed until {max(reasons)}", call)

    def _note_missed(self, job: ScheduledJob, reasons: Mapping[datetime, str]) -> None:
        for at, reason in reasons.items():
            if job.live is not None:
                self._note(job, _tick(job, job.live, at), Status.MISSED, reason)

    def _note(self, job: ScheduledJob, tick: Tick, status: Status, reason: str) -> None:
        try:
            job.target.note(tick, status, reason)
        except AgentError as error:
            log.warning("tick_not_recorded", job=job.name, error=str(error))

    def _soon(self, job: ScheduledJob, what: str, call: Callable[[], None]) -> None:
        self._timer.soon(call, name=f"{job.name}: {what}", pool=_pool(job.name))


def _tick(job: ScheduledJob, schedule: Schedule, at: datetime) -> Tick:
    return Tick(
        job=job.name,
        trigger=SCHEDULED,
        scheduled_for=at,
        schedule=schedule_text(schedule),
    )


def _pool(job: str) -> str:
    return f"job {job}"
