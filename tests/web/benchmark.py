"""What scrapers cost the agent: python -m tests.web.benchmark [--beside FOLDER].

FOLDER is a checkout of another version, measured in turns with this one. Each server is a
process of its own; the clients are one more.
"""

from __future__ import annotations

import argparse
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles

HERE = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"
SEQUENCES = 10_000
AT_ONCE = 100
SCRAPERS = 16
PROBES = 300
REPETITIONS = 3

SERVER = f"""
from agent.web.server import WebServer, listen
from tests.metrics.fleet import fleet
from tests.web.serving import Agent
agent = Agent()
agent.publish(fleet({SEQUENCES}))
listening = listen("{LOOPBACK}", 0)
print(listening.getsockname()[1], flush=True)
WebServer(agent.app, listening).serve()
"""

# Reads all and keeps nothing, so that it takes as little of the machine as it can.
SCRAPER = """
import socket, sys
port, encoding = int(sys.argv[1]), sys.argv[2]
request = f"GET /metrics HTTP/1.1\\r\\nHost: a\\r\\nAccept-Encoding: {encoding}\\r\\nConnection: close\\r\\n\\r\\n"
room = bytearray(1 << 20)
while True:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(request.encode())
        while client.recv_into(room):
            pass
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--beside", type=Path, metavar="FOLDER")
    beside = parser.parse_args().beside
    versions = {"this": HERE} | ({"other": beside} if beside else {})
    sys.stdout.writelines(f"{line}\n" for line in report(versions))


def report(versions: Mapping[str, Path]) -> Iterator[str]:
    for name, folder in versions.items():
        yield f"{name}: {memory(folder)}"
    latencies: dict[tuple[str, str], list[float]] = {}
    for _ in range(REPETITIONS):
        for name, folder in versions.items():
            for load, p99 in probes(folder):
                latencies.setdefault((name, load), []).append(p99)
    for (name, load), p99s in latencies.items():
        shown = ", ".join(f"{each * 1e3:.1f}" for each in p99s)
        ratio = median(p99s) / median(latencies[name, "no scraper"])
        yield f"{name}: /healthz p99 with {load}: {shown} ms ({ratio:.1f} times)"


def memory(folder: Path) -> str:
    """How much parallel scrapes make the process grow at most, in bodies."""
    with served(folder) as (port, process):
        request = b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        before = peak_bytes(process.pid)
        with ExitStack() as stack:
            clients = [
                stack.enter_context(socket.create_connection((LOOPBACK, port)))
                for _ in range(AT_ONCE)
            ]
            for client in clients:
                client.sendall(request)
            for client in clients:
                client.recv(1)  # by now each has an answer that is under way
            grown = peak_bytes(process.pid) - before
            sizes = [received(client) for client in clients]
        body = max(sizes)
        return (
            f"{AT_ONCE} scrapes at once of {body / 1e6:.1f} MB, {sizes.count(body)} of"
            f" them answered whole: {grown / 1e6:.1f} MB more, {grown / body:.2f} bodies"
        )


def received(client: socket.socket) -> int:
    room = bytearray(1 << 20)
    size = 0
    with suppress(ConnectionError):
        while count := client.recv_into(room):
            size += count
    return round(size, -4)  # what the process says of itself differs by some bytes


def probes(folder: Path) -> Iterator[tuple[str, float]]:
    with served(folder) as (port, _):
        yield "no scraper", p99_of_healthz(port)
        for encoding in ("gzip", "identity"):
            with scrapers(port, encoding):
                p99_of_healthz(port, probes=50)  # until all of them are at work
                load = f"{SCRAPERS} scrapers in a loop, {encoding}"
                yield load, p99_of_healthz(port)


def p99_of_healthz(port: int, *, probes: int = PROBES) -> float:
    times = [seconds_of_healthz(port) for _ in range(probes)]
    return quantiles(times, n=100)[-1]


def seconds_of_healthz(port: int) -> float:
    begun = time.perf_counter()
    connection = http.client.HTTPConnection(LOOPBACK, port)
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status in {200, 503}
    return time.perf_counter() - begun


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server of the version in `folder`, and its port."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            seconds_of_healthz(port)
            yield port, process
        finally:
            process.kill()


@contextmanager
def scrapers(port: int, encoding: str) -> Iterator[None]:
    command = [sys.executable, "-c", SCRAPER, str(port), encoding]
    started = [subprocess.Popen(command) for _ in range(SCRAPERS)]
    try:
        yield
    finally:
        for each in started:
            each.kill()
            each.wait()


def peak_bytes(pid: int) -> int:
    """The most memory that a process had so far."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith("VmHWM:"))
    return int(found.split()[1]) * 1024


if __name__ == "__main__":
    main()
