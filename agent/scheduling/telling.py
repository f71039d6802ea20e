"""What the log says of jobs: how runs ended, and what was found between them."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from threading import Lock

import structlog

from agent.domain.resets.runs import (
    Done,
    Early,
    Failed,
    Outcome,
    Taken,
    Tick,
    Uncertain,
)
from agent.domain.schedules.skew import skew_in_words
from agent.scheduling.scheduled import Attention, ScheduledJob

log = structlog.get_logger()

# Asking takes a moment too, and a second more or less harms nobody.
_SKEWED = timedelta(seconds=5)


class Findings:
    """Logs what was found between runs when it begins, changes or ends, and once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._standing: dict[Hashable, str] = {}

    def unreadable(self, job: ScheduledJob, error: str) -> None:
        if self._is_new(("error", job.name), error):
            log.warning("target_unreadable", job=job.name, error=error)

    def attended(self, job: ScheduledJob, attention: Attention) -> None:
        self._is_new(("error", job.name), "")
        if attention.lost:
            log.error("runs_lost", job=job.name, count=attention.lost)
        self._strangers(job, attention.strangers)
        self._skew(job, attention.ahead)

    def _strangers(self, job: ScheduledJob, count: int) -> None:
        if not self._is_new(("strangers", job.name), "shared" if count else ""):
            return
        if count:
            reason = (
                "another job of this name, which does something else, runs in this"
                " database: give one of them another name"
            )
            log.warning("job_name_shared", job=job.name, ticks=count, reason=reason)
        else:
            log.info("job_name_free", job=job.name)

    def _skew(self, job: ScheduledJob, ahead: timedelta) -> None:
        where = (job.server, job.database)
        names = {"server": job.server, "database": job.database}
        skewed = abs(ahead) > _SKEWED
        direction = ("ahead" if ahead > timedelta() else "behind") if skewed else ""
        if not self._is_new(("skew", where), direction):
            return
        seconds = round(ahead.total_seconds(), 3)
        if skewed:
            reason = f"{skew_in_words(ahead)}; ticks count by the server's"
            log.warning("clock_skewed", **names, seconds=seconds, reason=reason)
        else:
            log.info("clock_agreed", **names, seconds=seconds)

    def _is_new(self, subject: Hashable, finding: str) -> bool:
        """Whether this was not so when it was last looked at; nothing is ''."""
        with self._lock:
            before = self._standing.pop(subject, "")
            if finding:
                self._standing[subject] = finding
        return finding != before


def tell(tick: Tick, outcome: Outcome, *, seconds: float) -> None:
    """Log how a run ended, with the figures of the ledger."""
    if isinstance(outcome, Taken):
        log.debug("tick_taken", job=tick.job, tick=str(tick.scheduled_for))
        return
    if isinstance(outcome, Early):
        _tell_early(tick, outcome)
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
        remark = {} if outcome.remark is None else {"remark": outcome.remark}
        log.info(
            "job_finished",
            **remark,
            rows=outcome.rows_removed,
            sequences=len(outcome.after.values),
            **told,
        )
    else:
        level = log.error if isinstance(outcome, Failed | Uncertain) else log.warning
        level("job_not_done", reason=outcome.reason, **told)


def _tell_early(tick: Tick, early: Early) -> None:
    """A moment is the way to the server and back; more is a clock that is wrong."""
    level = log.warning if early.ahead > _SKEWED else log.debug
    at = str(tick.scheduled_for)
    level("tick_early", job=tick.job, tick=at, reason=skew_in_words(early.ahead))
