"""What the agent leaves in pg_stat_statements, which has room for some thousands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import sleep

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.pace import Intervals
from agent.services.sampling import Sampler, SamplingPlan
from tests.postgres_servers import Database, database_on
from tests.sampled import CLOCK, server_at

TABLES = 250
# As many as there are now, and some room for those to come.
FEW = 60

MAKE = f"""
DO $$ BEGIN FOR i IN 1..{TABLES} LOOP
    EXECUTE format('CREATE TABLE t_%s (id serial PRIMARY KEY)', i);
END LOOP; END $$
"""

Statements = Callable[[], set[str]]


@contextmanager
def counted(postgres: EmbeddedPostgres) -> Iterator[tuple[Database, Statements]]:
    """A server that counts statements, and which of them came from the agent.

    By pg_stat_statements where it is there, else by the log.
    """
    control = "pg_stat_statements.control"
    extension = any(postgres.binaries.parent.rglob(control))
    settings = (
        {"shared_preload_libraries": "pg_stat_statements"}
        if extension
        else {"log_statement": "all", "log_line_prefix": "<%a>"}
    )
    own = EmbeddedPostgres(postgres.binaries, settings=settings)
    with own, database_on(own) as database:
        if extension:
            database.execute("CREATE EXTENSION pg_stat_statements")
        yield database, lambda: _of_extension(database) if extension else _of_log(own)


def _of_extension(database: Database) -> set[str]:
    rows = database.execute(
        "SELECT s.queryid, s.query FROM pg_stat_statements AS s"
        " JOIN pg_roles AS r ON r.oid = s.userid WHERE r.rolname LIKE 'sampler%'"
    )
    return {f"{queryid}: {text}" for queryid, text in rows}


def _of_log(server: EmbeddedPostgres) -> set[str]:
    """Texts of statements; a record goes on until one begins with the prefix."""
    records = re.split(
        r"^(?=<[^>\n]*>)", server.home.log.read_text(), flags=re.MULTILINE
    )
    pattern = re.compile(
        r"<pg-sequence-agent>LOG:  (?:statement|execute <unnamed>): (.*)", re.DOTALL
    )
    return {found[1] for record in records if (found := pattern.match(record))}


def look_that_takes_longer(dsn: str) -> None:
    """So long that the agent asks whether somebody waits for the database."""
    with server_at(dsn).open(None) as session:
        session.facts()
        sleep(0.3)
        session.facts()


@pytest.mark.timeout(180)
def test_no_statement_is_new_whatever_is_called_created_or_dropped(
    postgres: EmbeddedPostgres,
) -> None:
    with counted(postgres) as (database, statements):
        dsn = database.role("sampler")
        database.execute(MAKE)
        for kind in ("TABLES", "SEQUENCES"):
            database.execute(
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON {kind} TO PUBLIC;"
                f" GRANT SELECT ON ALL {kind} IN SCHEMA public TO PUBLIC"
            )
        sampler = Sampler(
            server_at(dsn),
            None,
            plan=SamplingPlan(intervals=Intervals(columns=timedelta(0))),
            clock=CLOCK,
        )
        for _ in range(2):
            sampler.sample()
        look_that_takes_longer(dsn)
        before = statements()

        for number in range(1, 6):
            database.execute(
                f"INSERT INTO t_{number * 40} DEFAULT VALUES;"
                f" DROP TABLE t_{number * 40 + 1};"
                f" CREATE TABLE new_{number} (id serial PRIMARY KEY);"
                f" CREATE SEQUENCE alone_{number}"
            )
            sampler.sample()
        status = sampler.sample()
        after = statements()

    assert status.up
    assert status.column_states["seen"] == TABLES
    assert after - before == set()
    assert 0 < len(after) < FEW
