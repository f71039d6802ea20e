"""What is seen does not depend on what a database or a role prefers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby
from agent.domain.pace import Deadlines
from agent.domain.status import DatabaseStatus
from agent.postgres.connect import BoundedConnection, Endpoint, connection
from agent.postgres.errors import DatabaseQueryError
from tests.eventually import eventually
from tests.postgres_servers import Database, database_on, role_name
from tests.role_defaults import DEFAULTS, TIMEOUTS
from tests.sampled import CLOCK, sample

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MORE = (
    *((default, 13) for default in DEFAULTS),
    *TIMEOUTS,
    ("row_security = off", 13),
    ("extra_float_digits = 0", 13),
    ("client_min_messages = 'debug1'", 13),
    ("plan_cache_mode = 'force_generic_plan'", 13),
    ("default_toast_compression = 'pglz'", 14),
)
_SCHEMA = """
CREATE DOMAIN "key" AS integer;
CREATE TABLE users (id serial PRIMARY KEY, name text);
CREATE TABLE "Orders" (id integer GENERATED ALWAYS AS IDENTITY, at timestamptz);
CREATE TABLE kept ("user" "key" DEFAULT nextval('users_id_seq'), number numeric(5));
INSERT INTO users (id) VALUES (7), (900);
SELECT setval('users_id_seq', 890);
CREATE SEQUENCE unused;
"""


def _seen(dsn: str) -> DatabaseStatus:
    """All but the time and how long it took."""
    status = sample(dsn)
    return replace(status, sampled_at=EPOCH, duration_seconds=0)


def test_all_defaults_together_change_nothing(database: Database) -> None:
    database.execute(_SCHEMA)
    reader = database.role("reader", member_of=("pg_monitor",))
    database.execute(
        f'GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role_name(reader)}";'
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role_name(reader)}"'
    )
    plain = _seen(reader)

    for default, oldest in _MORE:
        if database.major >= oldest:
            database.execute(f'ALTER ROLE "{role_name(reader)}" SET {default}')

    assert _seen(reader) == plain


def test_a_standby_is_read_though_serializable_is_the_default(
    standby: tuple[EmbeddedPostgres, Standby],
) -> None:
    primary, follower = standby
    with database_on(primary) as database:
        database.execute("CREATE SEQUENCE s; SELECT nextval('s')")
        reader = database.role("reader", member_of=("pg_monitor",))
        database.execute(
            f'ALTER ROLE "{role_name(reader)}" SET default_transaction_isolation'
            " = 'serializable'"
        )
        follower.start()
        follower.catch_up()
        dsn = reader.replace(f":{primary.port}/", f":{follower.port}/")

        status = sample(dsn)

        assert status.error is None
        assert status.in_recovery


def test_nobody_waits_for_a_safe_snapshot(database: Database) -> None:
    database.execute("CREATE SEQUENCE s")
    for name in ("isolation = 'serializable'", "deferrable = on", "read_only = on"):
        database.execute(
            f'ALTER DATABASE "{database.name}" SET default_transaction_{name}'
        )
    with database.connect() as writer:
        writer.execute("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")
        writer.execute("SELECT pg_current_xact_id()")

        status = sample(database.dsn)

    assert status.error is None


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(600)", "LOCK public.t"])
def test_whoever_gives_up_leaves_no_backend_that_goes_on_waiting(
    database: Database, statement: str
) -> None:
    database.execute("CREATE TABLE t ()")
    hasty = Deadlines(statement=timedelta(milliseconds=100))
    here = Endpoint(conninfo=lambda: database.dsn, clock=CLOCK, deadlines=hasty)
    with database.connect() as other, other.transaction():
        other.execute("LOCK TABLE t")
        with (
            pytest.raises(DatabaseQueryError, match="did not answer in time"),
            connection(here, None) as opened,
        ):
            _wait_for_ever(opened, statement)

        eventually(lambda: _backends(database) == 1, within=5)


def _wait_for_ever(opened: BoundedConnection, statement: str) -> None:
    """Wait on a server that would not end it by itself."""
    opened.read_only = False
    with opened.transaction():
        opened.execute("SET LOCAL statement_timeout = 0")
        opened.execute("SET LOCAL lock_timeout = 0")
        opened.execute(statement.encode())


def _backends(database: Database) -> int:
    """Those that a client left or holds, but the one that asks."""
    [(number,)] = database.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    return int(number)
