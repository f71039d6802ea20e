"""The timer: APScheduler, with every one of its defaults made explicit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from agent.ports import Clock

log = structlog.get_logger()

# Spreads what has the same interval, so that not all databases are asked at once.
_JITTER = 0.1
_LONGEST_JITTER = timedelta(seconds=5)


class Timer:
    """Calls functions at intervals, each kind in a bounded pool of threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._scheduler.add_listener(self._overrun, EVENT_JOB_MAX_INSTANCES)
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._patient: set[str] = set()

    def start(self) -> None:
        self._scheduler.start()

    def add_pool(self, name: str, *, threads: int) -> None:
        self._pools[name] = ThreadPoolExecutor(
            threads, pool_kwargs={"thread_name_prefix": name}
        )
        self._scheduler.add_executor(self._pools[name], name)

    def remove_pool(self, name: str) -> None:
        """Let a pool finish what it is at; nobody waits for it."""
        self._scheduler.remove_executor(name, shutdown=False)
        self._pools.pop(name).shutdown(wait=False)

    def every(
        self,
        interval: timedelta,
        call: Callable[[], None],
        *,
        name: str,
        pool: str,
        patient: bool = False,
    ) -> None:
        """Call at once and then at each interval; `name` replaces one of that name.

        A tick that comes late is run late, several late ones are run as one, and a
        tick whose predecessor is still at work is skipped: `patient` ones silently.
        """
        (self._patient.add if patient else self._patient.discard)(name)
        self._scheduler.add_job(
            _guarded(call, name),
            IntervalTrigger(jitter=_jitter(interval), **_exactly(interval)),
            id=name,
            executor=pool,
            replace_existing=True,
            next_run_time=self._clock.now(),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def soon(self, call: Callable[[], None], *, name: str, pool: str) -> None:
        """Call once, now, in a thread of the pool."""
        self._scheduler.add_job(
            _guarded(call, name),
            id=name,
            executor=pool,
            replace_existing=True,
            misfire_grace_time=None,
            max_instances=1,
        )

    def cancel(self, name: str) -> None:
        """Tick no more; a call under way goes on. Unknown names are fine."""
        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            log.debug("tick_already_gone", tick=name)

    def _overrun(self, event: JobSubmissionEvent) -> None:
        if event.job_id not in self._patient:
            reason = "the one before still runs"
            log.warning("tick_skipped", tick=event.job_id, reason=reason)

    def stop(self, *, within: timedelta) -> bool:
        """Stop ticking; tell whether all calls under way ended in time."""
        self._scheduler.shutdown(wait=False)
        deadline = self._clock.monotonic() + within.total_seconds()
        for thread in threading.enumerate():
            if thread.name.startswith(tuple(f"{pool}_" for pool in self._pools)):
                thread.join(max(0.0, deadline - self._clock.monotonic()))
                if thread.is_alive():
                    return False
        return True


def _exactly(interval: timedelta) -> dict[str, Any]:
    """Fractions of a second too: the untyped trigger takes them in `seconds`."""
    return {"seconds": interval.total_seconds()}


def _jitter(interval: timedelta) -> float:
    return min(interval * _JITTER, _LONGEST_JITTER).total_seconds()


def _guarded(call: Callable[[], None], name: str) -> Callable[[], None]:
    """The one place where any exception is caught: a bug must not end the ticks."""

    def guarded() -> None:
        try:
            call()
        except Exception:
            log.exception("tick_failed", tick=name)

    return guarded
