"""The ticks of jobs: each is run at its time, or written down as missed; none is caught up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Protocol

import structlog

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import (
    SCHEDULED,
    Done,
    Early,
    Failed,
    Outcome,
    Taken,
    Tick,
    Uncertain,
)
from agent.domain.schedules.ticks import Schedule, due, next_ticks, schedule_text
from agent.errors import AgentError
from agent.ports import Clock
from agent.scheduling.timer import Timer

log = structlog.get_logger()

_ATTENDED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What the target of a job says between runs; None is not known.

    `lost` are ticks that were just found to have been given up.
    """

    armed_until: datetime | None
    last_success: datetime | None
    last_scheduled: RunRecord | None
    lost: int


class JobTarget(Protocol):
    """The database that a job is about."""

    def attend(self, job: str) -> Attention: ...
    def note(self, tick: Tick, status: Status, reason: str) -> None: ...
    def run(self, tick: Tick) -> Outcome: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job as the configuration has it; without a schedule it runs only by hand."""

    name: str
    server: str
    database: str
    schedule: Schedule | None
    start_deadline: timedelta
    suspended: bool
    target: JobTarget

    @property
    def live(self) -> Schedule | None:
        """The schedule, unless nothing is to start by it."""
        return None if self.suspended else self.schedule


class JobSink(Protocol):
    """Whatever shows what becomes of jobs."""

    def known(self, jobs: Sequence[ScheduledJob]) -> None: ...
    def next_run(self, job: str, at: datetime | None) -> None: ...
    def attended(self, job: ScheduledJob, attention: Attention) -> None: ...
    def missed(self, job: str, count: int) -> None: ...
    def skipped(self, job: str) -> None: ...
    def ended(self, job: str, outcome: Outcome, *, seconds: float) -> None: ...


@dataclass(slots=True)
class _State:
    """A job, since when its ticks count, and whether it is at work.

    `since` is None until the ledger was asked, once after the start of the agent.
    """

    job: ScheduledJob
    since: datetime | None
    busy: bool = False
    error: str | None = None


class Jobs:
    """Looks every second which ticks are due; each job runs in a thread of its own."""

    def __init__(self, *, timer: Timer, clock: Clock, sink: JobSink) -> None:
        self._timer = timer
        self._clock = clock
        self._sink = sink
        self._lock = Lock()
        self._states: dict[str, _State] = {}
        self._begun_at = clock.now()
        self._begun = False

    def apply(self, jobs: Sequence[ScheduledJob]) -> None:
        """Take over a configuration. A new, changed or resumed schedule begins now."""
        now = self._clock.now()
        wanted = {job.name: job for job in jobs}
        with self._lock:
            for name in self._states.keys() - wanted.keys():
                del self._states[name]
                self._timer.cancel(f"attend {name}")
                self._timer.remove_pool(_pool(name))
            new = [job for name, job in wanted.items() if name not in self._states]
            for name, state in self._states.items():
                if wanted[name].live != state.job.live:
                    state.since = now
                state.job = wanted[name]
            for job in new:
                self._states[job.name] = _State(job, now if self._begun else None)
        self._sink.known(jobs)
        for job in new:
            self._timer.add_pool(_pool(job.name), threads=2)
            self._timer.every(
                _ATTENDED,
                partial(self._attend, job.name),
                name=f"attend {job.name}",
                pool=_pool(job.name),
                patient=True,
            )
        self._begun = True

    def look(self) -> None:
        """The tick of ticks: start what is due, and say what comes next."""
        now = self._clock.now()
        with self._lock:
            states = list(self._states.values())
        for state in states:
            self._look_at(state, now)

    def _look_at(self, state: _State, now: datetime) -> None:
        job, schedule = state.job, state.job.live
        following = next_ticks(schedule, now, 1) if schedule else ()
        self._sink.next_run(job.name, following[0] if following else None)
        if schedule is None or state.since is None:
            return
        found = due(
            schedule, now=now, since=state.since, start_deadline=job.start_deadline
        )
        # A clock that was set back must not bring the same ticks again.
        state.since = max(state.since, now)
        if found.missed_count:
            log.warning("ticks_missed", job=job.name, count=found.missed_count)
            self._sink.missed(job.name, found.missed_count)
            call = partial(self._note_missed, job, schedule, found.missed)
            self._soon(job, "missed", call)
        if found.run is not None:
            self._start(state, _tick(job, schedule, found.run))

    def _start(self, state: _State, tick: Tick) -> None:
        if state.busy:
            reason = "the run before was still at work"
            self._sink.skipped(tick.job)
            log.warning("job_skipped", job=tick.job, tick=str(tick.scheduled_for))
            call = partial(self._note, state.job, tick, Status.SKIPPED, reason)
        else:
            state.busy = True
            call = partial(self._run, state, tick)
        self._soon(state.job, f"tick {tick.scheduled_for}", call)

    def _run(self, state: _State, tick: Tick) -> None:
        started = self._clock.monotonic()
        try:
            outcome = state.job.target.run(tick)
        finally:
            state.busy = False
        seconds = self._clock.monotonic() - started
        self._sink.ended(tick.job, outcome, seconds=seconds)
        tell(tick, outcome, seconds=seconds)

    def _note_missed(
        self, job: ScheduledJob, schedule: Schedule, missed: Sequence[datetime]
    ) -> None:
        late = f"could not start within {job.start_deadline}"
        for at in missed:
            self._note(job, _tick(job, schedule, at), Status.MISSED, late)

    def _note(self, job: ScheduledJob, tick: Tick, status: Status, reason: str) -> None:
        try:
            job.target.note(tick, status, reason)
        except AgentError as error:
            log.warning("tick_not_recorded", job=job.name, error=str(error))

    def _attend(self, name: str) -> None:
        """Look after what is left of earlier runs, and how the target is armed."""
        with self._lock:
            state = self._states.get(name)
        if state is None:
            return
        attention = self._attention(state)
        if state.since is None:
            state.since = _resumed(state.job, attention) or self._begun_at
        if attention is not None:
            self._sink.attended(state.job, attention)

    def _attention(self, state: _State) -> Attention | None:
        try:
            attention = state.job.target.attend(state.job.name)
        except AgentError as error:
            if state.error != str(error):
                log.warning("target_unreadable", job=state.job.name, error=str(error))
            state.error = str(error)
            return None
        if attention.lost:
            log.error("runs_lost", job=state.job.name, count=attention.lost)
        state.error = None
        return attention

    def _soon(self, job: ScheduledJob, what: str, call: Callable[[], None]) -> None:
        self._timer.soon(call, name=f"{job.name}: {what}", pool=_pool(job.name))


def tell(tick: Tick, outcome: Outcome, *, seconds: float) -> None:
    """Log how a run ended, with the figures of the ledger."""
    if isinstance(outcome, Taken):
        log.debug("tick_taken", job=tick.job, tick=str(tick.scheduled_for))
        return
    if isinstance(outcome, Early):
        ahead = f"this agent's clock is {outcome.ahead} ahead of the server's"
        log.warning(
            "tick_early", job=tick.job, tick=str(tick.scheduled_for), reason=ahead
        )
        return
    told = {
        "job": tick.job,
        "run_id": str(outcome.run_id),
        "tick": str(tick.scheduled_for),
        "outcome": outcome.status.value,
        "attempts": outcome.attempts,
        "seconds": round(seconds, 3),
    }
    if isinstance(outcome, Done):
        log.info(
            "job_finished",
            rows=outcome.rows_removed,
            sequences=len(outcome.after.values),
            **told,
        )
    else:
        level = log.error if isinstance(outcome, Failed | Uncertain) else log.warning
        level("job_not_done", reason=outcome.reason, **told)


def _resumed(job: ScheduledJob, attention: Attention | None) -> datetime | None:
    """The newest tick of this very schedule; another one fires nothing of the past."""
    record = attention.last_scheduled if attention else None
    if record is None or job.live is None or record.before is None:
        return None
    same = record.before.get("schedule") == schedule_text(job.live)
    return record.scheduled_for if same else None


def _tick(job: ScheduledJob, schedule: Schedule, at: datetime) -> Tick:
    return Tick(
        job=job.name,
        trigger=SCHEDULED,
        scheduled_for=at,
        schedule=schedule_text(schedule),
    )


def _pool(job: str) -> str:
    return f"job {job}"
