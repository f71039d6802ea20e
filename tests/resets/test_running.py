"""A job carried out on a real server: all of it or nothing, and the ledger tells which."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, Limits, ResetJob
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import (
    Done,
    Failed,
    Outcome,
    Refused,
    Skipped,
    Taken,
    Tick,
    Work,
)
from agent.domain.resets.seeds import Seed
from agent.postgres.administering import ArmingError
from agent.postgres.arming import disarm
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Database
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
TICK = Tick(job="nightly-reset", trigger="schedule", scheduled_for=AT)
WORK = Work(lock_timeout=timedelta(seconds=1))


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@dataclass
class Bench:
    """Runs a job on a target and looks into the ledger."""

    target: Target
    stopping: threading.Event = field(default_factory=threading.Event)
    heard: list[str] = field(default_factory=list)
    react: Callable[[str], object] = lambda _: None

    @property
    def job(self) -> ResetJob:
        return job_for(self.target.database.name)

    def run(
        self, job: ResetJob | None = None, tick: Tick = TICK, work: Work = WORK
    ) -> Outcome:
        chosen = job or self.job
        resetter = Resetter(
            chosen,
            partial(
                open_worker, endpoint(self.target.dsn), chosen.database, agent="test/1"
            ),
            clock=CLOCK,
            stopping=self.stopping,
            told=self._hear,
        )
        return resetter.run(tick, work)

    def _hear(self, said: str) -> None:
        self.heard.append(said)
        self.react(said)

    def records(self) -> tuple[RunRecord, ...]:
        name = self.target.database.name
        with open_worker(endpoint(self.target.dsn), name, agent="test/1") as worker:
            return worker.ledger.newest(TICK.job, limit=100)

    def silent_for(self, interval: str) -> None:
        """As if whoever is at work had not been seen for so long."""
        self.target.as_admin(
            f"UPDATE sequence_agent.job_run SET seen_at = now() - interval '{interval}'"
        )

    def record(self) -> RunRecord:
        (record,) = self.records()
        return record

    def tables(self) -> dict[str, object]:
        """What is there apart from the ledger."""
        return {
            name: found
            for name, found in self.target.contents().items()
            if not name.startswith("sequence_agent.")
        }


@pytest.fixture
def bench(target: Target) -> Bench:
    return Bench(target)


EMPTY = {
    "public.users": (0,),
    "public.users_id_seq": (1, False),
    "public.orders": (0,),
    "public.orders_id_seq": (100, False),
}


def test_tables_are_emptied_and_their_sequences_start_again(bench: Bench) -> None:
    outcome = bench.run()

    assert isinstance(outcome, Done)
    assert outcome.rows_removed == 8
    assert bench.tables() == EMPTY


def test_the_ledger_tells_the_figures_of_the_run(bench: Bench) -> None:
    outcome = bench.run()

    record = bench.record()
    assert isinstance(outcome, Done)
    assert record.status is Status.SUCCEEDED
    assert record.plan_sha256 == outcome.plan.hash
    assert record.before == outcome.before.document()
    assert record.before == {
        "tables": {"public.users": 5, "public.orders": 3},
        "sequences": {"public.users_id_seq": 5, "public.orders_id_seq": 102},
    }
    assert record.after == outcome.after.document()
    assert record.attempts == 1
    assert record.finished_at is not None


def test_a_tick_has_one_effect_however_often_it_comes(bench: Bench) -> None:
    bench.run()
    bench.target.as_agent("INSERT INTO users (name) VALUES ('new')")

    again = bench.run()

    assert again == Taken()
    assert bench.tables()["public.users"] == (1,)


def test_a_refusal_changes_nothing_and_is_recorded(bench: Bench) -> None:
    before = bench.tables()

    outcome = bench.run(replace(bench.job, limits=Limits(rows=7)))

    assert isinstance(outcome, Refused)
    assert [v.gate for v in outcome.plan.refusals] == ["rows_limit"]
    assert bench.tables() == before
    assert bench.record().status is Status.REFUSED
    assert "rows_limit" in (bench.record().reason or "")


def test_without_a_marker_nothing_can_be_recorded_and_nothing_is_done(
    bench: Bench,
) -> None:
    bench.target.as_admin("DROP SCHEMA sequence_agent CASCADE")
    before = bench.tables()

    outcome = bench.run()

    assert isinstance(outcome, Refused)
    assert [v.gate for v in outcome.plan.refusals] == ["marker_missing"]
    assert bench.tables() == before


def test_a_plan_that_somebody_agreed_to_is_the_only_one(bench: Bench) -> None:
    agreed = bench.target.plan(bench.job).hash
    bench.target.as_agent("CREATE TABLE added (id serial)")

    outcome = bench.run(work=replace(WORK, expected_hash=agreed))

    assert isinstance(outcome, Refused)
    assert [v.gate for v in outcome.plan.refusals] == ["plan_changed"]


@pytest.mark.parametrize(
    "drift",
    [
        "CREATE TABLE added (id serial)",
        "CREATE TABLE child (user_id integer REFERENCES users)",
        "CREATE TABLE part () INHERITS (users)",
        "DROP TABLE orders",
        "ALTER TABLE orders RENAME TO ordered",
        "ALTER SEQUENCE users_id_seq START 7",
    ],
)
def test_what_changes_between_plan_and_lock_refuses(bench: Bench, drift: str) -> None:
    def drifting(said: str) -> None:
        bench.heard.append(said)
        if said.startswith("locking"):
            bench.target.as_agent(drift)

    resetter = Resetter(
        bench.job,
        partial(
            open_worker,
            endpoint(bench.target.dsn),
            bench.job.database,
            agent="test/1",
        ),
        clock=CLOCK,
        stopping=bench.stopping,
        told=drifting,
    )

    outcome = resetter.run(TICK, WORK)

    assert isinstance(outcome, Refused)
    assert "plan_changed" in [v.gate for v in outcome.plan.refusals]
    assert bench.tables()["public.users"] == (5,)


def test_listed_sequences_start_again_too(bench: Bench) -> None:
    bench.target.as_agent(
        "CREATE SEQUENCE invoices START 1000; SELECT nextval('invoices')"
    )

    outcome = bench.run(replace(bench.job, sequences=("public.invoices",)))

    assert isinstance(outcome, Done)
    assert bench.tables()["public.invoices"] == (1000, False)


SEED = Seed(
    name="users.sql",
    content=b"INSERT INTO users (id, name) VALUES (1, 'root'), (50, 'guest');\n"
    b"INSERT INTO orders (user_id) VALUES (50); -- the end",
)


def test_sequences_follow_seeded_rows(bench: Bench) -> None:
    outcome = bench.run(work=replace(WORK, seeds=(SEED,)))

    assert isinstance(outcome, Done)
    assert bench.tables() == {
        "public.users": (2,),
        "public.users_id_seq": (50, True),
        "public.orders": (1,),
        "public.orders_id_seq": (100, True),
    }
    assert bench.record().after == {
        "tables": {"public.users": 2, "public.orders": 1},
        "sequences": {"public.users_id_seq": 50, "public.orders_id_seq": 100},
    }


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO users (name) VALUES ('a'); COMMIT; SELECT 1",
        "INSERT INTO users (name) VALUES ('a'); ROLLBACK",
        "INSERT INTO nothing VALUES (1)",
        "SELECT 1; SELEKT 2",
        "COPY users FROM STDIN",
        "START TRANSACTION",
        "DO $$ BEGIN COMMIT; END $$",
    ],
)
def test_a_seed_that_fails_or_would_end_the_transaction_leaves_all_as_it_was(
    bench: Bench, text: str
) -> None:
    before = bench.tables()

    outcome = bench.run(work=replace(WORK, seeds=(Seed("bad.sql", text.encode()),)))

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("seed 'bad.sql', line 1: ")
    assert bench.tables() == before
    assert bench.record().status is Status.FAILED


def test_a_lock_that_cannot_be_had_fails_after_all_attempts(bench: Bench) -> None:
    before = bench.tables()
    work = Work(lock_timeout=timedelta(milliseconds=200), attempts=2)
    with bench.target.database.connect() as other:
        other.autocommit = False
        other.execute("SELECT count(*) FROM users")

        outcome = bench.run(work=work)

        other.rollback()
    assert isinstance(outcome, Failed)
    assert outcome.attempts == 2
    assert "gave up after 2 attempts" in outcome.reason
    assert bench.tables() == before
    assert bench.record().attempts == 2


def test_a_lock_that_is_given_back_is_had_by_the_next_attempt(bench: Bench) -> None:
    work = Work(lock_timeout=timedelta(milliseconds=200), attempts=5)
    with bench.target.database.connect() as other:
        other.autocommit = False
        other.execute("SELECT count(*) FROM users")

        def release(said: str) -> None:
            if said.endswith("trying again"):
                other.rollback()

        bench.heard = _Listening(release)
        outcome = bench.run(work=work)

    assert isinstance(outcome, Done)
    assert outcome.attempts == 2


class _Listening(list[str]):
    """Reacts to what is being said."""

    def __init__(self, react: Callable[[str], None]) -> None:
        super().__init__()
        self._react = react

    def append(self, said: str) -> None:
        super().append(said)
        self._react(said)


def test_two_runs_in_one_database_never_overlap(bench: Bench) -> None:
    with bench.target.database.connect(bench.target.dsn) as other:
        other.autocommit = False
        other.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('sequence_agent:run', 0))"
        )

        outcome = bench.run()

        other.rollback()
    assert isinstance(outcome, Skipped)
    assert bench.record().status is Status.SKIPPED


def test_whoever_disarms_first_is_obeyed(bench: Bench) -> None:
    bench.target.as_admin("UPDATE sequence_agent.environment SET armed_until = now()")

    outcome = bench.run()

    assert isinstance(outcome, Refused)
    assert [v.gate for v in outcome.plan.refusals] == ["marker_expired"]


def test_a_resync_moves_what_is_behind(bench: Bench) -> None:
    bench.target.as_agent(
        "INSERT INTO users (id) VALUES (90); SELECT setval('orders_id_seq', 500)"
    )

    outcome = bench.run(replace(bench.job, kind=JobKind.RESYNC))

    assert isinstance(outcome, Done)
    assert bench.tables() == {
        "public.users": (6,),
        "public.users_id_seq": (90, True),
        "public.orders": (3,),
        "public.orders_id_seq": (500, True),
    }


def test_a_tick_whose_agent_is_gone_is_lost(bench: Bench) -> None:
    name = bench.target.database.name
    with open_worker(endpoint(bench.target.dsn), name, agent="gone/1") as worker:
        assert worker.ledger.claim(TICK) is not None
    bench.silent_for("21 seconds")

    with open_worker(endpoint(bench.target.dsn), name, agent="test/1") as worker:
        (lost,) = worker.ledger.mark_lost()

    assert lost.job == TICK.job
    assert bench.record().status is Status.LOST


def test_a_tick_that_is_being_worked_on_is_not_lost(bench: Bench) -> None:
    name = bench.target.database.name
    with (
        open_worker(endpoint(bench.target.dsn), name, agent="here/1") as one,
        open_worker(endpoint(bench.target.dsn), name, agent="test/1") as other,
    ):
        run_id = one.ledger.claim(TICK)
        bench.silent_for("1 hour")
        with one.connection.transaction():
            one.connection.execute(
                "SELECT FROM sequence_agent.job_run WHERE run_id = %s FOR UPDATE",
                [run_id],
            )

            assert other.ledger.mark_lost() == []


def test_a_tick_that_says_that_it_goes_on_is_not_lost(bench: Bench) -> None:
    name = bench.target.database.name
    with open_worker(endpoint(bench.target.dsn), name, agent="here/1") as one:
        run_id = one.ledger.claim(TICK)
        assert isinstance(run_id, UUID)
        bench.silent_for("1 hour")

        one.ledger.touch(run_id)

        assert one.ledger.mark_lost() == []


def test_triggers_that_the_job_allows_may_read_views(bench: Bench) -> None:
    """At once, and in what they put off to the commit."""
    bench.target.as_agent(
        "CREATE VIEW seen AS SELECT 1 AS one;"
        "CREATE TABLE audit (one integer); CREATE TABLE log (one integer);"
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO public.audit SELECT one FROM public.seen; RETURN NULL; END $$;"
        "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO public.log SELECT one FROM public.seen; RETURN NULL; END $$;"
        "CREATE TRIGGER look AFTER TRUNCATE ON users"
        " FOR EACH STATEMENT EXECUTE FUNCTION look();"
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON audit DEFERRABLE"
        " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();"
    )
    job = replace(
        bench.job,
        tables=NameFilter(include=("public.users", "public.orders")),
        allowed=Allowed(triggers=("public.users.look",)),
    )

    outcome = bench.run(job)

    assert isinstance(outcome, Done)
    assert bench.tables()["public.log"] == (1,)


# Disarming.


@pytest.mark.parametrize(
    "taken",
    [
        "REVOKE EXECUTE ON FUNCTION sequence_agent.hold_marker() FROM {role}",
        "DROP FUNCTION sequence_agent.hold_marker()",
        "REVOKE SELECT ON sequence_agent.environment FROM {role}",
        "REVOKE USAGE ON SCHEMA sequence_agent FROM {role}",
    ],
)
def test_whoever_cannot_hold_the_marker_resets_nothing(
    bench: Bench, taken: str
) -> None:
    """Otherwise nobody who disarms would wait for the run."""
    before = bench.tables()
    bench.target.as_admin(taken)

    outcome = bench.run()

    assert isinstance(outcome, Refused)
    assert [v.gate for v in outcome.plan.refusals] == ["marker_missing"]
    assert bench.tables() == before


@pytest.mark.parametrize("moment", ["locking", "counting", "emptying", "committing"])
@pytest.mark.parametrize(
    "taken",
    [
        "",
        "REVOKE EXECUTE ON FUNCTION sequence_agent.hold_marker() FROM {role};",
        "REVOKE ALL ON sequence_agent.environment FROM {role};",
    ],
    ids=["nothing taken", "function taken", "table taken"],
)
def test_no_run_commits_after_disarming_returned(
    bench: Bench, moment: str, taken: str
) -> None:
    """Whatever became of rights meanwhile; a run that holds the marker is waited for."""
    returned: list[bool] = []

    def disarm_meanwhile(said: str) -> None:
        if said.startswith(moment) and not returned:
            if taken:
                bench.target.as_admin(taken)
            try:
                disarm(endpoint(bench.target.database.dsn, lock=timedelta(seconds=0.3)))
            except ArmingError:
                returned.append(False)
            else:
                returned.append(True)

    bench.react = disarm_meanwhile
    outcome = bench.run()

    assert returned
    if returned[0]:
        assert not isinstance(outcome, Done)
    if not taken:
        assert isinstance(outcome, Done) == (not returned[0])
