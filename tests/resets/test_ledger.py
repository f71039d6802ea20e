"""The ledger: whose a tick is, by whose clock, and how long anybody waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.identity import job_sha256
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Done, Early, Failed, Taken, Tick
from agent.errors import BusyError
from agent.postgres.resets import ledger as ledger_module
from agent.postgres.resets.ledger import Ledger
from agent.postgres.resets.worker import open_worker
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target, endpoint
from tests.resets.test_running import AT, TICK, WORK, Bench

DAY = timedelta(days=1)
OURS = replace(TICK, job_sha256="ours")


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def bench(target: Target) -> Bench:
    return Bench(target)


@contextmanager
def ledger_of(target: Target) -> Iterator[Ledger]:
    opened = partial(open_worker, endpoint(target.dsn), target.database.name)
    with opened(agent="test/1") as worker:
        yield worker.ledger


# By the server's clock.


def test_a_tick_is_nobodys_before_its_time(bench: Bench) -> None:
    tomorrow = replace(TICK, scheduled_for=CLOCK.now() + DAY)

    outcome = bench.run(tick=tomorrow)

    assert isinstance(outcome, Early)
    assert timedelta(hours=23) < outcome.ahead <= DAY
    assert bench.records() == ()
    assert bench.tables()["public.users"] == (5,)


def test_a_tick_that_is_to_come_is_not_written_down(target: Target) -> None:
    tomorrow = replace(OURS, scheduled_for=CLOCK.now() + DAY)

    with ledger_of(target) as ledger:
        ledger.note(tomorrow, Status.MISSED, "late")

        assert ledger.newest(TICK.job, limit=9) == ()


@pytest.mark.parametrize("status", ["missed", "succeeded", "failed"])
def test_what_was_written_before_its_time_is_not_believed_and_in_nobodys_way(
    bench: Bench, status: str
) -> None:
    """As an older release did whose clock was ahead."""
    sha256 = job_sha256(bench.job)
    bench.target.as_admin(
        "INSERT INTO sequence_agent.job_run (job, job_sha256, trigger, scheduled_for,"
        " status, agent, claimed_at) VALUES"
        f" ('nightly-reset', '{sha256}', 'schedule', '{AT}', '{status}', 'ahead/1',"
        f" timestamptz '{AT}' - interval '1 day')"
    )
    with ledger_of(bench.target) as ledger:
        before = ledger.last_scheduled(TICK.job, sha256)

    outcome = bench.run()

    assert before is None
    assert isinstance(outcome, Done)
    triggers = {each.trigger.partition(":")[0]: each.status for each in bench.records()}
    assert triggers == {"early": Status(status), "schedule": Status.SUCCEEDED}


def test_a_row_of_a_server_whose_clock_was_ahead_is_not_the_newest(
    target: Target,
) -> None:
    """The clock was set back since: what ran by it, lies in the future now."""
    target.as_admin(
        "INSERT INTO sequence_agent.job_run (job, job_sha256, trigger, scheduled_for,"
        " claimed_at, status, reason, agent, finished_at)"
        f" SELECT '{TICK.job}', 'ours', 'schedule', at, at + '1 second', 'missed', 'r',"
        " 'agent/1', at + '1 second' FROM unnest(ARRAY[now() - interval '1 hour',"
        " now() + interval '1 day']) AS at"
    )

    with ledger_of(target) as ledger:
        newest = ledger.last_scheduled(TICK.job, "ours")

    assert newest is not None
    assert newest.scheduled_for < CLOCK.now()


def test_times_in_the_ledger_are_the_servers(bench: Bench) -> None:
    bench.run(tick=replace(TICK, trigger="hand:1", scheduled_for=AT - 400 * DAY))

    age = "SELECT clock_timestamp() - scheduled_for FROM sequence_agent.job_run"
    [(found,)] = bench.target.database.execute(age)
    assert found < timedelta(minutes=1)


# What a job is.


def test_two_jobs_of_one_name_do_not_share_ticks(bench: Bench) -> None:
    other = replace(bench.job, tables=NameFilter(include=("public.orders",)))

    first, second = bench.run(), bench.run(other)

    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert len({each.job_sha256 for each in bench.records()}) == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"server": "another-label"},
        {"suspended": True},
        {"name": "another-name"},
        {"limits": None},
    ],
    ids=str,
)
def test_the_same_job_is_the_same_under_any_label(
    bench: Bench, changed: dict[str, object]
) -> None:
    assert job_sha256(bench.job) == job_sha256(replace(bench.job, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"tables": NameFilter(include=("public.users",))},
        {"tables": NameFilter(include=("public.*",), exclude=("public.users",))},
        {"sequences": ("public.invoices",)},
        {"environment": "qa"},
        {"seed_names": ("users.sql",)},
    ],
    ids=str,
)
def test_whatever_does_something_else_is_another_job(
    bench: Bench, changed: dict[str, object]
) -> None:
    assert job_sha256(bench.job) != job_sha256(replace(bench.job, **changed))  # type: ignore[arg-type]


def test_another_job_of_the_name_is_told_from_a_former_version(target: Target) -> None:
    former, stranger = (replace(TICK, job_sha256=each) for each in ("old", "other"))
    later = replace(OURS, scheduled_for=AT + DAY)
    with ledger_of(target) as ledger:
        ledger.claim(former)
        ledger.claim(OURS)
        alone = ledger.strangers(TICK.job, "ours")
        ledger.claim(stranger)
        ledger.claim(later)

        assert (alone, ledger.strangers(TICK.job, "ours")) == (0, 1)


def test_another_jobs_success_is_none_of_this_one(bench: Bench) -> None:
    bench.run(replace(bench.job, tables=NameFilter(include=("public.orders",))))

    with ledger_of(bench.target) as ledger:
        assert ledger.last_success(TICK.job, job_sha256(bench.job)) is None


# Waits.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same wait, only shorter."""
    monkeypatch.setattr(ledger_module, "_BRIEFLY", timedelta(seconds=1))


@pytest.mark.usefixtures("impatient")
def test_a_ledger_that_somebody_holds_is_waited_for_briefly(bench: Bench) -> None:
    began = CLOCK.monotonic()
    with bench.target.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE sequence_agent.job_run IN ACCESS EXCLUSIVE MODE")

        outcome = bench.run()

    assert isinstance(outcome, Failed)
    assert "the ledger could not be had within 1 s" in outcome.reason
    assert CLOCK.monotonic() - began < 5


@pytest.mark.usefixtures("impatient")
def test_a_tick_is_claimed_when_the_ledger_is_free_again(bench: Bench) -> None:
    patient = replace(WORK, start_by=CLOCK.monotonic() + 60)
    with bench.target.database.connect() as other:
        other.autocommit = False
        other.execute("LOCK TABLE sequence_agent.job_run IN ACCESS EXCLUSIVE MODE")

        def release(said: str) -> None:
            if "ledger" in said:
                other.rollback()

        bench.react = release

        outcome = bench.run(work=patient)

    assert isinstance(outcome, Done)
    assert any("the ledger could not be had" in said for said in bench.heard)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("act", ["note", "touch", "mark_lost", "newest"])
def test_nobody_waits_for_the_ledger_without_bound(target: Target, act: str) -> None:
    acts = {
        "note": lambda ledger: ledger.note(OURS, Status.MISSED, "late"),
        "touch": lambda ledger: ledger.touch(UUID(int=0)),
        "mark_lost": lambda ledger: ledger.mark_lost(),
        "newest": lambda ledger: ledger.newest(TICK.job, limit=1),
    }
    with target.database.connect() as other, other.transaction():
        other.execute("LOCK TABLE sequence_agent.job_run IN ACCESS EXCLUSIVE MODE")

        with ledger_of(target) as ledger, pytest.raises(BusyError, match="within 1 s"):
            acts[act](ledger)


# Pruning.


def _rows(number: int, *, age: str, status: str = "skipped", job: str = "j") -> str:
    return (
        "INSERT INTO sequence_agent.job_run (job, trigger, scheduled_for, status, agent,"
        f" claimed_at) SELECT '{job}', 'schedule', now() - interval '{age}' - n *"
        f" interval '1 second', '{status}', 'a', now() - interval '{age}' - n * interval"
        f" '1 second' FROM generate_series(1, {number}) AS n;"
    )


def test_the_ledger_is_pruned_by_age_and_by_number(target: Target) -> None:
    target.as_admin(
        _rows(3, age="401 days", job="old")
        + _rows(2, age="399 days", job="young")
        + _rows(10_005, age="1 day", job="busy")
        + _rows(2, age="600 days", status="succeeded", job="old")
        + _rows(1, age="500 days", status="claimed", job="slow")
    )

    with ledger_of(target) as ledger:
        pruned = ledger.prune()

    left = target.database.execute(
        "SELECT job, status, count(*) FROM sequence_agent.job_run GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert left == [
        ("busy", "skipped", 10_000),
        ("old", "succeeded", 1),
        ("slow", "claimed", 1),
        ("young", "skipped", 2),
    ]
    assert pruned == 3 + 5 + 1


def test_the_agents_role_deletes_nothing_by_itself(target: Target) -> None:
    [(may,)] = target.database.execute(
        "SELECT has_table_privilege(%s, 'sequence_agent.job_run', 'DELETE, TRUNCATE')",
        [target.role],
    )
    assert not may


def test_a_row_tells_of_which_job_it_is(bench: Bench) -> None:
    bench.run()

    record: RunRecord = bench.record()
    assert record.job_sha256 == job_sha256(bench.job)


def test_a_tick_of_the_same_job_is_had_once_by_whatever_name_of_the_server(
    bench: Bench,
) -> None:
    bench.run()

    assert bench.run(replace(bench.job, server="elsewhere")) == Taken()


def test_what_the_database_cannot_store_is_stored_as_an_escape(target: Target) -> None:
    odd = Tick(
        job="nächtlich\x00→", trigger="schedule", scheduled_for=AT, job_sha256="x"
    )
    with ledger_of(target) as ledger:
        assert isinstance(ledger.claim(odd), UUID)

        [record] = ledger.newest(odd.job, limit=9)
    assert record.job == "nächtlich\\x00→"
