"""A database that is armed or disarmed, as an administrator does it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.domain.pace import Deadlines
from agent.postgres.arming import Armed, Disarmed, Order, arm, disarm
from agent.postgres.connect import Endpoint
from tests.postgres_servers import Database, role_name
from tests.sampled import CLOCK

STAGING = Order(environment="staging", duration=timedelta(days=30), os_user="alice")
DEADLINES = Deadlines(lock=timedelta(milliseconds=300))
HOLD = "SELECT environment, armed_until > clock_timestamp() FROM sequence_agent.hold_marker()"
EVERYTHING = """
    SELECT c.relname, c.relacl::text, c.xmin::text FROM pg_class AS c
    WHERE c.relnamespace = 'sequence_agent'::regnamespace
    UNION ALL
    SELECT p.proname, p.proacl::text, p.xmin::text FROM pg_proc AS p
    WHERE p.pronamespace = 'sequence_agent'::regnamespace
    ORDER BY 1
"""


def endpoint(dsn: str, deadlines: Deadlines = DEADLINES) -> Endpoint:
    return Endpoint(conninfo=lambda: dsn, clock=CLOCK, deadlines=deadlines)


def armed(database: Database, order: Order = STAGING) -> Armed:
    return arm(endpoint(database.dsn), order)


def disarmed(database: Database) -> Disarmed:
    return disarm(endpoint(database.dsn))


def armed_for(database: Database, agent: str) -> None:
    armed(database, replace(STAGING, grant_to=(role_name(agent),)))


def administrator(database: Database) -> str:
    """The owner of the database, who is no superuser."""
    admin = database.role("admin")
    database.execute(f'ALTER DATABASE "{database.name}" OWNER TO "{role_name(admin)}"')
    return admin


def schemas(database: Database) -> list[str]:
    found = database.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = 'sequence_agent'"
    )
    return [name for (name,) in found]
