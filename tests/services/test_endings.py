"""From the claim of a tick to its ending, without a server: what is done how often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from agent.domain.resets.job import ResetJob
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.plan import Plan, plan
from agent.domain.resets.runs import (
    Done,
    Failed,
    Figures,
    Outcome,
    Refused,
    Run,
    Skipped,
    Taken,
    Tick,
    Uncertain,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.errors import AgentError, BusyError, NoLedgerError
from agent.services.resetting import Resetter
from tests.resets.catalogs import CATALOG, JOB
from tests.resets.wrong_catalogs import MEASURED
from tests.stopped_clock import StoppedClock

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TICK = Tick(job="nightly-reset", trigger="schedule", scheduled_for=NOW)
PLAN = plan(JOB, CATALOG, MEASURED)
BAD_PLAN = plan(JOB, CATALOG, MEASURED, expected_hash="sha256:0")
DONE = Done(plan=PLAN, before=Figures(rows={"public.t1": 7}), after=Figures())
BUSY = BusyError("could not be locked")


@dataclass
class Ended:
    """What was written down of a run."""

    run_id: UUID
    status: Status
    reason: str | None
    plan_sha256: str | None
    attempts: int


@dataclass
class FakeLedger:
    """In memory; it can refuse to be written, and keep the fate of a run to itself."""

    claims: list[UUID | AgentError | None]
    fates: list[Status | None] = field(default_factory=list)
    broken: list[AgentError] = field(default_factory=list)
    written: list[Ended] = field(default_factory=list)
    asked: int = 0

    def claim(self, tick: Tick) -> UUID | None:
        del tick
        claim = self.claims.pop(0)
        if isinstance(claim, AgentError):
            raise claim
        return claim

    def note(self, tick: Tick, status: Status, reason: str) -> None: ...

    def ended(
        self,
        run_id: UUID,
        status: Status,
        *,
        reason: str | None,
        plan_sha256: str | None,
        attempts: int,
        **times: object,
    ) -> None:
        del times
        if self.broken:
            raise self.broken.pop(0)
        self.written.append(Ended(run_id, status, reason, plan_sha256, attempts))

    def touch(self, run_id: UUID) -> None: ...

    def fate(self, run_id: UUID) -> Status | None:
        del run_id
        self.asked += 1
        return self.fates.pop(0) if self.fates else None

    def newest(self, job: str, *, limit: int) -> tuple[RunRecord, ...]:
        del job, limit
        return ()

    def last_success(self, job: str) -> datetime | None:
        del job
        return None


@dataclass
class FakeWorker:
    """Does what it was told to do, attempt by attempt."""

    ledger: FakeLedger
    endings: list[Done | Refused | Skipped | Uncertain | AgentError]
    planned: Plan = PLAN
    attempts: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def plan(self, job: ResetJob, seeds: tuple[Seed, ...]) -> Plan:
        del job, seeds
        return self.planned

    def perform(
        self,
        run: Run,
        job: ResetJob,
        work: Work,
        *,
        attempt: int,
        told: Callable[[str], None],
    ) -> Done | Refused | Skipped | Uncertain:
        del job, work
        told("at work")
        self.runs.append(run)
        self.attempts.append(attempt)
        ending = self.endings.pop(0)
        if isinstance(ending, AgentError):
            raise ending
        return ending


class Pauses(threading.Event):
    """Waits on a clock that it moves itself; perhaps is set after so many seconds."""

    def __init__(self, clock: StoppedClock, *, set_after: float | None) -> None:
        super().__init__()
        self.seconds = 0.0
        self._clock = clock
        self._set_after = set_after

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds += timeout
        # A clock counts whole microseconds: never less than was asked for.
        self._clock.move(timedelta(seconds=timeout, microseconds=1))
        return self._set_after is not None and self.seconds > self._set_after


@dataclass
class Scene:
    """A worker, what is opened of it, and all that is heard."""

    claims: list[UUID | AgentError | None] = field(default_factory=lambda: [uuid4()])
    endings: list[Done | Refused | Skipped | Uncertain | AgentError] = field(
        default_factory=list
    )
    fates: list[Status | None] = field(default_factory=list)
    broken: list[AgentError] = field(default_factory=list)
    planned: Plan = PLAN
    unopened: list[AgentError] = field(default_factory=list)
    unreachable: list[AgentError] = field(default_factory=list)
    stopped_after: float | None = None
    heard: list[str] = field(default_factory=list)
    opened: int = 0
    reopened: int = 0

    def __post_init__(self) -> None:
        self.clock = StoppedClock(NOW)
        self.run_id = self.claims[0]
        self.ledger = FakeLedger(self.claims, self.fates, self.broken)
        self.worker = FakeWorker(self.ledger, self.endings, self.planned)
        self.pauses = Pauses(self.clock, set_after=self.stopped_after)

    def run(self, *, attempts: int = 1, reopening: bool = True) -> Outcome:
        resetter = Resetter(
            JOB,
            self._open,
            clock=self.clock,
            stopping=self.pauses,
            told=self.heard.append,
            reopen=self._reopen if reopening else None,
        )
        return resetter.run(
            TICK, Work(lock_timeout=timedelta(seconds=1), attempts=attempts)
        )

    @contextmanager
    def _open(self) -> Iterator[FakeWorker]:
        self.opened += 1
        if self.unopened:
            raise self.unopened.pop(0)
        yield self.worker

    @contextmanager
    def _reopen(self) -> Iterator[FakeWorker]:
        self.reopened += 1
        if self.unreachable:
            raise self.unreachable.pop(0)
        yield self.worker


def test_a_tick_that_is_claimed_is_worked_on_and_not_written_down_twice() -> None:
    scene = Scene(endings=[DONE])

    outcome = scene.run()

    assert isinstance(outcome, Done)
    assert outcome.run_id == scene.run_id
    (run,) = scene.worker.runs
    assert (run.run_id, run.tick.scheduled_for) == (scene.run_id, NOW)
    assert scene.ledger.written == []
    assert scene.heard == ["at work"]
    assert scene.pauses.seconds == 0


def test_a_tick_of_somebody_else_is_left_alone() -> None:
    scene = Scene(claims=[None])

    assert scene.run() == Taken()
    assert scene.worker.attempts == []
    assert scene.ledger.written == []


def test_a_server_that_cannot_be_reached_is_a_failure() -> None:
    scene = Scene(unopened=[AgentError("connection refused")])

    assert scene.run() == Failed(reason="connection refused")
    assert scene.reopened == 0


def test_without_a_ledger_the_gates_say_why() -> None:
    refused = Scene(claims=[NoLedgerError("no table")], planned=BAD_PLAN)
    allowed = Scene(claims=[NoLedgerError("no table")])

    assert refused.run() == Refused(plan=BAD_PLAN)
    assert allowed.run() == Failed(reason="no table")
    assert refused.ledger.written == allowed.ledger.written == []
    assert refused.worker.attempts == allowed.worker.attempts == []


def test_what_did_not_happen_is_written_down_with_its_reason() -> None:
    scene = Scene(endings=[Refused(plan=BAD_PLAN, attempts=1)])

    outcome = scene.run()

    assert isinstance(outcome, Refused)
    assert scene.run_id is not None
    assert outcome.run_id == scene.run_id
    assert scene.ledger.written == [
        Ended(
            run_id=outcome.run_id,
            status=Status.REFUSED,
            reason=outcome.reason,
            plan_sha256=BAD_PLAN.hash,
            attempts=1,
        )
    ]


@pytest.mark.parametrize(
    ("ending", "status", "reason", "attempts"),
    [
        (Skipped(reason="another run is at work"), Status.SKIPPED, "another", 0),
        (AgentError("permission denied"), Status.FAILED, "permission denied", 1),
    ],
)
def test_what_another_attempt_would_not_cure_is_tried_once(
    ending: Skipped | AgentError, status: Status, reason: str, attempts: int
) -> None:
    scene = Scene(endings=[ending])

    scene.run(attempts=3)

    (written,) = scene.ledger.written
    assert scene.worker.attempts == [1]
    assert scene.pauses.seconds == 0
    assert (written.status, written.attempts) == (status, attempts)
    assert reason in (written.reason or "")
    assert written.plan_sha256 is None


# Attempts.


def test_a_lock_that_is_not_had_is_asked_for_again() -> None:
    scene = Scene(endings=[BUSY, BUSY, DONE])

    outcome = scene.run(attempts=5)

    assert isinstance(outcome, Done)
    assert scene.worker.attempts == [1, 2, 3]
    assert "could not be locked; trying again" in scene.heard


@pytest.mark.parametrize(("attempts", "words"), [(1, "1 attempt"), (3, "3 attempts")])
def test_it_gives_up_after_all_attempts(attempts: int, words: str) -> None:
    scene = Scene(endings=[BUSY] * attempts)

    outcome = scene.run(attempts=attempts)

    assert isinstance(outcome, Failed)
    assert outcome.reason == f"could not be locked; gave up after {words}"
    assert outcome.attempts == attempts
    assert scene.worker.attempts == list(range(1, attempts + 1))
    assert bool(scene.pauses.seconds) is (attempts > 1)
    assert scene.ledger.written[0].attempts == attempts
    assert scene.ledger.written[0].status is Status.FAILED


def test_the_last_attempt_may_meet_another_ending() -> None:
    scene = Scene(endings=[BUSY, AgentError("gone")])

    outcome = scene.run(attempts=3)

    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.attempts) == ("gone", 2)


def test_a_stop_ends_the_waiting_for_another_attempt() -> None:
    scene = Scene(endings=[BUSY, BUSY, DONE], stopped_after=1.0)

    outcome = scene.run(attempts=5)

    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.attempts) == ("the agent was stopped", 2)
    assert scene.ledger.written[0].status is Status.FAILED


# A COMMIT without an answer.

LOST = Uncertain(done=DONE, reason="connection lost")


def test_a_commit_that_came_through_is_done() -> None:
    scene = Scene(endings=[LOST], fates=[None, Status.SUCCEEDED])

    outcome = scene.run()

    assert isinstance(outcome, Done)
    assert outcome.run_id == scene.run_id
    assert outcome.rows_removed == 7
    assert scene.pauses.seconds == 1
    assert scene.ledger.written == []
    assert "the answer to COMMIT was lost; asking what became of it" in scene.heard


@pytest.mark.parametrize("fate", [Status.CLAIMED, Status.LOST])
def test_a_commit_that_did_not_come_through_is_a_failure(fate: Status) -> None:
    scene = Scene(endings=[LOST], fates=[fate])

    outcome = scene.run()

    assert isinstance(outcome, Failed)
    assert outcome.reason == "COMMIT failed: connection lost"
    assert outcome.attempts == DONE.attempts
    assert [each.status for each in scene.ledger.written] == [Status.FAILED]


def test_a_server_that_is_away_is_asked_again() -> None:
    away = [AgentError("refused")] * 3
    scene = Scene(endings=[LOST], fates=[Status.SUCCEEDED], unreachable=away)

    assert isinstance(scene.run(), Done)
    assert scene.ledger.asked == 1
    assert scene.reopened == 4


def test_without_another_way_it_is_asked_as_before() -> None:
    scene = Scene(endings=[LOST], fates=[Status.SUCCEEDED])

    assert isinstance(scene.run(reopening=False), Done)
    assert scene.reopened == 0
    assert scene.opened >= 2


# An ending that cannot be written down.


def test_an_ending_that_cannot_be_written_is_told_all_the_same() -> None:
    broken = [AgentError("closed"), AgentError("closed")]
    scene = Scene(endings=[AgentError("gone")], broken=broken)

    with capture_logs() as logged:
        outcome = scene.run()

    assert isinstance(outcome, Failed)
    assert outcome.reason == "gone"
    assert [(line["event"], line["error"]) for line in logged] == [
        ("ending_not_recorded", "closed")
    ]
    assert logged[0]["run_id"] == str(scene.run_id)
