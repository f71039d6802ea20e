from __future__ import annotations

import gzip
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.health import LONGEST_SILENCE
from agent.metrics.lines import Format
from tests.domain.statuses import NOON, broken, database_of, used
from tests.metrics.examples import ROUNDS
from tests.metrics.fleet import fleet
from tests.web.serving import Agent, Served, ask, connected, received, serving

PATHS = ["/", "/metrics", "/healthz", "/readyz"]


@pytest.fixture
def served(agent: Agent) -> Iterator[Served]:
    with serving(agent.app) as running:
        yield running


def test_metrics_are_text_for_a_client_that_asks_for_nothing(
    agent: Agent, served: Served
) -> None:
    agent.publish(*ROUNDS)

    reply = ask(served.port, "/metrics")

    assert reply.status == 200
    assert reply.headers["content-type"] == Format.TEXT.value
    assert reply.headers["vary"] == "Accept, Accept-Encoding"
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert "content-encoding" not in reply.headers
    assert 'sequence_agent_database_up{server="primary",datname="dark"} 0' in reply.text
    assert "sequence_agent_build_info" in reply.text


def test_metrics_are_openmetrics_for_a_client_that_prefers_it(
    agent: Agent, served: Served
) -> None:
    agent.publish(*ROUNDS)
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"

    reply = ask(served.port, "/metrics", Accept=accept)

    assert reply.headers["content-type"] == Format.OPENMETRICS.value
    assert reply.text.endswith("# EOF\n")


def test_several_accept_headers_count_as_one(served: Served) -> None:
    with connected(served.port) as client:
        client.sendall(
            b"GET /metrics HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n"
            b"Accept: text/plain;q=0.1\r\n"
            b"Accept: application/openmetrics-text;q=0.2\r\n\r\n"
        )
        reply = received(client)

    assert Format.OPENMETRICS.value.encode() in reply


def test_the_gzipped_body_is_the_plain_body(agent: Agent, served: Served) -> None:
    agent.publish(fleet(5_000))

    plain = ask(served.port, "/metrics")
    gzipped = ask(served.port, "/metrics", Accept_Encoding="gzip")

    assert gzipped.headers["content-encoding"] == "gzip"
    assert len(gzipped.body) < len(plain.body) / 5
    assert facts(gzip.decompress(gzipped.body)) == facts(plain.body)


def facts(body: bytes) -> list[bytes]:
    """Without what the process says of itself, which differs with every request."""
    return [line for line in body.splitlines() if not line.startswith(b"process_")]


def test_a_large_body_arrives_whole(agent: Agent, served: Served) -> None:
    agent.publish(fleet(20_000))

    reply = ask(served.port, "/metrics")

    assert len(reply.body) > 20_000_000
    assert int(reply.headers["content-length"]) == len(reply.body)
    assert reply.body.count(b"\npg_sequence_last_value{") == 20_000


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
def test_curl_unzips_what_it_asked_for(agent: Agent, served: Served) -> None:
    agent.publish(fleet(1_000))
    url = f"http://127.0.0.1:{served.port}/metrics"

    plain = subprocess.run(["curl", "-sf", url], check=True, capture_output=True)
    unzipped = subprocess.run(
        ["curl", "-sf", "--compressed", url], check=True, capture_output=True
    )

    assert facts(unzipped.stdout) == facts(plain.stdout)
    assert plain.stdout.count(b"\npg_sequence_last_value{") == 1_000


def test_healthz_is_well_while_the_scheduler_ticks(
    agent: Agent, served: Served
) -> None:
    agent.clock.move(LONGEST_SILENCE)
    agent.health.beat()

    reply = ask(served.port, "/healthz")

    assert (reply.status, reply.text) == (200, "alive: the scheduler ticks\n")


def test_healthz_says_how_long_the_scheduler_has_been_silent(
    agent: Agent, served: Served
) -> None:
    agent.clock.move(timedelta(seconds=12.5))

    reply = ask(served.port, "/healthz")

    assert reply.status == 503
    assert reply.text == (
        "not alive: the scheduler has not ticked for 12.5 s (limit 10 s)\n"
    )


def test_healthz_does_not_depend_on_databases(agent: Agent, served: Served) -> None:
    agent.publish(broken())

    assert ask(served.port, "/healthz").status == 200


def test_readyz_awaits_the_configuration_first(served: Served) -> None:
    reply = ask(served.port, "/readyz")

    assert (reply.status, reply.text) == (
        503,
        "not ready, waiting for\n- a configuration\n",
    )


def test_readyz_names_the_servers_whose_first_round_it_awaits(
    agent: Agent, served: Served
) -> None:
    agent.health.configured(["east", "west", "north"])
    agent.health.round_done("west")

    reply = ask(served.port, "/readyz")

    assert reply.status == 503
    assert reply.text == (
        "not ready, waiting for\n"
        "- the first round of server 'east'\n"
        "- the first round of server 'north'\n"
    )


def test_readyz_is_well_once_all_had_a_round_even_if_nothing_could_be_read(
    agent: Agent, served: Served
) -> None:
    agent.health.configured(["primary"])
    agent.publish(broken())
    agent.health.round_done("primary")

    reply = ask(served.port, "/readyz")

    assert (reply.status, reply.text) == (
        200,
        "ready: every server had its first round\n",
    )


def test_the_page_shows_what_the_board_shows(agent: Agent, served: Served) -> None:
    agent.publish(database_of(used(95)))

    reply = ask(served.port, "/")

    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "public.hundred" in reply.text


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_headers_of_get_and_no_body(
    path: str, agent: Agent, served: Served
) -> None:
    agent.health.configured([])

    got = ask(served.port, path)
    head = ask(served.port, path, method="HEAD")

    assert head.status == got.status == 200
    assert head.body == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_reading_is_answered(
    path: str, method: str, served: Served
) -> None:
    reply = ask(served.port, path, method=method)

    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert reply.text == "only GET and HEAD are answered here\n"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/metrics/",
        "//",
        "/favicon.ico",
        "/%2e%2e/etc/passwd",
        "/metrics%00",
    ],
)
def test_an_unknown_path_is_a_plain_sentence(path: str, served: Served) -> None:
    reply = ask(served.port, path)

    assert reply.status == 404
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.text == "there is no such page; / lists those there are\n"


@pytest.mark.parametrize("path", [*PATHS, "/nothing"])
def test_every_answer_has_the_strict_headers(path: str, served: Served) -> None:
    headers = ask(served.port, path).headers

    assert headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline';"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_a_failure_tells_the_client_nothing_and_the_log_everything(
    agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.publish(replace(broken(), sampled_at=NOON.replace(tzinfo=None)))

    with serving(agent.app) as served:
        reply = ask(served.port, "/")

    assert reply.status == 500
    assert reply.text == "the agent failed to answer; its log says why\n"
    assert "content-security-policy" in reply.headers
    assert "can't subtract offset-naive" in caplog.text
