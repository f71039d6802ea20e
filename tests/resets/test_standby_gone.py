"""A synchronous standby that is gone: what waits for it, and what is said of that."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.resets.ledger import Status
from agent.domain.resets.runs import Done, Refused
from agent.postgres.resets import committing, worker
from tests.postgres_servers import Database, Source, binaries_of, database_on
from tests.resets.target import CLOCK, armed_target
from tests.resets.test_running import EMPTY, Bench


@pytest.fixture(scope="module")
def lonely(
    postgres_major: int, pytestconfig: pytest.Config
) -> Iterator[EmbeddedPostgres]:
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    with EmbeddedPostgres(binaries_of(postgres_major, source)) as own:
        yield own


@pytest.fixture
def bench(lonely: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(worker, "LONGEST_COMMIT", timedelta(seconds=2))
    monkeypatch.setattr(committing, "_SLOW", timedelta(seconds=0.3))
    with database_on(lonely) as database:
        bench = Bench(armed_target(database))
        _wait_for_standby(database, "gone")
        try:
            yield bench
        finally:
            _wait_for_standby(database, "")


def _wait_for_standby(database: Database, name: str) -> None:
    with database.connect() as connection:
        connection.execute("SET synchronous_commit = local")
        connection.execute(
            f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode()
        )
        connection.execute("SELECT pg_reload_conf()")


def test_a_run_is_committed_and_says_what_did_not_acknowledge_it(bench: Bench) -> None:
    outcome = bench.run()

    assert isinstance(outcome, Done)
    assert outcome.remark is not None
    assert "synchronous standby" in outcome.remark
    assert (
        "committing: a synchronous standby has not acknowledged it yet" in bench.heard
    )
    assert bench.tables() == EMPTY
    assert bench.record().status is Status.SUCCEEDED


def test_claims_and_endings_wait_for_no_standby(bench: Bench) -> None:
    began = CLOCK.monotonic()
    with bench.target.database.connect() as connection:
        connection.execute("SET synchronous_commit = local")
        connection.execute("UPDATE sequence_agent.environment SET protected = true")

    outcome = bench.run()

    assert isinstance(outcome, Refused)
    assert bench.record().status is Status.REFUSED
    assert CLOCK.monotonic() - began < 2
