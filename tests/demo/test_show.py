"""`sequence-agent demo` as a newcomer runs it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.demo.embedded import free_port
from tests.agents import until


@contextmanager
def demo(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """The demonstration in a session of its own, and the file it writes to."""
    with tempfile.TemporaryDirectory() as home:
        said = Path(home, "said")
        with said.open("w") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", "agent", "demo", *arguments],
                stdout=written,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        try:
            yield process, said
        finally:
            process.kill()
            process.wait()


def address_in(said: Path) -> str | None:
    found = re.search(r"http://127\.0\.0\.1:\d+", said.read_text())
    return found[0] if found else None


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
        return str(answer.read().decode())


def test_it_shows_the_seven_sequences_moving_and_ends_cleanly_on_ctrl_c() -> None:
    with demo("--port", str(free_port())) as (process, said):
        address = until(lambda: address_in(said), "an address", seconds=60)
        dsn = until(
            lambda: re.search(r"'(postgresql://.*)'", said.read_text()), "a DSN"
        )

        until(lambda: _logged(address) > 2040109465, "traffic")
        metrics = get(f"{address}/metrics")
        process.send_signal(signal.SIGINT)

        assert process.wait(20) == 0, said.read_text()
        assert "Traceback" not in said.read_text()
    for table in ("users", "devices", "policies", "posture_history", "audit_logs"):
        assert 'pg_sequence_limit_value{server="demo",datname="app",' in metrics
        assert f'sequencename="{table}_id_seq"' in metrics
    assert 'kind="unreadable"' in metrics
    port = int(dsn[1].rpartition(":")[2].partition("/")[0])
    assert not _listens(port)


def test_a_taken_port_is_said_and_another_one_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with demo("--port", str(port), "--duration", "1s") as (process, said):
            assert process.wait(60) == 0, said.read_text()
            told = said.read_text()

    assert f"Port {port} is taken" in told
    assert f"http://127.0.0.1:{port}/" not in told


def _logged(address: str) -> float:
    name = 'pg_sequence_last_value{server="demo",datname="app",schemaname="public"'
    lines = get(f"{address}/metrics").splitlines()
    return max(
        (
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith(name) and "access_logs" in line
        ),
        default=0,
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
