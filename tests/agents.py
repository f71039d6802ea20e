"""A daemon in a process of its own, as an operator would run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import TypeVar

from agent.clock import SystemClock

T = TypeVar("T")

CLOCK = SystemClock()
_STARTED = re.compile(r"http://[0-9.]+:[0-9]+")
_PATIENCE_SECONDS = 30.0
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class RunningAgent:
    """A daemon that listens on a port of its own."""

    process: subprocess.Popen[bytes]
    config: Path
    log: Path

    @property
    def address(self) -> str:
        return until(self._address_if_alive, "an address")

    def _address_if_alive(self) -> str | None:
        assert self.process.poll() is None, self.log.read_text()
        return _address_in(self.log)

    def get(self, path: str) -> tuple[int, str]:
        try:
            url = f"{self.address}{path}"
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels, as written."""
        _, body = self.get("/metrics")
        samples = [line for line in body.splitlines() if line[:1] not in {"", "#"}]
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in samples)
        }

    def wait_ready(self) -> None:
        until(lambda: self.get("/readyz")[0] == 200, "readiness")

    def events(self, name: str) -> int:
        """How often an event of this name was logged."""
        return self.log.read_text().count(f'"event": "{name}"')

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and after how many seconds it came."""
        started = CLOCK.monotonic()
        self.signal(signal.SIGTERM)
        code = self.process.wait(_PATIENCE_SECONDS)
        return code, CLOCK.monotonic() - started


def _address_in(log: Path) -> str | None:
    found = _STARTED.search(log.read_text())
    return found[0] if found else None


def until(question: Callable[[], T | None], what: str, *, seconds: float = 30.0) -> T:
    """Ask until the answer is truthy."""
    deadline = CLOCK.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert CLOCK.monotonic() < deadline, f"no {what} within {seconds:.0f} s"
        sleep(0.02)


@contextmanager
def running_agent(
    config: str, *, files: Mapping[str, str] | None = None
) -> Iterator[RunningAgent]:
    """Run it on this configuration, with other files beside that one."""
    with tempfile.TemporaryDirectory() as home:
        path = Path(home, "sequence-agent.yaml")
        path.write_text(config)
        for name, content in (files or {}).items():
            Path(home, name).write_text(content)
        with agent_on(path) as agent:
            yield agent


@contextmanager
def agent_on(path: Path, *, failing: Sequence[str] = ()) -> Iterator[RunningAgent]:
    """Run it on a file that is there already, in the folder of that file.

    At the places of `failing` it fails as tests.leaks.failing says.
    """
    program = ["tests.leaks.failing", *failing, "--"] if failing else ["agent"]
    log = path.with_name("log")
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", *program, "run", "--config", str(path)],
            cwd=path.parent,  # its history is made there
            stdout=subprocess.PIPE,
            stderr=written,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
    try:
        yield RunningAgent(process=process, config=path, log=log)
    finally:
        process.kill()
        process.communicate()
