"""A seed behind PgBouncer in transaction mode: its session is the next client's."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import psycopg
import pytest

from agent.domain.resets.runs import Done, Failed, Outcome
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.pooling import PROGRAM
from tests.resets.seeding import seeds_of
from tests.resets.target import CLOCK, Target, endpoint
from tests.resets.test_pooler import pooled, target
from tests.resets.test_running import TICK, WORK, Bench
from tests.resets.test_seeds_locks import BESIDE, PATIENCE, held
from tests.resets.test_seeds_session import HEADER, ROW

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs pgbouncer")
__all__ = ["pooled", "target"]  # fixtures

SETTINGS = (
    "SELECT array_agg(s.name || ' ' || s.setting ORDER BY s.name) FROM pg_settings AS s"
    " WHERE s.name !~ '^(transaction_|plpgsql)'"
    # The pooler's to hand on; a client without a name is shown that of another.
    " AND s.name <> 'application_name'"
)


def run(target: Target, dsn: str, *texts: str) -> Outcome:
    bench = Bench(target)
    resetter = Resetter(
        bench.job,
        partial(open_worker, endpoint(dsn), bench.job.database, agent="test/1"),
        clock=CLOCK,
        stopping=bench.stopping,
    )
    seeds = seeds_of(*texts)
    return resetter.run(TICK, replace(WORK, lock_timeout=PATIENCE, seeds=seeds))


def asked(dsn: str, question: str) -> set[str]:
    """What a client is told by each of the sessions of the pool."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as client:
        return {str(client.execute(question.encode()).fetchone()) for _ in range(8)}


def test_the_head_of_a_dump_is_not_the_next_clients(
    target: Target, pooled: str
) -> None:
    before = asked(pooled, SETTINGS)

    outcome = run(
        target, pooled, HEADER + ROW + "SET default_transaction_read_only = on"
    )

    assert isinstance(outcome, Done)
    assert asked(pooled, SETTINGS) == before
    assert asked(pooled, "SELECT count(*) FROM users") == {"(1,)"}


@pytest.mark.parametrize("ending", ["", "; SELECT 1/0"])
def test_nothing_else_is_either(target: Target, pooled: str, ending: str) -> None:
    question = (
        "SELECT (SELECT count(*) FROM pg_prepared_statements),"
        " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),"
        " pg_my_temp_schema() <> 0 AND EXISTS (SELECT FROM pg_class"
        " WHERE relnamespace = pg_my_temp_schema())"
    )
    before = asked(pooled, question)

    outcome = run(
        target,
        pooled,
        f"{ROW} PREPARE p AS SELECT 1; SELECT pg_advisory_lock(7);"
        f" CREATE TEMP TABLE t AS SELECT 1{ending}",
    )

    assert isinstance(outcome, Failed if ending else Done)
    assert asked(pooled, question) == before


def test_rows_of_copy_come_through(target: Target, pooled: str) -> None:
    rows = "".join(f"{number}\t{'x' * 1000}\n" for number in range(3000))

    outcome = run(
        target,
        pooled,
        f"COPY users (id, name) FROM stdin;\n{rows}\\.\n",
        "COPY orders (user_id) FROM stdin;\n7\n\\.\n",
    )

    assert isinstance(outcome, Done)
    assert Bench(target).tables()["public.users"] == (3000,)
    assert Bench(target).tables()["public.orders"] == (1,)


def test_a_wait_is_ended_through_the_pooler_too(target: Target, pooled: str) -> None:
    target.as_admin("CREATE SCHEMA kept; GRANT ALL ON SCHEMA kept TO {role}")
    target.as_agent(BESIDE)
    with held(Bench(target)):
        outcome = run(target, pooled, "SELECT 1;\nSELECT kept.waits()")

    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith(
        "seed '1.sql', line 2: waited for locks for longer"
    )
