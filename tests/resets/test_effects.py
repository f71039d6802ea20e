"""What a run does under its locks: all that was planned, told in the ledger, or nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.runs import Done, Failed, Outcome, Run, Skipped, Work
from agent.domain.resets.seeds import Seed
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Database
from tests.resets.benchmark import measure
from tests.resets.pausing import pausing
from tests.resets.target import ALL_TABLES, CLOCK, Target, armed_target, endpoint
from tests.resets.test_running import EMPTY, TICK, WORK, Bench

ALLOWED = Allowed(triggers=("public.orders.after",))

_LOCKS = re.compile(r"LOCK TABLE ONLY .* IN (ACCESS|SHARE ROW) EXCLUSIVE MODE")


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def bench(target: Target) -> Bench:
    return Bench(target)


def run_hearing(
    bench: Bench,
    told: Callable[[str], None],
    *,
    job: ResetJob | None = None,
    work: Work = WORK,
    dsn: str | None = None,
) -> Outcome:
    chosen = job or bench.job
    resetter = Resetter(
        chosen,
        partial(
            open_worker, endpoint(dsn or bench.target.dsn), chosen.database, agent="t/1"
        ),
        clock=CLOCK,
        stopping=threading.Event(),
        told=told,
        reopen=partial(
            open_worker, endpoint(bench.target.dsn), chosen.database, agent="t/1"
        ),
    )
    return resetter.run(TICK, work)


def after_truncate(target: Target, body: str) -> None:
    """An allowed trigger on `orders`, of the agent's own making."""
    target.as_agent(
        f"CREATE FUNCTION after() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body}; RETURN NULL; END $$;"
        "CREATE TRIGGER after AFTER TRUNCATE ON orders EXECUTE FUNCTION after()"
    )


def without(table: str) -> NameFilter:
    return replace(ALL_TABLES, exclude=(table,))


# All kinds of tables and sequences.


def test_partitions_children_and_all_their_sequences_are_reset(bench: Bench) -> None:
    bench.target.as_agent(
        "CREATE TABLE logs (id serial, k integer) PARTITION BY RANGE (k);"
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        "CREATE TABLE child (own serial) INHERITS (users);"
        "CREATE UNLOGGED TABLE quick (a serial, b bigint GENERATED ALWAYS AS IDENTITY);"
        'CREATE TABLE "Odd ""one""" (id serial);'
        "CREATE SEQUENCE down INCREMENT -2 START -10 MAXVALUE -10 CYCLE CACHE 5;"
        "INSERT INTO logs (k) VALUES (1); INSERT INTO child DEFAULT VALUES;"
        "INSERT INTO quick DEFAULT VALUES;"
        'INSERT INTO "Odd ""one""" DEFAULT VALUES; SELECT nextval(\'down\')'
    )
    outcome = bench.run(replace(bench.job, sequences=("public.down",)))

    assert isinstance(outcome, Done)
    assert bench.tables() == EMPTY | {
        "public.logs_1": (0,),
        "public.logs_id_seq": (1, False),
        "public.child": (0,),
        "public.child_own_seq": (1, False),
        "public.quick": (0,),
        "public.quick_a_seq": (1, False),
        "public.quick_b_seq": (1, False),
        'public.Odd "one"': (0,),
        'public.Odd "one"_id_seq': (1, False),
        "public.down": (-10, False),
    }


def test_where_an_uncalled_sequence_stood_is_told(bench: Bench) -> None:
    bench.target.as_agent("SELECT setval('users_id_seq', 77, false)")

    outcome = bench.run()

    assert isinstance(outcome, Done)
    assert outcome.before.values["public.users_id_seq"] == 77


# How long.


@pytest.mark.parametrize("kind", JobKind)
def test_many_tables_take_no_more_statements_under_the_locks_than_few(
    bench: Bench, kind: JobKind
) -> None:
    numbers: list[int] = []
    with pausing(bench.target.dsn, lambda *_: None) as proxy:
        dsn = proxy.through(bench.target.dsn)
        for number, more in enumerate((0, 60)):
            bench.target.as_agent(
                "SELECT 1;"
                + ";".join(
                    f"CREATE TABLE t{n} (id serial PRIMARY KEY)" for n in range(more)
                )
            )
            proxy.statements.clear()
            resetter = Resetter(
                replace(bench.job, kind=kind),
                partial(open_worker, endpoint(dsn), bench.job.database, agent="t/1"),
                clock=CLOCK,
                stopping=threading.Event(),
            )
            at = TICK.scheduled_for + timedelta(minutes=number)
            outcome = resetter.run(replace(TICK, scheduled_for=at), WORK)
            assert isinstance(outcome, Done)
            locked = next(
                n for n, each in enumerate(proxy.statements) if _LOCKS.match(each)
            )
            numbers.append(proxy.statements[locked:].index("COMMIT"))

    few, many = numbers
    # Before 18 the uncalled sequences of the new tables are read, by a hundred.
    assert many <= few + 5


def test_tables_are_held_not_much_longer_than_they_must_be(target: Target) -> None:
    """Thrice as long on a quiet machine; twice that is left to what else goes on."""
    ratios = []
    for attempt in range(3):
        plain, reset = measure(
            target, tables=300, rounds=1, schemas=(f"one{attempt}", f"two{attempt}")
        )
        ratios.append(reset / plain)
        if ratios[-1] < 6:
            return

    pytest.fail(f"a busy machine alone does not explain {ratios}")


# Triggers that are allowed.


def test_rows_that_an_allowed_trigger_leaves_behind_are_noticed(bench: Bench) -> None:
    after_truncate(bench.target, "INSERT INTO public.users VALUES (7, 'left')")
    before = bench.tables()

    outcome = bench.run(replace(bench.job, allowed=ALLOWED))

    assert isinstance(outcome, Failed)
    assert outcome.reason == ("table 'public.users' holds 1 row after TRUNCATE")
    assert bench.tables() == before


def test_an_allowed_trigger_may_write_elsewhere(bench: Bench) -> None:
    bench.target.as_agent("CREATE TABLE audit (id serial, what text)")
    after_truncate(bench.target, "INSERT INTO public.audit (what) VALUES ('emptied')")
    job = replace(
        bench.job,
        tables=without("public.audit"),
        allowed=ALLOWED,
    )

    outcome = bench.run(job)

    assert isinstance(outcome, Done)
    assert bench.tables()["public.audit"] == (1,)


@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE public.apart", "ALTER SEQUENCE public.apart_id_seq RESTART"],
)
def test_an_allowed_trigger_empties_and_restarts_nothing_that_was_not_planned(
    bench: Bench, statement: str
) -> None:
    bench.target.as_agent(
        "CREATE TABLE apart (id serial); INSERT INTO apart DEFAULT VALUES"
    )
    after_truncate(bench.target, statement)
    before = bench.tables()

    outcome = bench.run(
        replace(
            bench.job,
            tables=without("public.apart"),
            allowed=ALLOWED,
        )
    )

    assert isinstance(outcome, Failed)
    assert "public.apart" in outcome.reason
    assert bench.tables() == before


DEFERRED = """\
CREATE TABLE late (id serial, note text);
CREATE TABLE notes (id integer);
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.users VALUES (41, 'late'); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON notes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();
"""


def test_rows_that_were_put_off_to_the_commit_are_noticed(bench: Bench) -> None:
    bench.target.as_agent(DEFERRED)
    after_truncate(bench.target, "INSERT INTO public.notes VALUES (1)")
    before = bench.tables()

    outcome = bench.run(
        replace(
            bench.job,
            tables=without("public.notes"),
            allowed=ALLOWED,
        )
    )

    assert isinstance(outcome, Failed)
    assert "table 'public.users' holds 1 row" in outcome.reason
    assert bench.tables() == before


def test_sequences_follow_rows_that_were_put_off_to_the_commit(bench: Bench) -> None:
    bench.target.as_agent(DEFERRED)
    seed = Seed(name="s.sql", content=b"INSERT INTO notes VALUES (1)")

    outcome = bench.run(work=replace(WORK, seeds=(seed,)))

    assert isinstance(outcome, Done)
    assert outcome.after.rows["public.users"] == 1
    assert outcome.after.values["public.users_id_seq"] == 41
    assert bench.tables()["public.users_id_seq"] == (41, True)


def test_what_was_put_off_and_fails_is_told_as_that(bench: Bench) -> None:
    bench.target.as_agent(DEFERRED.replace("public.users", "nowhere"))
    after_truncate(bench.target, "INSERT INTO public.notes VALUES (1)")

    outcome = bench.run(
        replace(
            bench.job,
            tables=without("public.notes"),
            allowed=ALLOWED,
        )
    )

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(
        'while running what was put off to the commit: relation "nowhere"'
    )


# What broke is told as what it is.


def test_a_failure_tells_what_was_being_done(bench: Bench) -> None:
    after_truncate(bench.target, "PERFORM 1 / 0")

    outcome = bench.run(replace(bench.job, allowed=ALLOWED))

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("while emptying 2 tables: division by zero")


def test_a_seed_that_drops_a_listed_table_is_told(bench: Bench) -> None:
    before = bench.tables()
    seed = Seed(name="s.sql", content=b"DROP TABLE orders")

    outcome = bench.run(work=replace(WORK, seeds=(seed,)))

    assert isinstance(outcome, Failed)
    assert "public.orders" in outcome.reason
    assert bench.tables() == before


@pytest.mark.parametrize(
    ("moment", "doing"),
    [
        ("counting", "while counting rows: "),
        ("emptying", "while emptying 2 tables: "),
        ("running s.sql", "while running s.sql: "),
        ("checking", "while checking what was done: "),
    ],
)
def test_a_connection_that_breaks_is_no_fault_of_the_step(
    bench: Bench, moment: str, doing: str
) -> None:
    before = bench.tables()
    work = replace(WORK, seeds=(Seed(name="s.sql", content=b"SELECT 1"),))

    def ending(said: str) -> None:
        if said.startswith(moment):
            bench.target.database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = %s",
                [bench.target.role],
            )

    outcome = run_hearing(bench, ending, work=work)

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(f"{doing}the connection to the server was lost: ")
    assert "\n" not in outcome.reason
    assert bench.tables() == before


def test_a_network_that_breaks_is_no_fault_of_a_seed(bench: Bench) -> None:
    work = replace(WORK, seeds=(Seed(name="s.sql", content=b"SELECT pg_sleep(60)"),))
    with pausing(bench.target.dsn, lambda *_: None) as proxy:

        def cutting(said: str) -> None:
            if said.startswith("running s.sql"):
                threading.Timer(0.3, proxy.close).start()

        outcome = run_hearing(
            bench, cutting, work=work, dsn=proxy.through(bench.target.dsn)
        )

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(
        "while running s.sql: the connection to the server was lost: "
    )


# Waiting.


def test_a_tick_that_was_given_up_is_not_begun(bench: Bench) -> None:
    before = bench.tables()
    heard: list[str] = []
    name = bench.target.database.name
    with open_worker(endpoint(bench.target.dsn), name, agent="gone/1") as gone:
        run_id = gone.ledger.claim(TICK)
        assert isinstance(run_id, UUID)
    bench.target.database.execute(
        "UPDATE sequence_agent.job_run SET status = 'lost', finished_at = now()"
    )

    with open_worker(endpoint(bench.target.dsn), name, agent="late/1") as worker:
        outcome = worker.perform(
            Run(run_id=run_id, tick=TICK), bench.job, WORK, attempt=1, told=heard.append
        )

    assert outcome == Skipped(reason="the tick was given up before it was begun")
    assert heard == []
    assert bench.tables() == before


def test_the_shortest_patience_is_not_boundless(bench: Bench) -> None:
    work = Work(lock_timeout=timedelta(microseconds=1))
    with (
        bench.target.database.connect() as other,
        other.transaction(force_rollback=True),
    ):
        other.execute("SELECT FROM orders")
        began = CLOCK.monotonic()
        outcome = bench.run(work=work)

    assert isinstance(outcome, Failed)
    assert "gave up after 1 attempt" in outcome.reason
    assert CLOCK.monotonic() - began < 5


def test_sequences_share_what_is_left_of_the_patience(bench: Bench) -> None:
    """One is given back late, then the other is waited for: others wait but once."""
    began = CLOCK.monotonic()
    with (
        psycopg.connect(bench.target.dsn) as first,
        psycopg.connect(bench.target.dsn) as second,
    ):
        # TRUNCATE takes tables, and with them their sequences, in the plan's order.
        first.execute("SELECT nextval('orders_id_seq')")
        second.execute("SELECT nextval('users_id_seq')")
        timers = [
            threading.Timer(2, first.rollback),
            threading.Timer(4, second.rollback),
        ]
        for timer in timers:
            timer.start()
        outcome = bench.run(work=Work(lock_timeout=timedelta(seconds=3)))
        took = CLOCK.monotonic() - began
        for timer in timers:
            timer.join()

    assert isinstance(outcome, Failed)
    assert took < 3 + 0.5


def test_a_deadlock_while_a_seed_runs_is_worth_another_attempt(bench: Bench) -> None:
    bench.target.as_agent("CREATE TABLE apart (id integer)")
    work = Work(
        lock_timeout=timedelta(seconds=5),
        attempts=2,
        seeds=(
            Seed(
                name="s.sql",
                content=b"LOCK TABLE apart; INSERT INTO users DEFAULT VALUES",
            ),
        ),
    )
    job = replace(bench.job, tables=without("public.apart"))
    heard: list[str] = []
    other = psycopg.connect(bench.target.database.dsn)
    # Ours is to be the one that finds the deadlock.
    other.execute("SET deadlock_timeout = '20s'")
    other.execute("LOCK TABLE apart")
    waiting = threading.Thread(target=lambda: other.execute("SELECT FROM users"))

    def crossing(said: str) -> None:
        heard.append(said)
        if said == "running s.sql" and len(heard) < 6:
            waiting.start()
        if said.endswith("trying again"):
            waiting.join()
            other.rollback()

    outcome = run_hearing(bench, crossing, job=job, work=work)
    other.close()

    assert isinstance(outcome, Done)
    assert outcome.attempts == 2
    assert any("deadlock detected" in said for said in heard)


# Resyncs.


def test_a_resync_never_moves_a_sequence_back(bench: Bench) -> None:
    """Others may call it until it is moved: no lock on a table keeps them from that."""
    bench.target.as_agent("INSERT INTO users (id) VALUES (90)")

    def calling(said: str) -> None:
        if said.startswith("moving"):
            bench.target.as_agent(
                "SELECT nextval('users_id_seq') FROM generate_series(1, 200)"
            )

    outcome = run_hearing(bench, calling, job=replace(bench.job, kind=JobKind.RESYNC))

    assert isinstance(outcome, Done)
    assert outcome.plan.sequences == ()
    assert bench.tables()["public.users_id_seq"] == (205, True)


def test_a_resync_moves_on_from_where_the_sequence_stands_by_then(
    bench: Bench,
) -> None:
    bench.target.as_agent("INSERT INTO users (id) VALUES (90)")

    def calling(said: str) -> None:
        if said.startswith("moving"):
            bench.target.as_agent("SELECT setval('users_id_seq', 30, false)")

    outcome = run_hearing(bench, calling, job=replace(bench.job, kind=JobKind.RESYNC))

    assert isinstance(outcome, Done)
    assert outcome.before.values == {"public.users_id_seq": 30}
    assert outcome.after.values == {"public.users_id_seq": 90}
    assert bench.tables()["public.users_id_seq"] == (90, True)


def test_a_resync_that_fails_late_moves_nothing(bench: Bench) -> None:
    bench.target.as_agent("INSERT INTO users (id) VALUES (90)")
    before = bench.tables()

    def ending(said: str) -> None:
        if said.startswith("checking"):
            bench.target.database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = %s",
                [bench.target.role],
            )

    outcome = run_hearing(bench, ending, job=replace(bench.job, kind=JobKind.RESYNC))

    assert isinstance(outcome, Failed)
    assert bench.tables() == before


def test_nobody_changes_a_sequence_while_a_run_counts(bench: Bench) -> None:
    """Its definition is what was planned, and its name stays with it."""
    refused: list[str] = []

    def altering(said: str) -> None:
        if said != "counting rows":
            return
        for statement in (
            "ALTER SEQUENCE users_id_seq RENAME TO other",
            "ALTER SEQUENCE users_id_seq INCREMENT 7",
            "ALTER SEQUENCE users_id_seq RESTART",
        ):
            try:
                bench.target.as_agent(f"SET lock_timeout = '50ms'; {statement}")
            except psycopg.errors.LockNotAvailable as error:
                refused.append(str(error))
        bench.target.as_agent("SELECT nextval('users_id_seq')")

    outcome = run_hearing(bench, altering)

    assert isinstance(outcome, Done)
    assert len(refused) == 3
    assert bench.tables() == EMPTY
