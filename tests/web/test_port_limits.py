"""What unauthenticated clients can do to the agent: next to nothing."""

from __future__ import annotations

import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.web.limits import Limits, limits_for
from tests.eventually import eventually
from tests.metrics.fleet import fleet
from tests.web.serving import Agent, ask, connected, received, serving

SHORT = timedelta(seconds=0.3)
LONG = timedelta(minutes=5)
PATIENT = Limits(connections=12, answers=8, head=LONG, stall=LONG, answer=LONG)
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: agent\r\n\r\n"


def closed(client: socket.socket) -> bool:
    """Whether the server closed the connection, whatever it sent before."""
    readable, _, _ = select.select([client], [], [], 0)
    if not readable:
        return False
    try:
        return client.recv(1 << 20) == b""
    except ConnectionError:
        return True


def sends(client: socket.socket, data: bytes) -> None:
    """Send what the server may have stopped to take."""
    with suppress(ConnectionError):
        client.sendall(data)


@contextmanager
def clients(port: int, number: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections that sent this, read nothing and stay."""
    with ExitStack() as stack:
        opened = [stack.enter_context(connected(port)) for _ in range(number)]
        for client in opened:
            sends(client, sent)
        yield opened


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /healthz HT",
        b"GET /healthz HTTP/1.1\r\nHost: agent\r\n\r\nGET /",
        b"POST / HTTP/1.1\r\nHost: agent\r\nContent-Length: 9\r\n\r\nx",
        b"\x16\x03\x01 this is no HTTP\r\n\r\n",
    ],
    ids=["nothing", "half a head", "half of a second head", "half a body", "nonsense"],
)
def test_who_does_not_ask_in_time_is_closed(agent: Agent, sent: bytes) -> None:
    limits = replace(PATIENT, head=SHORT)
    with serving(agent.app, limits=limits) as served, connected(served.port) as client:
        client.sendall(sent)

        eventually(lambda: closed(client))


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /healthz HTTP/1.1\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: agent\r\nContent-Length: 99999\r\n\r\n",
    ],
    ids=["a head", "a body"],
)
def test_sending_byte_by_byte_does_not_gain_time(agent: Agent, begin: bytes) -> None:
    limits = replace(PATIENT, head=SHORT)
    with serving(agent.app, limits=limits) as served, connected(served.port) as client:
        client.sendall(begin)

        def closed_to_one_more_byte() -> bool:
            sends(client, b"x")
            return closed(client)

        eventually(closed_to_one_more_byte)


def test_who_reads_nothing_of_an_answer_is_closed(agent: Agent) -> None:
    agent.publish(fleet(20_000))
    limits = replace(PATIENT, stall=SHORT)
    with (
        serving(agent.app, limits=limits) as served,
        clients(served.port, 1, SCRAPE) as [client],
    ):
        client.recv(1)
        eventually(lambda: closed(client))


def test_who_reads_a_little_all_the_time_is_closed_when_the_time_is_up(
    agent: Agent,
) -> None:
    agent.publish(fleet(20_000))
    limits = replace(PATIENT, answer=SHORT)
    with serving(agent.app, limits=limits) as served, connected(served.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(SCRAPE)

        def ends() -> bool:
            try:
                return client.recv(256) == b""
            except ConnectionError:
                return True

        # 54 MB by 256 bytes would be 200,000 times.
        assert any(ends() for _ in range(150_000))


def test_of_silent_connections_the_oldest_make_room(agent: Agent) -> None:
    with (
        serving(agent.app, limits=PATIENT) as served,
        clients(served.port, 3 * PATIENT.connections) as opened,
    ):
        probes = [ask(served.port, "/healthz").status for _ in range(3)]
        eventually(lambda: all(map(closed, opened[: 2 * PATIENT.connections])))
        kept = [client for client in opened if not closed(client)]

    assert probes == [200, 200, 200]
    assert 0 < len(kept) <= PATIENT.connections


def test_probes_are_answered_while_all_other_places_are_taken(agent: Agent) -> None:
    agent.publish(fleet(20_000))
    agent.health.configured([])
    with (
        serving(agent.app, limits=PATIENT) as served,
        clients(served.port, PATIENT.answers, SCRAPE),
    ):
        eventually(lambda: ask(served.port, "/").status == 503)
        refused = ask(served.port, "/")
        probes = [ask(served.port, path) for path in ("/healthz", "/readyz")]

    assert (refused.status, refused.headers["connection"]) == (503, "close")
    assert refused.text == "too many requests at once; ask again later\n"
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert [reply.status for reply in probes] == [200, 200]


@pytest.mark.parametrize("descriptors", [64, 128, 256, 1024, 1 << 20])
def test_three_quarters_of_the_descriptors_are_left_to_sampling(
    descriptors: int,
) -> None:
    limits = limits_for(descriptors)

    assert limits.connections <= descriptors / 4
    assert limits.connections <= 128
    assert 0 < limits.answers < limits.connections


def test_a_client_that_goes_away_gives_its_place_back(agent: Agent) -> None:
    agent.publish(fleet(20_000))
    with serving(agent.app, limits=PATIENT) as served:
        with clients(served.port, PATIENT.answers, SCRAPE):
            eventually(lambda: ask(served.port, "/").status == 503)

        eventually(lambda: ask(served.port, "/").status == 200)


def test_a_request_with_two_lengths_is_refused_with_all_that_follows(
    agent: Agent,
) -> None:
    with serving(agent.app, limits=PATIENT) as served, connected(served.port) as client:
        client.sendall(
            b"GET /metrics HTTP/1.1\r\nHost: agent\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            b"GET /healthz HTTP/1.1\r\nHost: agent\r\n\r\n"
        )
        reply = received(client)

    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1 ") == 1
    assert b"send Content-Length or Transfer-Encoding" in reply


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://elsewhere:9/healthz", 200),
        ("HTTPS://[::1]:9/healthz?x=1", 200),
        ("http://elsewhere", 200),
        ("http://elsewhere?x=http://y/z", 200),
        ("http://elsewhere/nothing", 404),
        ("/http://elsewhere/healthz", 404),
    ],
)
def test_a_target_may_name_the_host(agent: Agent, target: str, status: int) -> None:
    with serving(agent.app, limits=PATIENT) as served:
        assert ask(served.port, target).status == status


WITHOUT_DESCRIPTORS = """
import os, resource, sys, threading
from agent import logs
from agent.web.server import WebServer, listen
from tests.web.serving import Agent
logs.configure(level="info", format_="json")
resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))

def use_up():
    taken = []
    try:
        while True:
            taken.append(os.dup(0))
    except OSError:
        print("used up", flush=True)
    sys.stdin.readline()
    for each in taken:
        os.close(each)
    sys.stdin.readline()
    server.stop()

listening = listen("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
server = WebServer(Agent().app, listening, on_ready=threading.Thread(target=use_up).start)
server.serve()
"""


def test_without_descriptors_one_line_is_logged_and_clients_wait() -> None:
    with started(WITHOUT_DESCRIPTORS) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdin is not None
        port = int(process.stdout.readline())
        assert process.stdout.readline() == "used up\n"

        with clients(
            port, 20, SCRAPE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        ) as waiting:
            line = process.stderr.readline()
            process.stdin.write("give back\n")
            process.stdin.flush()
            replies = [received(client) for client in waiting]
        process.stdin.write("stop\n")
        process.stdin.flush()
        rest = process.stderr.read()

    assert '"event": "port_out_of_resources"' in line
    assert '"reason": "too many open files"' in line
    assert rest == ""
    assert all(reply.startswith(b"HTTP/1.1 200") for reply in replies)


SCRAPED = """
import sys
from agent.web.server import WebServer, listen
from tests.metrics.fleet import fleet
from tests.web.serving import Agent
agent = Agent()
agent.publish(fleet(10_000))
listening = listen("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
WebServer(agent.app, listening).serve()
"""


def test_a_hundred_scrapes_at_once_share_one_body() -> None:
    with started(SCRAPED) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        ask(port, "/healthz")
        before = peak_bytes(process.pid)

        with clients(port, 100, SCRAPE) as waiting:
            # Whose answer has begun holds whatever it holds until it has been read.
            heads = [client.recv(4096) for client in waiting]
            grown = peak_bytes(process.pid) - before
        process.kill()

    length = re.search(rb"content-length: (\d+)", heads[0])
    assert length is not None
    assert all(head.startswith(b"HTTP/1.1 200") for head in heads)
    assert grown < 1.2 * int(length[1])


@contextmanager
def started(script: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def peak_bytes(pid: int) -> int:
    """The most memory that a process had so far."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123
        found = next(line for line in status if line.startswith("VmHWM:"))
    return int(found.split()[1]) * 1024
