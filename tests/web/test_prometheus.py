"""What real Prometheus programs make of the exposition."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.domain.sequences import At
from agent.metrics.lines import Format
from tests.domain.statuses import BIGINT, NOON, database_of, status_of
from tests.eventually import eventually
from tests.metrics.examples import ROUNDS
from tests.metrics.fleet import fleet
from tests.metrics.parsing import PARSE
from tests.prometheus_server import (
    PrometheusServer,
    Series,
    program,
    prometheus_scraping,
)
from tests.web.serving import Agent, ask, serving

pytestmark = pytest.mark.prometheus

OURS = '{__name__=~"pg_sequence.*|sequence_agent_.*"}'
INT8 = [0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)]


class Conversations:
    """Remembers what scrapers asked for and what they were given."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.asked: list[dict[str, str]] = []
        self.given: list[dict[str, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def remember(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.given.append(_decoded(message["headers"]))
            await send(message)

        self.asked.append(_decoded(scope["headers"]))
        await self._app(scope, receive, remember)


def _decoded(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


@pytest.fixture
def agent() -> Agent:
    agent = Agent()
    agent.own.reloaded(ok=True, at=NOON)
    values = [
        status_of(replace(BIGINT, oid=i, name=f"value_{i}"), At(value))
        for i, value in enumerate(INT8)
    ]
    agent.publish(*ROUNDS, database_of(*values, datname="values"))
    return agent


@pytest.fixture
def conversations(agent: Agent) -> Conversations:
    return Conversations(agent.app)


@pytest.fixture
def scraped(conversations: Conversations) -> Iterator[tuple[int, PrometheusServer]]:
    with serving(conversations) as served, prometheus_scraping(served.port) as server:
        eventually(server.scraped)
        yield served.port, server


def published(port: int) -> Mapping[Series, float]:
    """The samples of a scrape as float64, which is what Prometheus keeps."""
    text = ask(port, "/metrics").text
    samples = [s for family in PARSE[Format.TEXT](text) for s in family.samples]
    return {
        tuple(sorted(_kept(sample.labels | {"__name__": sample.name}))): float(
            sample.value
        )
        for sample in samples
        if sample.name.startswith(("pg_sequence", "sequence_agent_"))
    }


def _kept(labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """To Prometheus an empty label is an absent one."""
    return ((name, value) for name, value in labels.items() if value)


def test_promtool_has_nothing_to_say(agent: Agent) -> None:
    with serving(agent.app) as served:
        body = ask(served.port, "/metrics").body

    found = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input=body,
        capture_output=True,
        check=False,
    )

    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


def test_the_values_in_prometheus_are_those_published(
    scraped: tuple[int, PrometheusServer],
) -> None:
    port, prometheus = scraped

    stored = prometheus.query(OURS)

    assert stored == published(port)
    assert prometheus.problems() == []


def test_prometheus_itself_asks_for_openmetrics_and_gzip_and_gets_them(
    scraped: tuple[int, PrometheusServer], conversations: Conversations
) -> None:
    del scraped

    asked, given = conversations.asked[0], conversations.given[0]

    assert asked["user-agent"].startswith("Prometheus/")
    assert given["content-type"] == Format.OPENMETRICS.value
    assert given["content-encoding"] == "gzip"


def test_a_scraper_without_wishes_stores_the_same(agent: Agent) -> None:
    async def unasked(scope: Scope, receive: Receive, send: Send) -> None:
        await agent.app({**scope, "headers": []}, receive, send)

    with serving(unasked) as served, prometheus_scraping(served.port) as prometheus:
        eventually(prometheus.scraped)
        stored = prometheus.query(OURS)
        expected = published(served.port)

    assert stored == expected


def test_a_forgotten_database_goes_stale_at_once(
    agent: Agent, scraped: tuple[int, PrometheusServer]
) -> None:
    _, prometheus = scraped
    selected = 'count({datname="app"})'
    assert prometheus.query(selected) != {}

    for sink in (agent.exposition, agent.own):
        sink.forget("primary", "app")

    eventually(lambda: prometheus.query(selected) == {})


def test_a_large_body_is_scraped_within_its_second(agent: Agent) -> None:
    agent.publish(replace(fleet(5_000), datname="large"))

    with serving(agent.app) as served, prometheus_scraping(served.port) as prometheus:
        eventually(prometheus.scraped)
        stored = prometheus.query('count(pg_sequence_last_value{datname="large"})')

    assert stored == {(): 5_000.0}
