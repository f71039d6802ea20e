"""A history of each kind of database, empty and of the test's own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.history.store import SqlHistory
from tests.conftest import majors_of
from tests.postgres_servers import Database, database_on

RETENTION = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where a history is kept, and a way to look at it from outside."""

    url: str
    place: Path | Database

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        if isinstance(self.place, Database):
            return self.place.execute(statement)
        with closing(sqlite3.connect(self.place)) as connection, connection:
            return connection.execute(statement).fetchall()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test that wants a home runs on SQLite and on every PostgreSQL."""
    if "home" not in metafunc.fixturenames:
        return
    homes = [
        pytest.param("sqlite", id="sqlite"),
        *(
            pytest.param(m, id=f"pg{m}", marks=pytest.mark.postgres)
            for m in majors_of(metafunc)
        ),
    ]
    metafunc.parametrize("home", homes, indirect=True)


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    if request.param == "sqlite":
        file = tmp_path / "history.db"
        yield Home(url=f"sqlite:///{file}", place=file)
        return
    server = request.getfixturevalue("servers").primary(request.param)
    with database_on(server) as database:
        yield Home(url=url_of(database), place=database)


def url_of(database: Database) -> str:
    return database.dsn.replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def history(home: Home) -> Iterator[SqlHistory]:
    with closing(SqlHistory(home.url, retention=RETENTION)) as opened:
        yield opened
