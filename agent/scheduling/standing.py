"""Since when the ticks of a job count, by the clock of the server that they are about.

The clock of the server decides, for its ledger is what all agents share: this agent
asks what it shows now and then, and adds what has passed on the monotonic clock since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.domain.resets.runs import Tick
from agent.domain.schedules.missed import ABSENT, UNARMED
from agent.domain.schedules.ticks import (
    EPOCH,
    LOOKED_BACK,
    MISSED_KEPT,
    Due,
    due,
    newest_ticks,
    schedule_text,
)
from agent.scheduling.scheduled import Attention, ScheduledJob

# A clock that is corrected goes back by less than this.
_SET_BACK = timedelta(minutes=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerClock:
    """A clock that showed a time at a moment of our monotonic one, and goes on."""

    shown: datetime
    at: float

    def when(self, monotonic: float) -> datetime:
        return self.shown + timedelta(seconds=monotonic - self.at)

    def monotonic(self, when: datetime) -> float:
        return self.at + (when - self.shown).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Ticks after `after`, up to `until`, that this agent did not have in force."""

    after: datetime
    until: datetime


class Standing:
    """What is known of a job that is in force; whoever uses it holds a lock.

    `since` is None until the target was asked, once after the start of the agent or
    after the job was first seen.
    """

    def __init__(
        self,
        job: ScheduledJob,
        *,
        clock: ServerClock,
        begun: float,
        unchanged_since: float | None = None,
    ) -> None:
        """`begun` is when it came into force here, on the monotonic clock.

        Until the target was asked, our own `clock` has to do for that of the server.
        `unchanged_since` is given for a job that was there when the agent started: it
        may have been in force before, but not before then.
        """
        self.job = job
        self.since: datetime | None = None
        self.busy = False
        self._clock = clock
        self._begun = begun
        self._unchanged_since = unchanged_since
        self._asked = False
        self._armed_at: datetime | None = None
        self._tried: datetime | None = None
        self._absence: Absence | None = None

    def now(self, monotonic: float) -> datetime:
        return self._clock.when(monotonic)

    def start_by(self, tick: Tick) -> float:
        """Until when a tick may begin, on the monotonic clock."""
        return self._clock.monotonic(tick.scheduled_for + self.job.start_deadline)

    def look(self, monotonic: float) -> Due:
        """What is due now and was not looked at before."""
        schedule, now = self.job.live, self.now(monotonic)
        if schedule is None or self.since is None:
            return Due()
        if now < self.since - _SET_BACK:
            # The ledger knows what ran until then; nobody is to wait for it to be over.
            self.since = now
        found = due(
            schedule,
            now=now,
            since=self.since,
            start_deadline=self.job.start_deadline,
        )
        # A clock that goes back a little must not bring the same ticks again.
        self.since = max(self.since, now)
        if found.run is not None:
            self._tried = found.run
        return found

    def replace(self, job: ScheduledJob, monotonic: float) -> None:
        """Take over a job of the same name; one that is another begins now."""
        if not job.same_as(self.job):
            if (job.server, job.database) != (self.job.server, self.job.database):
                self._asked = False
            self._begun, self._unchanged_since = monotonic, None
            self._absence = None
            self.since = self.now(monotonic) if self._asked else None
        self.job = job

    def unreachable(self) -> None:
        """Nobody knows what the ledger says: ticks count since it is in force here."""
        if self.since is None:
            self.since = self.now(self._begun)

    def attended(self, attention: Attention) -> None:
        """Go by what the target says."""
        self._clock = ServerClock(shown=attention.server_now, at=attention.measured_at)
        if not self._asked:
            self._begin(attention)
        elif attention.armed_at != self._armed_at:
            self.since = max(self.since or attention.server_now, _armed(attention))
        self._armed_at = attention.armed_at
        self._asked = True
        newest = self._newest(attention)
        if self._absence and newest:
            self._move_absence(newest)

    def _begin(self, attention: Attention) -> None:
        newest = self._newest(attention)
        begins = [_armed(attention)]
        if newest is None or self._unchanged_since is None:
            begins.append(self.now(self._begun))
        else:
            begins += [newest, self.now(self._unchanged_since)]
        since = max(begins)
        if newest is not None and self._unchanged_since is not None:
            self._absence = Absence(after=newest, until=since)
        self.since = max(since, self._tried or since)

    def _newest(self, attention: Attention) -> datetime | None:
        """The newest tick of this very job; another one fires nothing of the past."""
        record, schedule = attention.last_scheduled, self.job.live
        if record is None or schedule is None or record.before is None:
            return None
        same = record.before.get("schedule") == schedule_text(schedule)
        ours = record.job_sha256 in {"", self.job.job_sha256}
        return record.scheduled_for if same and ours else None

    def early(self, tick: Tick, ahead: timedelta, monotonic: float) -> None:
        """It is not yet time for a tick, which is to be looked at again."""
        self._clock = ServerClock(shown=tick.scheduled_for - ahead, at=monotonic)
        before = tick.scheduled_for - _MOMENT
        self.since = min(self.since or before, before)
        self._tried = None

    def absent_ticks(self, monotonic: float) -> tuple[Mapping[datetime, str], int]:
        """Ticks of an absence that nobody can run any more: why, and how many.

        Only the newest have their reasons. Those that another agent may still be about
        to run are told later.
        """
        schedule, absence = self.job.live, self._absence
        if schedule is None or absence is None:
            return {}, 0
        now = self.now(monotonic)
        until = min(absence.until, now - self.job.start_deadline - _MOMENT)
        after = max(absence.after, now - LOOKED_BACK)
        if until <= after:
            return {}, 0
        self._move_absence(until)
        ticks, count = newest_ticks(
            schedule, after=after, until=until, limit=MISSED_KEPT
        )
        armed_at = self._armed_at or EPOCH
        return {at: ABSENT if at > armed_at else UNARMED for at in ticks}, count

    def _move_absence(self, after: datetime) -> None:
        absence = self._absence
        if absence is None:
            return
        after = max(after, absence.after)
        left = after < absence.until
        self._absence = Absence(after=after, until=absence.until) if left else None


def _armed(attention: Attention) -> datetime:
    """When the target was armed, but not after now: clocks are set back."""
    earliest = attention.server_now - LOOKED_BACK
    return min(attention.armed_at or earliest, attention.server_now)
