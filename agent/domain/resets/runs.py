"""A tick of a job, and what may become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from agent.domain.resets.ledger import Status
from agent.domain.resets.plan import Plan
from agent.domain.resets.seeds import Seed

SCHEDULED = "schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A time at which a job is to run, from its schedule or by hand.

    `schedule` is how the schedule reads, so that a changed one is known to be another.
    """

    job: str
    trigger: str
    scheduled_for: datetime
    schedule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one run is to do, and how patiently.

    `lock_timeout` is how long it waits, and others behind it, before it lets go;
    `expected_hash` is that of the plan that somebody agreed to, if anybody did.
    """

    lock_timeout: timedelta
    attempts: int = 1
    seeds: tuple[Seed, ...] = ()
    expected_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was there before a run and after it, by qualified names."""

    rows: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)

    def document(self) -> Mapping[str, object]:
        """As the ledger keeps it."""
        return {"tables": dict(self.rows), "sequences": dict(self.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is done, and committed."""

    plan: Plan
    before: Figures
    after: Figures
    attempts: int = 1
    run_id: UUID | None = None

    status = Status.SUCCEEDED

    @property
    def rows_removed(self) -> int:
        return sum(self.before.rows.values())

    @property
    def reason(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A gate said no, before or under the locks; nothing was changed."""

    plan: Plan
    attempts: int = 1
    run_id: UUID | None = None

    status = Status.REFUSED

    @property
    def reason(self) -> str:
        return "; ".join(f"{v.gate}: {v.detail}" for v in self.plan.refusals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It could not be done; nothing was changed."""

    reason: str
    attempts: int = 0
    run_id: UUID | None = None

    status = Status.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Another run was at work; nothing was changed."""

    reason: str
    attempts: int = 0
    run_id: UUID | None = None

    status = Status.SKIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """The answer to COMMIT was lost: it is either done or nothing was changed."""

    done: Done
    reason: str
    run_id: UUID | None = None

    status = Status.CLAIMED

    @property
    def attempts(self) -> int:
        return self.done.attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Somebody else has the tick."""


Ending = Done | Refused | Failed | Skipped | Uncertain
Outcome = Ending | Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A tick that was claimed."""

    run_id: UUID
    tick: Tick
