"""The timer: APScheduler, with every one of its defaults made explicit."""

from __future__ import annotations

import threading
import time
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
from agent.scheduling.due import MonotonicJobStore

log = structlog.get_logger()

# Spreads what has the same interval, so that not all databases are asked at once.
_JITTER = 0.1
_LONGEST_JITTER = timedelta(seconds=5)
_LONGEST_SLEEP = timedelta(seconds=1)


class Timer:
    """Calls functions at intervals, each kind in a bounded pool of threads.

    Intervals are those of the monotonic clock: the other one may be set as it likes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MonotonicJobStore(clock)}, timezone="UTC"
        )
        self._stopped = threading.Event()
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._pools_change = threading.Lock()
        self._patient: set[str] = set()
        self._overrun: set[str] = set()

    def start(self) -> None:
        self._scheduler.start()
        threading.Thread(target=self._keep_awake, name="timer", daemon=True).start()

    def _keep_awake(self) -> None:
        """Let the scheduler look again soon, however long it means to sleep.

        It reckons by the wall clock, which may be set in between, and with some C
        libraries its very sleep is by that clock; that of `time.sleep` is not.
        """
        while not self._stopped.is_set():
            time.sleep(_LONGEST_SLEEP.total_seconds())
            self._scheduler.wakeup()

    def add_pool(self, name: str, *, threads: int) -> None:
        self._pools[name] = ThreadPoolExecutor(
            threads, pool_kwargs={"thread_name_prefix": name}
        )
        self._scheduler.add_executor(self._pools[name], name)

    def remove_pool(self, name: str) -> None:
        """Let a pool finish what it is at; nobody waits for it, and nothing more begins."""
        with self._pools_change:
            # APScheduler would look for the pool when their time comes.
            for job in self._scheduler.get_jobs():
                if job.executor == name:
                    self.cancel(job.id)
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
        trigger = IntervalTrigger(jitter=_jitter(interval), **_exactly(interval))
        self._add(call, trigger, name=name, pool=pool)

    def soon(self, call: Callable[[], None], *, name: str, pool: str) -> None:
        """Call once, now, in a thread of the pool."""
        self._add(call, None, name=name, pool=pool)

    def _add(
        self,
        call: Callable[[], None],
        trigger: IntervalTrigger | None,
        *,
        name: str,
        pool: str,
    ) -> None:
        """Nothing, where the pool was removed meanwhile."""
        with self._pools_change:
            if pool not in self._pools:
                log.debug("pool_gone", pool=pool, tick=name)
                return
            self._scheduler.add_job(
                self._guarded(call, name),
                trigger,
                id=name,
                executor=pool,
                replace_existing=True,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )

    def cancel(self, name: str) -> None:
        """Tick no more; a call under way goes on. Unknown names are fine."""
        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            log.debug("tick_already_gone", tick=name)

    def _skipped(self, event: JobSubmissionEvent) -> None:
        """Log the first of the ticks that one long call costs."""
        if event.job_id not in self._patient | self._overrun:
            self._overrun.add(event.job_id)
            reason = "the one before still runs"
            log.warning("tick_skipped", tick=event.job_id, reason=reason)

    def _guarded(self, call: Callable[[], None], name: str) -> Callable[[], None]:
        """The one place where any exception is caught: a bug must not end the ticks."""

        def guarded() -> None:
            self._overrun.discard(name)
            try:
                call()
            except Exception:
                log.exception("tick_failed", tick=name)

        return guarded

    def stop(self, *, within: timedelta) -> bool:
        """Stop ticking; tell whether all calls under way ended in time."""
        self._stopped.set()
        # Whoever asks for the jobs waits until the scheduler is done with them: in the
        # middle of its work it would find that they are gone, and end with a traceback.
        self._scheduler.pause()
        self._scheduler.get_jobs()
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
