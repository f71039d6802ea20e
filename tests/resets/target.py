"""A database that a job may reset, until a test makes something about it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

from psycopg import sql

from agent.clock import SystemClock
from agent.domain.filters import NameFilter
from agent.domain.pace import Deadlines
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan
from agent.postgres.arming import Order, arm
from agent.postgres.connect import Endpoint
from agent.postgres.targets import TargetSession, open_target
from agent.services.planning import plan_job
from tests.postgres_servers import Database, role_name

CLOCK = SystemClock()
ENVIRONMENT = "staging"
ALL_TABLES = NameFilter(include=("public.*",))

_TABLES = """\
CREATE TABLE users (id serial PRIMARY KEY, name text);
CREATE TABLE orders (
    id integer GENERATED ALWAYS AS IDENTITY (START 100), user_id integer REFERENCES users
);
INSERT INTO users (name) SELECT 'somebody' FROM generate_series(1, 5);
INSERT INTO orders (user_id) SELECT 1 FROM generate_series(1, 3);
"""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A database whose tables belong to the role that the agent connects as."""

    database: Database
    dsn: str

    @property
    def role(self) -> str:
        return role_name(self.dsn)

    def filled(self, statements: str) -> str:
        """The statements with the names of this target in them."""
        return statements.replace("{role}", f'"{self.role}"').replace(
            "{db}", f'"{self.database.name}"'
        )

    def as_agent(self, statements: str) -> None:
        with self.database.connect(self.dsn) as connection:
            connection.execute(self.filled(statements).encode())

    def as_admin(self, statements: str) -> None:
        self.database.execute(self.filled(statements))

    def arm(self, environment: str = ENVIRONMENT, *, by: str | None = None) -> None:
        order = Order(
            environment=environment,
            duration=timedelta(days=1),
            grant_to=(self.role,),
        )
        arm(endpoint(by or self.database.dsn), order)

    def plan(
        self, job: ResetJob, *, options: str = "", expected_hash: str | None = None
    ) -> Plan:
        """As the daemon would; `options` are those of a DSN."""
        dsn = f"{self.dsn}?{options}" if options else self.dsn
        return plan_at(dsn, job, expected_hash=expected_hash)

    def contents(self) -> dict[str, object]:
        """How much is in each table, and where each sequence stands."""
        with self.database.connect() as connection:
            found = connection.execute(
                "SELECT n.nspname, c.relname, c.relkind FROM pg_class AS c"
                " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'S') AND n.nspname !~ '^pg_'"
                " AND n.nspname <> 'information_schema'"
            ).fetchall()
            return {
                f"{schema}.{name}": connection.execute(
                    sql.SQL(
                        "SELECT count(*) FROM {}"
                        if kind == "r"
                        else "SELECT last_value, is_called FROM {}"
                    ).format(sql.Identifier(schema, name))
                ).fetchone()
                for schema, name, kind in found
            }


def endpoint(dsn: str, *, lock: timedelta | None = None) -> Endpoint:
    deadlines = Deadlines(lock=lock) if lock else Deadlines()
    return Endpoint(conninfo=lambda: dsn, clock=CLOCK, deadlines=deadlines)


def open_target_at(dsn: str, database: str) -> AbstractContextManager[TargetSession]:
    return open_target(endpoint(dsn), database)


def plan_at(dsn: str, job: ResetJob, *, expected_hash: str | None = None) -> Plan:
    with open_target(endpoint(dsn), job.database) as session:
        return plan_job(job, session, expected_hash=expected_hash)


def job_for(database: str) -> ResetJob:
    """What may run on a target as it is."""
    return ResetJob(
        name="nightly-reset",
        kind=JobKind.RESET,
        server="staging",
        database=database,
        environment=ENVIRONMENT,
        tables=ALL_TABLES,
    )


def unarmed_target(database: Database) -> Target:
    """The same, before an administrator was there."""
    target = Target(database=database, dsn=database.role("agent"))
    target.as_admin("GRANT CREATE, USAGE ON SCHEMA public TO {role}")
    target.as_agent(_TABLES)
    return target


def armed_target(database: Database) -> Target:
    target = unarmed_target(database)
    target.arm()
    return target


@contextmanager
def dropped_afterwards(database: Database, name: str) -> Iterator[Database]:
    """A second database, which a test makes itself."""
    try:
        yield Database(name=name, server=database.server)
    finally:
        with database.connect(database.server.dsn()) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(
                    sql.Identifier(name)
                )
            )


def led_to(dsn: str, database: str) -> str:
    """The same login, to another database."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{database}"))


def refusals(plan: Plan) -> tuple[str, ...]:
    return tuple(verdict.gate for verdict in plan.refusals)
