"""A plan says how many locks its run takes, and never fewer than it does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.resets.job import JobKind
from agent.domain.resets.runs import Done
from agent.domain.resets.seeds import Seed
from tests.postgres_servers import Database
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for

SCHEMA = """
CREATE TABLE logs (id serial, k integer, note text) PARTITION BY RANGE (k);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (9) TO (19);
CREATE INDEX ON logs (k); CREATE INDEX ON logs (note);
CREATE SEQUENCE invoice;
"""


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


# What is locked in two ways takes one place in the server's memory.
COUNT = Seed(
    name="count.sql",
    content=b"INSERT INTO users (id) SELECT count(DISTINCT (locktype, database, relation,"
    b" transactionid::text, virtualxid, classid, objid)) FROM pg_catalog.pg_locks"
    b" WHERE pid = pg_backend_pid()",
)


@pytest.mark.parametrize("tables", [0, 300])
def test_a_run_takes_no_more_locks_than_its_plan_says(
    tables: int, target: Target
) -> None:
    target.as_agent(SCHEMA)
    target.as_agent(
        "DO $$ BEGIN FOR i IN 1.." + str(tables) + " LOOP EXECUTE format("
        "'CREATE TABLE t%s (id serial PRIMARY KEY, note text UNIQUE)', i);"
        " END LOOP; END $$"
    )
    job = replace(job_for(target.database.name), sequences=("public.invoice",))

    outcome = run(target, job, seeds=(COUNT,))
    [(taken,)] = target.database.execute("SELECT id FROM users")

    assert isinstance(outcome, Done)
    assert taken <= outcome.plan.locks.needed <= 1.3 * taken + 100


def test_the_plan_knows_how_many_locks_the_server_has(target: Target) -> None:
    [(slots,)] = target.database.execute(
        "SELECT current_setting('max_locks_per_transaction')::int"
        " * (current_setting('max_connections')::int"
        " + current_setting('max_prepared_transactions')::int)"
    )

    assert target.plan(job_for(target.database.name)).locks.available == slots


def test_a_resync_counts_its_locks_too(target: Target) -> None:
    job = replace(job_for(target.database.name), kind=JobKind.RESYNC)

    assert target.plan(job).locks.needed > 4
