"""What a database that may be reset keeps about it: its marker, and one record per run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The row of `sequence_agent.environment`: what may be reset here, and until when.

    A restored copy has another oid, a clone elsewhere another system identifier, a
    renamed database another name: to each of them the marker does not apply.
    """

    environment: str
    protected: bool
    system_identifier: int
    database_oid: int
    database_name: str
    armed_until: datetime
    armed_by: str
    armed_at: datetime


class Status(StrEnum):
    """What became of a tick."""

    CLAIMED = "claimed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"
    MISSED = "missed"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A row of `sequence_agent.job_run`: one tick of one job.

    `trigger` is "schedule" or "hand:" and what tells one request from the other.
    """

    run_id: UUID
    job: str
    trigger: str
    scheduled_for: datetime
    status: Status
    reason: str | None
    plan_sha256: str | None
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None
    agent: str
    claimed_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    job_sha256: str = ""

    @property
    def rows_removed(self) -> int | None:
        """From all tables together; None where the run had no effect."""
        tables = (self.before or {}).get("tables")
        if self.status is not Status.SUCCEEDED or not isinstance(tables, Mapping):
            return None
        return sum(rows for rows in tables.values() if isinstance(rows, int))
