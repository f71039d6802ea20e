"""The database of the demonstration: who owns what in it, and who may do what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

import psycopg
from sqlalchemy import Engine, NullPool, create_engine

from agent.clock import SystemClock
from agent.demo.application import create
from agent.demo.embedded import EmbeddedPostgres
from agent.domain.grants import grants, reset_grants
from agent.postgres.arming import Order, arm
from agent.postgres.connect import Endpoint

DATABASE = "app"
ENVIRONMENT = "demo"
_APPLICATION = "application"
_AGENT = "sequence_agent"
_ARMED_FOR = timedelta(days=1)

# Another team's, so that there is something that the agent may not read, and says so.
_BILLING = """\
CREATE SCHEMA billing;
CREATE SEQUENCE billing.invoice_number_seq START 1000;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """How the application and the agent come to the database: neither is an administrator."""

    application: str
    agent: str

    def engine(self) -> Engine:
        """As the application connects."""
        url = self.application.replace("postgresql://", "postgresql+psycopg://", 1)
        return create_engine(url, poolclass=NullPool)


def make_database(server: EmbeddedPostgres) -> Logins:
    """The application's tables, aged, and the agent's own role."""
    _execute(server.dsn(), f"CREATE DATABASE {DATABASE}")
    logins = Logins(
        application=_role(server, _APPLICATION), agent=_role(server, _AGENT)
    )
    admin = server.dsn(DATABASE)
    _execute(admin, f"GRANT CREATE, USAGE ON SCHEMA public TO {_APPLICATION}")
    with logins.engine().connect() as connection:
        create(connection)
    _execute(admin, _BILLING)
    _execute(admin, grants(_AGENT))
    _execute(admin, f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA billing FROM {_AGENT}")
    return logins


def arm_database(server: EmbeddedPostgres) -> None:
    """What an administrator does by `grants --for resets` and `arm`."""
    admin = server.dsn(DATABASE)
    _execute(admin, reset_grants(_AGENT))
    order = Order(
        environment=ENVIRONMENT, duration=_ARMED_FOR, grant_to=(_AGENT,), os_user=None
    )
    arm(Endpoint(conninfo=lambda: admin, clock=SystemClock()), order)


def _role(server: EmbeddedPostgres, name: str) -> str:
    """A login role; the DSN to come to the database as that role."""
    password = token_hex(16)
    _execute(server.dsn(), f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
    return f"postgresql://{name}:{password}@127.0.0.1:{server.port}/{DATABASE}"


def _execute(dsn: str, statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements.encode())
