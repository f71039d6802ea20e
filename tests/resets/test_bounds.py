"""How long a run may take, as its server is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.postgres.connect import BoundedConnection, connection
from agent.postgres.resets.bounds import bound, bound_run
from tests.postgres_servers import Database
from tests.resets.target import endpoint

TIMEOUTS = (
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "client_connection_check_interval",
    "transaction_timeout",
)


@pytest.fixture
def opened(database: Database) -> Iterator[BoundedConnection]:
    with connection(endpoint(database.dsn), database.name) as own:
        yield own


def timeouts(opened: BoundedConnection) -> dict[str, str]:
    """Those that this server has, in its own words."""
    rows = opened.execute(
        "SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings"
        " WHERE name = ANY(%s)",
        [list(TIMEOUTS)],
    ).fetchall()
    return dict(rows)


def test_every_wait_of_a_run_has_an_end(opened: BoundedConnection) -> None:
    major = opened.info.server_version // 10_000
    with opened.transaction():
        bound_run(opened, lock=timedelta(seconds=7))

        found = timeouts(opened)

    assert found == {
        "statement_timeout": "10min",
        "lock_timeout": "7s",
        "idle_in_transaction_session_timeout": "20s",
        **({"client_connection_check_interval": "1s"} if major >= 14 else {}),
        **({"transaction_timeout": "30min"} if major >= 17 else {}),
    }


def test_bounds_end_with_their_transaction(opened: BoundedConnection) -> None:
    before = timeouts(opened)
    with opened.transaction():
        bound_run(opened, lock=timedelta(seconds=7))
        bound(opened, statement=timedelta(seconds=1), lock=timedelta(seconds=1))

    assert timeouts(opened) == before


def test_bounds_of_a_statement_leave_the_others_alone(
    opened: BoundedConnection,
) -> None:
    with opened.transaction():
        bound_run(opened, lock=timedelta(seconds=7))
        before = timeouts(opened)

        bound(opened, statement=timedelta(seconds=3), lock=timedelta(0))

        found = timeouts(opened)

    assert found == {**before, "statement_timeout": "3s", "lock_timeout": "1ms"}
