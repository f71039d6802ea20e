"""Consumption as the daemon counts it, against what was really called."""

from __future__ import annotations

import csv
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest

from agent.demo.embedded import free_port
from agent.history.store import SqlHistory
from tests.agents import RunningAgent, running_agent, until
from tests.postgres_servers import Database

TRACE = Path(__file__).parent / "traces" / "tweets_aapl_5min.csv"
SEQUENCE = "items_id_seq"


def counts() -> list[int]:
    with TRACE.open(encoding="utf-8", newline="") as lines:
        return [int(row["count"]) for row in csv.DictReader(lines)]


def config(database: Database, history: Path) -> str:
    return dedent(
        f"""\
        listen: {{host: 127.0.0.1, port: {free_port()}}}
        log: {{format: json}}
        history: {{url: "sqlite:///{history}"}}
        sampling: {{interval: 200ms}}
        servers:
          - name: one
            dsn: '{database.dsn}'
            databases: {{include: ['{database.name}']}}
        """
    )


class Traffic:
    """Calls a sequence as often as a trace says, and knows how often that was."""

    def __init__(self, connection: psycopg.Connection, datname: str) -> None:
        self._connection = connection
        self._labels = (
            f'server="one",datname="{datname}",schemaname="public"'
            f',sequencename="{SEQUENCE}"'
        )
        self.calls = 0

    def replay(self, part: list[int]) -> None:
        for calls in part:
            self._connection.execute(
                f"SELECT count(nextval('public.{SEQUENCE}')) FROM generate_series(1, %s)",
                [calls],
            )
            self.calls += calls

    def put_back(self) -> None:
        self._connection.execute("TRUNCATE public.items RESTART IDENTITY")

    def metric(self, agent: RunningAgent, name: str, more: str = "") -> float | None:
        return agent.metrics().get(f"{name}{{{self._labels}{more}}}")

    def is_counted(self, agent: RunningAgent) -> None:
        """Wait until the agent has seen the last call."""
        (last,) = self._connection.execute(
            f"SELECT last_value FROM public.{SEQUENCE}"
        ).fetchone() or (None,)
        until(
            lambda: self.metric(agent, "pg_sequence_last_value") == last,
            "sample of the last call",
        )

    def consumed(self, agent: RunningAgent) -> float | None:
        return self.metric(agent, "pg_sequence_consumed_values_total")

    def resets(self, agent: RunningAgent, reason: str) -> float | None:
        more = f',reason="{reason}"'
        return self.metric(agent, "pg_sequence_resets_total", more)


def written(history: Path, database: Database) -> int | None:
    """What an agent that starts now would begin with."""
    stored = SqlHistory(f"sqlite:///{history}", retention=timedelta(days=400))
    with closing(stored):
        records = stored.load("one", database.name).records
    return records[0].consumed if records else None


@contextmanager
def traffic_on(database: Database) -> Iterator[Traffic]:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE items (id bigserial PRIMARY KEY)")
        yield Traffic(connection, database.name)


@pytest.mark.parametrize(
    "ending", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name
)
def test_every_call_of_a_replayed_trace_is_counted_across_resets_and_restarts(
    database: Database, tmp_path: Path, ending: signal.Signals
) -> None:
    history = tmp_path / "history.db"
    settings = config(database, history)
    trace = counts()
    with traffic_on(database) as traffic:
        with running_agent(settings) as agent:
            until(lambda: traffic.consumed(agent) == 0, "first look")
            traffic.replay(trace[:300])
            traffic.is_counted(agent)
            traffic.put_back()
            traffic.replay(trace[300:500])
            traffic.is_counted(agent)
            until(
                lambda: written(history, database) == traffic.calls, "a written count"
            )
            agent.signal(ending)
            agent.process.wait(30)
        traffic.replay(trace[500:700])
        with running_agent(settings) as agent:
            traffic.replay(trace[700:])
            traffic.is_counted(agent)

            assert traffic.calls == sum(trace)
            assert traffic.consumed(agent) == traffic.calls
            assert traffic.resets(agent, "restart") == 1
            assert traffic.resets(agent, "setval") == 0


def test_sampling_goes_on_where_the_history_cannot_be_written(
    database: Database, tmp_path: Path
) -> None:
    nowhere = tmp_path / "missing" / "history.db"
    with (
        traffic_on(database) as traffic,
        running_agent(config(database, nowhere)) as agent,
    ):
        agent.wait_ready()
        traffic.replay([10])
        traffic.is_counted(agent)
        failures = "sequence_agent_history_write_failures_total"
        until(lambda: agent.metrics()[failures] > 1, "second failure")
        assert agent.events("history_failed") == 1
        consumed = traffic.consumed(agent)

        nowhere.parent.mkdir()
        until(lambda: agent.events("history_works_again"), "recovery")
        traffic.replay([5])
        traffic.is_counted(agent)

        assert traffic.consumed(agent) == (consumed or 0) + 5
        assert nowhere.exists()


def test_a_burst_is_reported_by_the_second_look(
    database: Database, tmp_path: Path
) -> None:
    with traffic_on(database) as traffic:
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(f"ALTER SEQUENCE {SEQUENCE} MAXVALUE 1000000")
        with running_agent(config(database, tmp_path / "history.db")) as agent:
            until(lambda: traffic.consumed(agent) == 0, "first look")

            traffic.replay([1000])

            finding = ',kind="burst",severity="critical",acknowledged="false"'
            until(
                lambda: traffic.metric(agent, "pg_sequence_finding", finding),
                "finding",
                seconds=3,
            )
