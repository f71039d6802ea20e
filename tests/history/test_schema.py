"""The tables are made, led on and never misread, whoever else is at them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, make_url

from agent.errors import HistoryError
from agent.history import schema
from agent.history.connect import VERSION_TABLE, engine_at, reading, schema_of, writing
from agent.history.store import SqlHistory
from agent.history.tables import metadata
from agent.ports import Chapter
from tests.history.conftest import RETENTION, Home
from tests.history.records import NOW, RECORD, told

AGENT = """
import sys
from datetime import timedelta
from agent.history.store import SqlHistory
history = SqlHistory(sys.argv[1], retention=timedelta(days=1))
sys.stdin.readline()
history.load("main", "app")
history.close()
"""


def test_the_migrations_lead_to_the_tables_that_the_program_knows(home: Home) -> None:
    engine = engine_at(make_url(home.url))
    schema.bring_up_to_date(engine)

    with reading(engine) as connection:
        kept_in = schema_of(connection)
        options = {
            "version_table": VERSION_TABLE,
            "version_table_schema": kept_in,
            "compare_type": True,
            "include_schemas": kept_in is not None,
        }
        context = MigrationContext.configure(connection, opts=options)
        known = MetaData(schema=kept_in)
        for table in metadata.sorted_tables:
            table.to_metadata(known)
        differences = compare_metadata(context, known)

    assert differences == []


@pytest.mark.parametrize("old", schema.versions())
def test_tables_of_every_version_are_led_to_the_newest(home: Home, old: str) -> None:
    engine = engine_at(make_url(home.url))
    with writing(engine) as connection:
        schema.upgrade(connection, to=old)

    with closing(SqlHistory(home.url, retention=RETENTION)) as history:
        history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)
        loaded = history.load("main", "app")

    assert told(loaded) == told(Chapter(records=(RECORD,)))
    with reading(engine) as connection:
        assert schema.version(connection) == schema.versions()[0]


def test_agents_that_start_at_once_make_the_tables_once(home: Home) -> None:
    agents = [
        subprocess.Popen(
            [sys.executable, "-c", AGENT, home.url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    errors = [agent.communicate("go\n")[1] for agent in agents]

    assert errors == ["", "", ""]


def test_a_newer_agents_tables_are_left_alone(history: SqlHistory, home: Home) -> None:
    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)
    home.execute("UPDATE sequence_agent_version SET version_num = '9999'")

    with pytest.raises(HistoryError) as on_write:
        history.save("main", "app", Chapter(), seen_at=NOW)
    with pytest.raises(HistoryError) as on_read:
        history.load("main", "app")

    with pytest.raises(HistoryError) as on_prune:
        history.prune(NOW)

    told = {"write": on_write, "read": on_read, "prune": on_prune}
    for action, raised in told.items():
        message = str(raised.value)
        assert message.startswith(f"cannot {action} the history at ")
        assert message.endswith(
            ": its tables have version '9999', which only a newer agent knows;"
            " update this one, or give it another history"
        )
    home.execute(f"UPDATE sequence_agent_version SET version_num = '{newest()}'")
    assert len(history.load("main", "app").records) == 1


def newest() -> str:
    return schema.versions()[0]


def test_tables_that_went_away_are_told_and_made_anew(
    history: SqlHistory, home: Home
) -> None:
    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)
    if isinstance(home.place, Path):
        home.place.unlink()
    else:
        home.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    with pytest.raises(HistoryError, match="its tables are gone"):
        history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)

    history.save("main", "app", Chapter(records=(RECORD,)), seen_at=NOW)
    assert len(history.load("main", "app").records) == 1
