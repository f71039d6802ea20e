"""Databases in all states that alerts and dashboards tell of, and the agent's past of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import indent

import numpy as np
import psycopg

from agent.clock import SystemClock
from agent.demo.embedded import free_port
from agent.domain.consumption.buckets import DayCalls, day_of
from agent.domain.consumption.records import Record
from agent.domain.forecasting.scoring import HORIZONS, Prediction
from agent.history.store import SqlHistory
from agent.ports import Chapter
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.postgres_servers import Database, role_name
from tests.resets.target import Target
from tests.sampled import server_at

_CLOCK = SystemClock()
_CALLS_AN_HOUR = 100
_SCHEMA = f"""
CREATE TABLE items (id serial PRIMARY KEY);
SELECT setval('items_id_seq', 2040109465);
CREATE SEQUENCE orders_seq AS integer;
SELECT setval('orders_seq', 2147483647 - {_CALLS_AN_HOUR * 240});
CREATE SEQUENCE full_seq MAXVALUE 9;
SELECT setval('full_seq', 9);
CREATE SEQUENCE busy_seq MAXVALUE 1000000;
CREATE SEQUENCE quiet_seq;
SELECT setval('quiet_seq', 5);
CREATE SEQUENCE round_seq MAXVALUE 10 CYCLE;
SELECT setval('round_seq', 10);
CREATE SEQUENCE denied_seq;
CREATE TABLE codes (id serial PRIMARY KEY);
INSERT INTO codes VALUES (1), (2), (3);
CREATE TABLE badges (id serial PRIMARY KEY);
"""
_LOSE = "DROP SEQUENCE badges_id_seq CASCADE"
# As the runbooks say, and by the same statements.
_MEND = """
ALTER TABLE items ALTER COLUMN id TYPE bigint;
ALTER SEQUENCE items_id_seq AS bigint;
ALTER SEQUENCE orders_seq AS bigint;
ALTER SEQUENCE full_seq NO MAXVALUE;
ALTER SEQUENCE busy_seq NO MAXVALUE;
GRANT SELECT ON SEQUENCE denied_seq TO {role};
SELECT setval('codes_id_seq', (SELECT max(id) FROM codes));
CREATE SEQUENCE badges_id_seq OWNED BY badges.id;
ALTER TABLE badges ALTER COLUMN id SET DEFAULT nextval('badges_id_seq');
GRANT SELECT ON SEQUENCE badges_id_seq TO {role};
"""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A database in trouble, and one that jobs reset."""

    app: Database
    app_dsn: str
    target: Target
    history: Path
    port: int

    def config(self, *, mended: bool = False) -> str:
        """Once mended, without what could never work."""
        gone = "" if mended else _server("gone", self._nowhere, "postgres")
        refused = "" if mended else _job("hopeless", self.target, "public.missing")
        return (
            f"listen: {{host: 127.0.0.1, port: {self.port}}}\n"
            "log: {format: json}\n"
            f'history: {{url: "sqlite:///{self.history}"}}\n'
            "sampling: {interval: 500ms, inventory_interval: 1s, connect_timeout: 1s}\n"
            "servers:\n"
            f"{_server('primary', self.app_dsn, self.app.name)}"
            f"{_server('staging', self.target.dsn, self.target.database.name)}"
            "    resets: {environment: staging}\n"
            f"{gone}jobs:\n{_job('nightly-reset', self.target, 'public.*')}{refused}"
        )

    @property
    def _nowhere(self) -> str:
        return f"postgresql://nobody@127.0.0.1:{self.port}/postgres"

    def lose(self) -> None:
        """Take a sequence from a column; who does not know it was there cannot tell."""
        self.app.execute(_LOSE)

    def mend(self) -> None:
        role = f'"{role_name(self.app_dsn)}"'
        self.app.execute(_MEND.replace("{role}", role))

    def remember(self) -> None:
        """Store what an agent would that has seen all of it for sixty days."""
        tracker = Tracker("primary", self.app.name)
        sampler = Sampler(
            server_at(self.app.dsn),
            None,
            plan=SamplingPlan(),
            clock=_CLOCK,
            tracker=tracker,
        )
        sampler.sample()
        chapter, seen_at = tracker.changes()
        assert seen_at is not None
        lived = [_lived(r, seen_at) for r in chapter.records if r.name == "orders_seq"]
        predictions = tuple(_predictions(seen_at))
        url = f"sqlite:///{self.history}"
        with closing(SqlHistory(url, retention=timedelta(days=400))) as history:
            chapter = Chapter(records=tuple(lived), predictions=predictions)
            history.save("primary", self.app.name, chapter, seen_at=seen_at)

    @contextmanager
    def traffic(self) -> Iterator[None]:
        """Some hundred calls a second, until it is left."""
        stop = threading.Event()
        thread = threading.Thread(target=self._call, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _call(self, stop: threading.Event) -> None:
        with psycopg.connect(self.app.dsn, autocommit=True) as connection:
            while not stop.wait(0.1):
                connection.execute(
                    "SELECT count(nextval('busy_seq')) FROM generate_series(1, 20)"
                )


def scene_of(app: Database, target: Target, folder: Path) -> Scene:
    dsn = app.role("watcher")
    app.execute(_SCHEMA)
    app.execute(
        f'GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role_name(dsn)}";'
        f' GRANT SELECT (id) ON codes, items TO "{role_name(dsn)}";'
        f' REVOKE ALL ON SEQUENCE denied_seq FROM "{role_name(dsn)}"'
    )
    return Scene(
        app=app,
        app_dsn=dsn,
        target=target,
        history=folder / "history.db",
        port=free_port(),
    )


def _server(name: str, dsn: str, datname: str) -> str:
    return f"  - name: {name}\n    dsn: '{dsn}'\n    databases: {{include: ['{datname}']}}\n"


def _job(name: str, target: Target, table: str) -> str:
    written = (
        f"- name: {name}\n"
        "  kind: reset\n"
        "  server: staging\n"
        f"  database: {target.database.name}\n"
        "  schedule: {every: 3s}\n"
        f'  tables: {{include: ["{table}"]}}\n'
    )
    return indent(written, "  ")


def _lived(record: Record, now: datetime) -> Record:
    """With sixty days behind it, on which it moved evenly."""
    today = day_of(now)
    days = [
        DayCalls(
            day=day,
            calls=24 * _CALLS_AN_HOUR,
            hours=np.full(24, _CALLS_AN_HOUR, np.int64) if day >= today - 56 else None,
        )
        for day in range(today - 59, today)
    ]
    hours = np.where(np.arange(24) < now.hour, _CALLS_AN_HOUR, 0)
    so_far = DayCalls(day=today, calls=int(hours.sum()), hours=hours)
    consumed = sum(each.calls for each in (*days, so_far))
    since = now - timedelta(days=60)
    return replace(record, since=since, consumed=consumed, days=(*days, so_far))


def _predictions(now: datetime) -> Iterator[Prediction]:
    """Whose days have come: four of five as promised, for each horizon."""
    for horizon in HORIZONS:
        for ago in range(1, 11):
            calls = 24 * _CALLS_AN_HOUR * horizon
            inside = ago % 5 != 0
            yield Prediction(
                schema="public",
                name="orders_seq",
                made_at=now - timedelta(days=horizon + ago),
                horizon=horizon,
                consumed=0,
                p10=calls * 0.9,
                p50=calls * 1.0,
                p90=calls * 1.1,
                actual=calls if inside else calls * 2,
            )
