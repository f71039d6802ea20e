"""A configuration with one database, and a history of what was counted in it."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from agent.clock import SystemClock
from agent.domain.consumption.buckets import DayCalls, day_of
from agent.domain.consumption.records import Record
from agent.domain.forecasting.scoring import Prediction
from agent.history.store import SqlHistory
from agent.ports import Chapter
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.cli.running import Ran, sequence_agent
from tests.postgres_servers import Database
from tests.sampled import server_at

PREFIX = "sequence-agent: error: "
DAY = 86_400
CALLS_AN_HOUR = 100
SCHEMA = """
    CREATE SEQUENCE orders_id_seq AS integer;
    SELECT setval('orders_id_seq', 2147483647 - 24000);
    CREATE SEQUENCE idle_seq;
    SELECT setval('idle_seq', 5);
    CREATE SEQUENCE full_seq MAXVALUE 9;
    SELECT setval('full_seq', 9);
"""


@dataclass(frozen=True, kw_only=True)
class Home:
    """A database, the configuration that names it, and the file of its history."""

    database: Database
    config: Path
    history: Path

    def run(self, *arguments: str) -> Ran:
        return sequence_agent("forecast", "--config", str(self.config), *arguments)

    def document(self, *arguments: str) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(
            self.run("--format", "json", *arguments).stdout
        )
        return decoded

    def sequences(self, *arguments: str) -> dict[str, dict[str, Any]]:
        [entry] = self.document(*arguments)["databases"]
        return {each["sequencename"]: each for each in entry["sequences"]}

    def remember(self, *predictions: Prediction) -> None:
        """Store what an agent would that has seen all of it for sixty days."""
        tracker = Tracker("primary", self.database.name)
        Sampler(
            server_at(self.database.dsn),
            None,
            plan=SamplingPlan(),
            clock=SystemClock(),
            tracker=tracker,
        ).sample()
        chapter, seen_at = tracker.changes()
        assert seen_at is not None
        records = tuple(lived(each, seen_at) for each in chapter.records)
        with closing(SqlHistory(self.url, retention=timedelta(days=400))) as history:
            history.save(
                "primary",
                self.database.name,
                Chapter(records=records, predictions=predictions),
                seen_at=seen_at,
            )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.history}"


def lived(record: Record, now: datetime) -> Record:
    """With sixty days behind it; only orders moved on them, evenly."""
    since = now - timedelta(days=60)
    calls = CALLS_AN_HOUR if record.name == "orders_id_seq" else 0
    today = day_of(now)
    days = tuple(
        DayCalls(
            day=day,
            calls=24 * calls,
            hours=np.full(24, calls, np.int64) if day >= today - 56 else None,
        )
        for day in range(today - 59, today)
        if calls
    )
    hours = np.where(np.arange(24) < now.hour, calls, 0)
    so_far = DayCalls(day=today, calls=int(hours.sum()), hours=hours)
    return replace(
        record,
        since=since,
        consumed=sum(each.calls for each in days) + so_far.calls,
        days=(*days, so_far) if calls else (),
    )


def home_of(database: Database, folder: Path, *, more: str) -> Home:
    config, history = folder / "config.yaml", folder / "history.db"
    config.write_text(
        f'history: {{url: "sqlite:///{history}"}}\n'
        f"servers:\n  - name: primary\n    dsn: {database.dsn}\n"
        f"    databases: {{include: [{database.name}]}}\n{more}"
    )
    return Home(database=database, config=config, history=history)
