"""The demonstration's reset job, at a pace that a test can wait for."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from agent.demo.embedded import free_port
from tests.agents import until
from tests.cli.running import Ran, sequence_agent

PROGRAM = """\
from datetime import timedelta
from agent.demo.show import run_demo
raise SystemExit(run_demo({port}, None, every=timedelta(seconds=2)))
"""
JOB = "nightly-reset"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demonstration that has begun, as somebody in another terminal sees it."""

    process: subprocess.Popen[bytes]
    said: Path
    port: int

    def told(self, pattern: str) -> str:
        found = until(
            lambda: re.search(pattern, self.said.read_text()), pattern, seconds=60
        )
        return found[1]

    def ask(self, question: str) -> int:
        with psycopg.connect(self.told(r"'(postgresql://.*)'")) as connection:
            row = connection.execute(question.encode()).fetchone()
        return row[0] if row else 0

    def command(self, name: str, *arguments: str) -> Ran:
        config = self.told(r"jobs --config (\S+)")
        return sequence_agent(name, *arguments, "--config", config)

    def metric(self, name: str) -> float:
        url = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        values = [line.rpartition(" ")[2] for line in lines if line.startswith(name)]
        return float(values[0]) if values else 0


@contextmanager
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as home:
        said, port = Path(home, "said"), free_port()
        with said.open("w") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(port=port)],
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Demo(process=process, said=said, port=port)
        finally:
            process.kill()
            process.wait()


def test_resets_empty_tables_and_restart_sequences_while_the_application_goes_on() -> (
    None
):
    with demo() as shown:
        succeeded = f'sequence_agent_job_runs_total{{job="{JOB}",outcome="succeeded"}}'
        shown.told("(Ctrl-C stops)")
        until(lambda: shown.metric(succeeded) >= 2, "two resets", seconds=60)
        before = shown.ask("SELECT max(id) FROM access_logs")
        until(
            lambda: shown.metric(
                'pg_sequence_resets_total{server="demo",datname="app",'
                'schemaname="public",sequencename="users_id_seq",'
            ),
            "a reset that sampling saw",
        )
        told = json.loads(shown.command("jobs", "--format", "json").stdout)["jobs"][0]
        planned = shown.command("plan", JOB)
        until(lambda: shown.ask("SELECT count(*) FROM users"), "new users")
        spread = shown.ask("SELECT max(id) - count(*) FROM users")
        after = shown.ask("SELECT max(id) FROM access_logs")
        shown.process.send_signal(signal.SIGINT)
        code = shown.process.wait(30)
        said = shown.said.read_text()

    assert (planned.returncode, planned.stderr) == (0, "")
    assert {run["status"] for run in told["runs"]} <= {"succeeded", "claimed"}
    assert sum(run["rows_removed"] or 0 for run in told["runs"]) > 0
    assert spread <= 1, "ids begin at 1 again"
    assert after > before, "the application goes on"
    assert "Traceback" not in said
    assert code == 0


def test_the_agent_of_the_demonstration_cannot_arm() -> None:
    with demo() as shown:
        dsn = shown.told(r"'(postgresql://.*)'")
        ran = sequence_agent(
            "arm", "--dsn", dsn, "--environment", "demo", "--for", "1d"
        )
        by_hand = shown.command("reset", JOB, "--yes")

    assert ran.returncode in {1, 3}
    assert by_hand.returncode in {0, 1}, by_hand.stderr  # 1: another run was at work
