"""A database whose owner moves names about, and what is left of each relation by oid."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import psycopg
from psycopg import sql

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Outcome, Work
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.eventually import eventually
from tests.postgres_servers import Database, role_name
from tests.resets.target import CLOCK, Target, armed_target, endpoint, job_for
from tests.resets.test_running import TICK

WORK = Work(lock_timeout=timedelta(seconds=1))

# `live` is what the job is about. The others have the same names in them, and whatever
# of theirs runs as somebody else than their owner leaves a trace that stays.
_SCHEMAS = """\
CREATE SEQUENCE public.trace;
GRANT USAGE, SELECT, UPDATE ON SEQUENCE public.trace TO PUBLIC;
CREATE FUNCTION public.evil() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> '{owner}' THEN PERFORM pg_catalog.nextval('public.trace'); END IF;
    RETURN 1;
END $$;
CREATE FUNCTION public.evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.evil();
    RETURN NULL;
END $$;

CREATE SCHEMA live AUTHORIZATION "{owner}";
CREATE SCHEMA keep AUTHORIZATION "{owner}";
CREATE SCHEMA views AUTHORIZATION "{owner}";
CREATE SCHEMA indexed AUTHORIZATION "{owner}";
CREATE SCHEMA fired AUTHORIZATION "{owner}";
CREATE SCHEMA parts AUTHORIZATION "{owner}";
SET ROLE "{owner}";
CREATE TABLE live.users (id serial PRIMARY KEY, name text);
CREATE TABLE live.orders (id serial PRIMARY KEY);
CREATE SEQUENCE live.inv_seq START 1000;
CREATE SEQUENCE live.precious_seq;
CREATE TABLE live.precious (id integer DEFAULT nextval('live.precious_seq'));
CREATE TABLE keep.users (id serial PRIMARY KEY, name text);
CREATE TABLE keep.orders (id serial PRIMARY KEY);
CREATE SEQUENCE keep.inv_seq START 1000;
CREATE VIEW views.users AS SELECT public.evil() AS id, 'x' AS name;
CREATE VIEW views.orders AS SELECT public.evil() AS id;
CREATE VIEW views.users_id_seq AS
    SELECT public.evil()::bigint AS last_value, 0::bigint AS log_cnt, FALSE AS is_called;
CREATE VIEW views.orders_id_seq AS SELECT * FROM views.users_id_seq;
CREATE VIEW views.inv_seq AS SELECT * FROM views.users_id_seq;
CREATE TABLE indexed.users (id integer PRIMARY KEY, name text);
CREATE INDEX ON indexed.users ((id + public.evil()));
CREATE TABLE indexed.orders (id integer PRIMARY KEY);
CREATE INDEX ON indexed.orders ((id + public.evil()));
CREATE TABLE indexed.users_id_seq (last_value bigint, log_cnt bigint, is_called boolean);
CREATE INDEX ON indexed.users_id_seq ((last_value + public.evil()));
CREATE TABLE indexed.orders_id_seq (LIKE indexed.users_id_seq INCLUDING ALL);
CREATE TABLE indexed.inv_seq (LIKE indexed.users_id_seq INCLUDING ALL);
CREATE TABLE fired.users (id serial PRIMARY KEY, name text);
CREATE TRIGGER evil BEFORE TRUNCATE ON fired.users EXECUTE FUNCTION public.evil_trigger();
CREATE TABLE fired.orders (id serial PRIMARY KEY);
CREATE TRIGGER evil BEFORE TRUNCATE ON fired.orders EXECUTE FUNCTION public.evil_trigger();
CREATE SEQUENCE fired.inv_seq;
CREATE TABLE parts.users (id integer, name text) PARTITION BY RANGE (id);
CREATE TABLE parts.some PARTITION OF parts.users FOR VALUES FROM (0) TO (9999);
CREATE TABLE parts.orders (id integer);
CREATE SEQUENCE parts.inv_seq;
CREATE SEQUENCE parts.users_id_seq;
INSERT INTO indexed.users_id_seq VALUES (7, 0, TRUE);
GRANT USAGE ON SCHEMA live, keep, views, indexed, fired, parts TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA live, keep, views, indexed, fired, parts TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA live, keep, fired, parts TO PUBLIC;
RESET ROLE;
"""
_ROWS = """\
INSERT INTO live.users (name) SELECT 'live' FROM generate_series(1, 5);
INSERT INTO live.orders SELECT FROM generate_series(1, 3);
INSERT INTO live.precious SELECT FROM generate_series(1, 42);
INSERT INTO keep.users (name) SELECT 'keep' FROM generate_series(1, 7);
INSERT INTO keep.orders SELECT FROM generate_series(1, 7);
INSERT INTO fired.users (name) SELECT 'fired' FROM generate_series(1, 7);
INSERT INTO parts.users SELECT n FROM generate_series(1, 7) AS n;
SELECT nextval('live.inv_seq'), nextval('keep.inv_seq'), nextval('parts.inv_seq');
"""
_PUT_BACK = {
    JobKind.RESET: """\
TRUNCATE live.users, live.orders RESTART IDENTITY;
ALTER SEQUENCE live.inv_seq RESTART;
INSERT INTO live.users (name) SELECT 'live' FROM generate_series(1, 5);
INSERT INTO live.orders SELECT FROM generate_series(1, 3);
SELECT nextval('live.inv_seq');
""",
    JobKind.RESYNC: "SELECT setval('live.users_id_seq', 5)",
}

State = dict[int, object]


@dataclass
class Ground:
    """The database, and who moves names in it: their owner, who is no superuser."""

    target: Target
    owner_dsn: str
    heard: list[str] = field(default_factory=list)
    refused_moves: list[str] = field(default_factory=list)
    ticks: int = 0

    def job(self, kind: JobKind = JobKind.RESET) -> ResetJob:
        return replace(
            job_for(self.target.database.name),
            kind=kind,
            tables=NameFilter(include=("live.users", "live.orders")),
            sequences=("live.inv_seq",),
            allowed=Allowed(triggers=("live.users.allowed", "live.orders.allowed")),
        )

    def run(
        self,
        job: ResetJob,
        *,
        work: Work = WORK,
        told: Callable[[str], None] = lambda _: None,
        dsn: str | None = None,
    ) -> Outcome:
        """A tick of its own."""
        self.ticks += 1
        resetter = Resetter(
            job,
            partial(
                open_worker, endpoint(dsn or self.target.dsn), job.database, agent="t/1"
            ),
            clock=CLOCK,
            stopping=threading.Event(),
            told=told,
        )
        at = TICK.scheduled_for + timedelta(minutes=self.ticks)
        return resetter.run(replace(TICK, scheduled_for=at), work)

    def settle(self) -> None:
        """Wait until the agent's backend has done what it was sent so far."""

        def waiting() -> bool:
            [(busy,)] = self.target.database.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
                " AND wait_event IS DISTINCT FROM 'ClientRead'",
                [self.target.role],
            )
            return int(busy) == 0

        eventually(waiting)

    def move(self, statements: str) -> bool:
        """As the owner, in one transaction that waits for nobody; whether it went well."""
        with psycopg.connect(self.owner_dsn) as connection:
            connection.execute("SET lock_timeout = '50ms'")
            try:
                connection.execute(statements.encode())
                connection.commit()
            except psycopg.Error as error:
                self.refused_moves.append(str(error))
                return False
        return True

    def state(self) -> State:
        """Rows of each table and position of each sequence, by oid.

        Asked by their owner, whom nothing of theirs takes for somebody else.
        """
        with psycopg.connect(self.owner_dsn) as connection:
            found = connection.execute(
                "SELECT c.oid, n.nspname, c.relname, c.relkind FROM pg_class AS c"
                " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'S') AND n.nspname !~ '^pg_'"
                " AND pg_get_userbyid(c.relowner) = current_user"
                " ORDER BY c.oid"
            ).fetchall()
            return {
                oid: connection.execute(
                    sql.SQL(
                        "SELECT count(*) FROM {}"
                        if kind == "r"
                        else "SELECT last_value, is_called FROM {}"
                    ).format(sql.Identifier(schema, name))
                ).fetchone()
                for oid, schema, name, kind in found
            }

    def oid(self, name: str) -> int:
        [(oid,)] = self.target.database.execute("SELECT %s::regclass::oid::int", [name])
        return int(oid)

    @property
    def traces(self) -> int:
        """How often code of the owner ran as somebody else."""
        [(value,)] = self.target.database.execute(
            "SELECT last_value - 1 + is_called::integer FROM public.trace"
        )
        return int(value)

    def record(self) -> RunRecord:
        """Of the last tick."""
        name = self.target.database.name
        with open_worker(endpoint(self.target.dsn), name, agent="t/1") as worker:
            return worker.ledger.newest(TICK.job, limit=1)[0]

    def put_back(self, kind: JobKind) -> None:
        """As it was, after a run that succeeded."""
        moved = self.move(_PUT_BACK[kind])
        assert moved, self.refused_moves


def ground_in(database: Database) -> Ground:
    target = armed_target(database)
    owner_dsn = database.role("owner")
    owner = role_name(owner_dsn)
    database.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO "{owner}"')
    database.execute(f'GRANT "{owner}" TO "{target.role}"')
    database.execute(_SCHEMAS.replace("{owner}", owner))
    database.execute(_ROWS)
    return Ground(target, owner_dsn)


def swap(other: str) -> str:
    """Another schema comes into the place of the one that the job is about."""
    return f"ALTER SCHEMA live RENAME TO aside; ALTER SCHEMA {other} RENAME TO live"


def swap_back(other: str) -> str:
    return f"ALTER SCHEMA live RENAME TO {other}; ALTER SCHEMA aside RENAME TO live"


def swap_sequences(one: str, other: str = "precious_seq") -> str:
    """Another sequence comes into the place of one."""
    return (
        f"ALTER SEQUENCE live.{one} RENAME TO aside_seq;"
        f"ALTER SEQUENCE live.{other} RENAME TO {one}"
    )


def view_for(sequence: str) -> str:
    """A view comes into the place of a sequence."""
    return (
        f"ALTER SEQUENCE live.{sequence} RENAME TO aside_seq;"
        f"CREATE VIEW live.{sequence} AS SELECT * FROM views.inv_seq;"
        f"GRANT SELECT ON live.{sequence} TO PUBLIC"
    )


def succeeded(record: RunRecord) -> bool:
    return record.status is Status.SUCCEEDED
