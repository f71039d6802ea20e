"""A configuration with jobs for a database that may be reset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.domain.resets.ledger import RunRecord
from agent.postgres.resets.worker import open_worker
from tests.cli.running import Ran, sequence_agent
from tests.resets.target import Target, endpoint

JOB = "nightly-reset"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where a user sits who has a configuration and a target."""

    target: Target
    folder: Path

    def config(self, more: str = "", *, dsn: str | None = None) -> str:
        """The file, with `more` keys of the job, indented by four."""
        file = self.folder / "config.yaml"
        file.write_text(
            f"""\
servers:
  - name: staging
    dsn: {dsn or self.target.dsn}
    resets: {{environment: staging}}
jobs:
  - name: {JOB}
    kind: reset
    server: staging
    database: {self.target.database.name}
    tables: {{include: ["public.*"]}}
    locks: {{timeout: 200ms, attempts: 1}}
{more}
"""
        )
        return str(file)

    def reset(self, *options: str, more: str = "") -> Ran:
        return sequence_agent("reset", JOB, "--config", self.config(more), *options)

    def jobs(self, *options: str, more: str = "") -> Ran:
        return self.jobs_of(self.config(more), *options)

    def jobs_of(self, config: str, *options: str) -> Ran:
        return sequence_agent("jobs", "--config", config, *options)

    def records(self) -> tuple[RunRecord, ...]:
        name = self.target.database.name
        with open_worker(endpoint(self.target.dsn), name, agent="test/1") as worker:
            return worker.ledger.newest(JOB, limit=100)

    def tables(self) -> dict[str, object]:
        """What is there apart from the ledger."""
        return {
            name: found
            for name, found in self.target.contents().items()
            if not name.startswith("sequence_agent.")
        }
