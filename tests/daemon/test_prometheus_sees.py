"""From the database through the daemon into a real Prometheus."""

from __future__ import annotations

import subprocess

import pytest

from tests.agents import RunningAgent, running_agent
from tests.daemon.test_daemon import watching
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.prometheus_server import program, prometheus_scraping

MAKE = """
CREATE TABLE users (id serial PRIMARY KEY, name text);
INSERT INTO users (name) SELECT 'x' FROM generate_series(1, 17);
CREATE SEQUENCE big; SELECT setval('big', 9007199254740993);
CREATE SEQUENCE down INCREMENT -1; SELECT setval('down', -5);
CREATE SEQUENCE unused;
CREATE SEQUENCE "odd ""name\\ with {braces}
and a line"; SELECT setval('"odd ""name\\ with {braces}
and a line"', 3);
"""


def port_of(agent: RunningAgent) -> int:
    return int(agent.address.rpartition(":")[2])


def in_database(database: Database) -> dict[str, float]:
    """What PostgreSQL itself says, as a float64 holds it."""
    rows = database.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
    )
    return {name: float(value) for name, value in rows}


@pytest.mark.prometheus
def test_prometheus_holds_what_the_database_holds(database: Database) -> None:
    database.execute(MAKE)

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        with prometheus_scraping(port_of(agent)) as prometheus:
            eventually(prometheus.scraped)
            assert prometheus.problems() == []
            found = prometheus.query("pg_sequence_last_value")

    seen = {dict(series)["sequencename"]: value for series, value in found.items()}
    assert seen == in_database(database)
    assert seen["big"] == 9007199254740992  # the nearest float64
    assert len(seen) == 4


@pytest.mark.prometheus
def test_promtool_has_nothing_to_say(database: Database) -> None:
    database.execute(MAKE)

    with running_agent(watching(database)) as agent:
        agent.wait_ready()
        _, body = agent.get("/metrics")
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=body,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
