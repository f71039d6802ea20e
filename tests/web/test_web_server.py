from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from agent.errors import AgentError
from agent.web.server import CannotListenError, WebServer, listen
from tests.eventually import eventually
from tests.metrics.fleet import fleet
from tests.web.serving import (
    LOOPBACK,
    Agent,
    Served,
    ask,
    connected,
    received,
    serving,
    serving_on,
)

GREETER = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))])
REQUEST = b"GET / HTTP/1.1\r\nHost: agent\r\n\r\n"
NO_IPV6 = "this machine has no IPv6 loopback"
OPEN_FILES = Path("/proc/self/fd")


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def stop(served: Served) -> float:
    """Stop it and tell how long that took."""
    served.server.stop()
    return seconds(lambda: served.ended.result(10))


def test_a_free_port_is_found_and_known_before_anything_is_served() -> None:
    with listen(LOOPBACK, 0) as listening:
        host, port = listening.getsockname()

    assert host == LOOPBACK
    assert port > 0


def test_a_connection_made_before_serving_is_answered_once_it_begins() -> None:
    listening = listen(LOOPBACK, 0)
    with connected(listening.getsockname()[1]) as client:
        client.sendall(REQUEST.replace(b"agent", b"agent\r\nConnection: close"))

        with serving_on(listening, GREETER):
            reply = received(client)

    assert reply.endswith(b"hello")


def test_a_port_that_was_just_served_can_be_listened_on_again() -> None:
    with serving(GREETER) as served:
        ask(served.port, "/")

    with listen(LOOPBACK, served.port) as listening:
        assert listening.getsockname()[1] == served.port


def test_a_taken_port_is_one_sentence_with_a_remedy() -> None:
    with listen(LOOPBACK, 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(CannotListenError) as raised:
            listen(LOOPBACK, port)

    assert isinstance(raised.value, AgentError)
    assert str(raised.value) == (
        f"cannot listen on 127.0.0.1:{port}: address already in use;"
        " stop what listens there or choose another listen.port"
    )


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            "192.0.2.1",
            (
                "cannot listen on 192.0.2.1:9753: cannot assign requested address;"
                " choose a listen.host that this machine has"
            ),
        ),
        ("x" * 64, "not the name of a host"),
        ("fe80::1%nowhere", "cannot listen on [fe80::1%nowhere]:9753: "),
    ],
    ids=["not of this machine", "not a name", "unknown zone"],
)
def test_a_host_that_cannot_be_had_is_one_sentence(host: str, said: str) -> None:
    with pytest.raises(CannotListenError, match=re.escape(said)):
        listen(host, 9753)


@pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)
def test_an_address_of_ipv6_is_served_and_bracketed_in_messages() -> None:
    with serving(GREETER, host="::1") as served:
        assert ask(served.port, "/", host="::1").text == "hello"
        with pytest.raises(CannotListenError, match=re.escape(f"[::1]:{served.port}")):
            listen("::1", served.port)


@pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)
def test_the_ipv6_wildcard_serves_ipv4_too() -> None:
    with serving(GREETER, host="::") as served:
        assert ask(served.port, "/", host="::1").text == "hello"
        assert ask(served.port, "/", host=LOOPBACK).text == "hello"


def test_an_idle_server_stops_within_a_second() -> None:
    with serving(GREETER) as served:
        assert stop(served) < 1


def test_a_server_that_is_stopped_before_it_serves_ends_at_once() -> None:
    server = WebServer(GREETER, listen(LOOPBACK, 0))

    server.stop()

    assert seconds(server.serve) < 1


def test_a_stopped_server_listens_no_more() -> None:
    with serving(GREETER) as served:
        stop(served)

        with pytest.raises(ConnectionRefusedError):
            ask(served.port, "/")


def test_an_open_keep_alive_connection_does_not_delay_the_end() -> None:
    with serving(GREETER) as served:
        client = http.client.HTTPConnection(LOOPBACK, served.port, timeout=30)
        client.request("GET", "/")
        assert client.getresponse().read() == b"hello"

        assert stop(served) < 1

        client.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: agent\r\nContent-Length: 9\r\n\r\nx"],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_half_sent_request_does_not_delay_the_end(sent: bytes) -> None:
    with serving(GREETER) as served, connected(served.port) as client:
        client.sendall(sent)
        ask(served.port, "/")  # by now the connection before it was accepted

        assert stop(served) < 1


def test_a_client_that_sent_nonsense_and_stays_does_not_delay_the_end() -> None:
    with serving(GREETER) as served, connected(served.port) as client:
        client.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 400")

        assert stop(served) < 1


def test_a_client_that_reads_slowly_does_not_delay_the_end(agent: Agent) -> None:
    agent.publish(fleet(20_000))
    with serving(agent.app) as served, connected(served.port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(REQUEST.replace(b" / ", b" /metrics "))
        assert client.recv(1).startswith(b"H")

        assert stop(served) < 1


def test_a_slow_client_does_not_keep_others_waiting(agent: Agent) -> None:
    agent.publish(fleet(20_000))
    with serving(agent.app) as served, connected(served.port) as client:
        client.sendall(REQUEST.replace(b" / ", b" /metrics "))
        assert client.recv(1).startswith(b"H")

        assert seconds(lambda: ask(served.port, "/healthz")) < 1


def test_an_answer_under_way_is_finished_before_the_end(agent: Agent) -> None:
    agent.publish(fleet(5_000))
    with serving(agent.app) as served, connected(served.port) as client:
        client.sendall(REQUEST.replace(b" / ", b" /metrics "))
        head = client.recv(1)

        served.server.stop()
        reply = head + received(client)

    length = re.search(rb"content-length: (\d+)", reply)
    assert length is not None
    assert len(reply.partition(b"\r\n\r\n")[2]) == int(length[1])


DAEMON = """
import signal, sys
from starlette.applications import Starlette
from agent.web.server import WebServer, listen
server = WebServer(Starlette(), listen("127.0.0.1", 0), on_ready=lambda: print("ready", flush=True))
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: server.stop())
server.serve()
sys.exit(7)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_and_the_exit_code_are_those_of_the_daemon(
    number: signal.Signals,
) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with daemon:
        assert daemon.stdout is not None
        assert daemon.stderr is not None
        assert daemon.stdout.readline() == "ready\n"

        daemon.send_signal(number)

        assert daemon.wait(10) == 7
        assert daemon.stderr.read() == ""


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="there is no /proc")
def test_serving_leaves_no_descriptor_open() -> None:
    before = open_files()

    with serving(GREETER) as served:
        ask(served.port, "/")

    eventually(lambda: open_files() <= before, within=5)


def open_files() -> int:
    return len(list(OPEN_FILES.iterdir()))
