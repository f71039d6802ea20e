"""The answer to COMMIT is lost: what is told is true, and nothing runs twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Done, Failed, Outcome, Taken, Uncertain
from agent.postgres.resets import bounds, ledger, worker
from agent.postgres.resets.worker import Worker, open_worker
from agent.services import resetting
from agent.services.resetting import Resetter
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.cutting import Fault, Proxy, proxy_to
from tests.resets.target import CLOCK, Target, armed_target, endpoint
from tests.resets.test_running import EMPTY, TICK, WORK, Bench

CUTS = (Fault.CUT_BEFORE, Fault.CUT_AFTER)
ARRIVED = (Fault.CUT_AFTER, Fault.SWALLOW_ANSWER)
LOST = (Fault.CUT_BEFORE, Fault.SWALLOW_COMMIT)


@dataclass
class Line:
    """A run through a proxy that loses its COMMIT in a certain way."""

    target: Target
    proxy: Proxy

    def run(self, fault: Fault, *, down: bool = False) -> Outcome:
        """`down`: from then on no connection can be made either."""

        def told(said: str) -> None:
            if said == "committing":
                self.proxy.fault, self.proxy.refusing = fault, down

        # Where the claim commits too, it is not meant.
        resetter = Resetter(
            Bench(self.target).job,
            self._open,
            clock=CLOCK,
            stopping=threading.Event(),
            told=told,
        )
        return resetter.run(TICK, WORK)

    def _open(self) -> AbstractContextManager[Worker]:
        dsn = self.proxy.through(self.target.dsn)
        brief = endpoint(dsn)
        return open_worker(
            replace(brief, deadlines=replace(brief.deadlines, connect=timedelta(2))),
            self.target.database.name,
            agent="cut/1",
            patience=timedelta(seconds=1),
        )


@pytest.fixture
def line(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    # As long as it takes in earnest, only sooner.
    monkeypatch.setattr(bounds, "_LONGEST_IDLE", timedelta(seconds=4))
    monkeypatch.setattr(resetting, "_ASK_FOR", timedelta(seconds=8))
    monkeypatch.setattr(worker, "LONGEST_COMMIT", timedelta(seconds=5))
    monkeypatch.setattr(ledger, "SILENCE", timedelta(seconds=1))
    target = armed_target(database)
    with proxy_to(target.dsn) as proxy:
        yield Line(target, proxy)


@pytest.fixture
def bench(line: Line) -> Bench:
    return Bench(line.target)


@pytest.mark.parametrize("fault", ARRIVED)
def test_a_commit_that_arrived_is_done(line: Line, bench: Bench, fault: Fault) -> None:
    outcome = line.run(fault)

    assert line.proxy.struck.is_set()
    assert isinstance(outcome, Done)
    assert outcome.run_id == bench.record().run_id
    assert bench.record().status is Status.SUCCEEDED
    assert bench.tables() == EMPTY


@pytest.mark.parametrize("fault", LOST)
def test_a_commit_that_never_arrived_has_failed(
    line: Line, bench: Bench, fault: Fault
) -> None:
    before = bench.tables()

    outcome = line.run(fault)

    assert line.proxy.struck.is_set()
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("COMMIT failed: ")
    assert bench.record().status is Status.FAILED
    assert bench.tables() == before


@pytest.mark.parametrize("fault", CUTS)
def test_nothing_runs_twice_after_a_lost_commit(
    line: Line, bench: Bench, fault: Fault
) -> None:
    line.run(fault)
    bench.target.as_agent("INSERT INTO users (name) VALUES ('new')")
    before = bench.tables()

    again = bench.run()

    assert again == Taken()
    assert bench.tables() == before


@pytest.mark.parametrize("fault", CUTS)
def test_while_nobody_can_be_asked_it_is_uncertain(
    line: Line, bench: Bench, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr(resetting, "_ASK_FOR", timedelta(seconds=1))

    outcome = line.run(fault, down=True)

    assert isinstance(outcome, Uncertain)
    eventually(lambda: _settled(bench) is (fault is Fault.CUT_AFTER))
    assert (bench.tables() == EMPTY) == (fault is Fault.CUT_AFTER)


def _settled(bench: Bench) -> bool | None:
    """Whether it had an effect, as the ledger tells after a reconciliation."""
    name = bench.target.database.name
    with open_worker(endpoint(bench.target.dsn), name, agent="test/1") as worker:
        worker.ledger.mark_lost()
    match bench.record().status:
        case Status.SUCCEEDED:
            return True
        case Status.LOST:
            return False
        case _:
            return None


def test_the_fate_of_a_run_is_open_while_its_transaction_is(bench: Bench) -> None:
    name = bench.target.database.name
    opened = partial(open_worker, endpoint(bench.target.dsn), name, agent="test/1")
    with opened() as one, opened() as other:
        run_id = one.ledger.claim(TICK)
        assert isinstance(run_id, UUID)
        fate: Callable[[], Status | None] = partial(other.ledger.fate, run_id)

        with one.connection.transaction():
            one.connection.execute(
                "SELECT FROM sequence_agent.job_run WHERE run_id = %s FOR UPDATE",
                [run_id],
            )
            during = fate()
        after = fate()

    assert (during, after) == (None, Status.CLAIMED)
