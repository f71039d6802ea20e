"""A database whose names are moved while jobs run on it, and made anew for each run.

The tables belong to an owner that is neither a superuser nor the agent; the agent is a
member of it, as it has to be to restart sequences.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg

from tests.postgres_servers import Database, role_name
from tests.resets.storm_history import FUNCTIONS, History, contents_of, names_at
from tests.resets.target import Target

# Whatever runs as the agent leaves a trace that a rollback does not take back: the
# value of a sequence, and where that cannot be written, the count of calls.
_TRAPS = """\
CREATE FUNCTION kept.as_the_agent() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('kept.calls_by_agent');
EXCEPTION WHEN read_only_sql_transaction THEN
    NULL;
END $$;
CREATE FUNCTION kept.trap() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    IF session_user = '{role}'::regrole::text THEN
        PERFORM kept.as_the_agent();
    ELSE
        PERFORM nextval('kept.calls_by_others');
    END IF;
    RETURN 4242;
END $$;
CREATE FUNCTION kept.trap_of_index() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RETURN kept.trap() > 0;
END $$;
CREATE FUNCTION kept.trap_of_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM kept.trap();
    RETURN NULL;
END $$;
CREATE FUNCTION kept.harmless() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN RETURN NULL; END';
"""
_PUT_BACK = """\
CREATE TABLE kept.rightful (oid oid PRIMARY KEY, schema text NOT NULL, name text);
GRANT SELECT ON kept.rightful TO PUBLIC;
CREATE FUNCTION kept.note_rightful() RETURNS void LANGUAGE sql AS $$
    DELETE FROM kept.rightful;
    INSERT INTO kept.rightful
    SELECT n.oid, n.nspname, NULL FROM pg_namespace AS n
    WHERE n.nspname IN ('live', 'keep')
    UNION ALL
    SELECT c.oid, n.nspname, c.relname FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('live', 'keep') AND c.relkind IN ('r', 'S');
$$;
-- Tables before the sequences that they own, which go with them to another schema.
CREATE FUNCTION kept.misplaced_relations() RETURNS SETOF kept.rightful LANGUAGE sql AS $$
    SELECT r.* FROM kept.rightful AS r
    INNER JOIN pg_class AS c ON c.oid = r.oid
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE r.name IS NOT NULL AND (n.nspname, c.relname) <> (r.schema, r.name)
    ORDER BY c.relkind = 'S', r.oid
$$;
CREATE FUNCTION kept.put_back() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    it record;
BEGIN
    FOR it IN
        SELECT n.nspname, 'aside_' || n.oid AS aside FROM pg_namespace AS n
        LEFT JOIN kept.rightful AS r ON r.oid = n.oid AND r.name IS NULL
        WHERE r.schema IS DISTINCT FROM n.nspname
            AND (r.oid IS NOT NULL OR n.nspname IN ('live', 'keep'))
    LOOP
        EXECUTE format('ALTER SCHEMA %I RENAME TO %I', it.nspname, it.aside);
    END LOOP;
    FOR it IN
        SELECT n.nspname, r.schema FROM kept.rightful AS r
        INNER JOIN pg_namespace AS n ON n.oid = r.oid
        WHERE r.name IS NULL AND n.nspname <> r.schema
    LOOP
        EXECUTE format('ALTER SCHEMA %I RENAME TO %I', it.nspname, it.schema);
    END LOOP;
    FOR it IN SELECT * FROM kept.misplaced_relations() LOOP
        EXECUTE format('ALTER TABLE %s RENAME TO %I',
            it.oid::regclass, 'aside_' || it.oid);
    END LOOP;
    FOR it IN SELECT * FROM kept.misplaced_relations() LOOP
        IF (SELECT c.relnamespace::regnamespace::text FROM pg_class AS c
            WHERE c.oid = it.oid) <> it.schema THEN
            EXECUTE format('ALTER TABLE %s SET SCHEMA %I',
                it.oid::regclass, it.schema);
        END IF;
        PERFORM kept.clear(it.schema, it.name);
        EXECUTE format('ALTER TABLE %s RENAME TO %I', it.oid::regclass, it.name);
    END LOOP;
    FOR it IN
        SELECT n.nspname FROM pg_namespace AS n
        WHERE n.nspname LIKE 'aside%' AND NOT EXISTS (
            SELECT FROM pg_class AS c
            WHERE c.relnamespace = n.oid AND c.relkind <> 'v'
        )
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', it.nspname);
    END LOOP;
END $$;
-- Whatever stands in the place of a relation that belongs there.
CREATE FUNCTION kept.clear(place text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    it record;
BEGIN
    FOR it IN
        SELECT c.oid, c.relkind FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = place AND c.relname = wanted
    LOOP
        IF it.relkind = 'v' THEN
            EXECUTE format('DROP VIEW %s', it.oid::regclass);
        ELSE
            EXECUTE format('ALTER TABLE %s RENAME TO %I',
                it.oid::regclass, 'aside_' || it.oid);
        END IF;
    END LOOP;
END $$;
"""
_ADMIN = """\
CREATE SCHEMA kept;
GRANT USAGE, CREATE ON SCHEMA kept TO PUBLIC;
CREATE TABLE kept.ticks (scheduled_for timestamptz);
GRANT SELECT, INSERT ON kept.ticks TO {role};
CREATE SEQUENCE kept.calls_by_agent;
CREATE SEQUENCE kept.calls_by_others;
GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA kept TO PUBLIC;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
GRANT USAGE ON FOREIGN SERVER away TO {owner};
GRANT CREATE ON DATABASE {db} TO {owner}, {stranger};
GRANT {stranger} TO {owner};
GRANT {owner}, {stranger} TO {role};
ALTER DATABASE {db} SET track_functions = 'pl';
"""
_DROP = """\
DO $$
DECLARE
    it record;
BEGIN
    FOR it IN
        SELECT n.nspname FROM pg_namespace AS n
        WHERE n.nspowner IN ('{owner}'::regrole, '{stranger}'::regrole)
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', it.nspname);
    END LOOP;
END $$;
"""
_SCHEMA = """\
CREATE SCHEMA {s};
CREATE TABLE {s}.users (id serial PRIMARY KEY, name text);
CREATE SEQUENCE {s}.invoices START 1000;
CREATE TABLE {s}.orders (
    id integer GENERATED ALWAYS AS IDENTITY (START 100),
    user_id integer REFERENCES {s}.users,
    invoice bigint DEFAULT nextval('{s}.invoices')
);
CREATE TABLE {s}.archive (id serial PRIMARY KEY, name text);
CREATE TRIGGER harmless AFTER TRUNCATE ON {s}.archive
    FOR EACH STATEMENT EXECUTE FUNCTION kept.harmless();
INSERT INTO {s}.users (name) SELECT 'somebody' FROM generate_series(1, {users});
INSERT INTO {s}.orders (user_id) SELECT 1 FROM generate_series(1, {orders});
INSERT INTO {s}.archive (name) SELECT 'old' FROM generate_series(1, {archive});
"""
# Beside the job, and to be left alone: a table counts on this sequence.
_BESIDE = """\
CREATE SCHEMA elsewhere;
CREATE SEQUENCE live.precious START 4000;
CREATE TABLE elsewhere.bills (number bigint DEFAULT nextval('live.precious'));
INSERT INTO elsewhere.bills SELECT FROM generate_series(1, {bills});
"""
# What comes into the place of another may run code when it is emptied or counted.
_ARMED = """\
CREATE TRIGGER armed BEFORE TRUNCATE ON keep.users
    FOR EACH STATEMENT EXECUTE FUNCTION kept.trap_of_trigger();
CREATE TRIGGER armed BEFORE TRUNCATE ON keep.orders
    FOR EACH STATEMENT EXECUTE FUNCTION kept.trap_of_trigger();
CREATE INDEX ON keep.users (id) WHERE kept.trap_of_index();
CREATE INDEX ON keep.orders ((CASE WHEN kept.trap_of_index() THEN id END));
"""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A target, who owns its schemas, and another owner to whom things may go."""

    target: Target
    owner: str
    stranger: str

    @property
    def database(self) -> Database:
        return self.target.database

    def filled(self, statements: str) -> bytes:
        """The statements with the names of this ground in them."""
        owner, stranger = f'"{role_name(self.owner)}"', f'"{role_name(self.stranger)}"'
        named = statements.replace("{owner}", owner).replace("{stranger}", stranger)
        return self.target.filled(named).encode()

    def make_anew(
        self,
        admin: psycopg.Connection[Any],
        random: Random,
        *,
        behind: bool = False,
        armed: bool = False,
    ) -> History:
        """All schemas as at first, with figures that tell each relation from others.

        `behind`: sequences that have fallen behind their columns, for a resync;
        `armed`: code in the schema that may come into the place of the job's.
        """
        figures = random.sample(range(2, 60), 7)
        script = _DROP + "SET ROLE {owner};"
        for schema, counts in (("live", figures[:3]), ("keep", figures[3:6])):
            script += _filled(schema, dict(zip(_COUNTED, counts, strict=True)))
        script += _BESIDE.replace("{bills}", str(figures[6]))
        if behind:
            script += _setbacks(random)
        if armed:
            script += _ARMED
        script += "RESET ROLE; SELECT kept.note_rightful()"
        admin.execute(self.filled(script))
        history = History()
        names = names_at(admin, after="the beginning")
        looks = contents_of(admin, names.relations.values())
        history.add(names, looks, ours=True)
        return history

    def traces(self, admin: psycopg.Connection[Any]) -> tuple[int, int]:
        """How often code of others ran: as the agent, and as anybody else."""
        row = admin.execute(
            "SELECT coalesce(pg_sequence_last_value('kept.calls_by_agent'), 0),"
            " coalesce(pg_sequence_last_value('kept.calls_by_others'), 0)"
        ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def traced_calls(self) -> tuple[int, int]:
        with self.database.connect() as admin:
            return self.traces(admin)

    def calls_as_agent(self) -> int:
        """As the statistics tell, which count read-only transactions too."""
        ((calls,),) = self.database.execute(
            "SELECT coalesce(pg_stat_get_function_calls("
            "'kept.as_the_agent()'::regprocedure), 0)"
        )
        return int(calls)


_COUNTED = ("users", "orders", "archive")


def ground_in(database: Database) -> Ground:
    ground = Ground(
        target=Target(database=database, dsn=database.role("agent")),
        owner=database.role("owner"),
        stranger=database.role("stranger"),
    )
    ground.target.arm()
    database.execute(ground.filled(_ADMIN).decode())
    with database.connect(ground.owner) as owner:
        owner.execute(ground.filled(FUNCTIONS + _TRAPS))
    database.execute(_PUT_BACK)
    return ground


def _filled(schema: str, counts: dict[str, int]) -> str:
    script = _SCHEMA.replace("{s}", schema)
    for name, count in counts.items():
        script = script.replace(f"{{{name}}}", str(count))
    return script


def _setbacks(random: Random) -> str:
    """Some of the sequences; each is left one value at least."""
    chosen = [
        (f"{schema}.{name}", first)
        for schema in ("live", "keep")
        for name, first in _FIRST.items()
        if random.random() < 0.7
    ]
    return "".join(f"SELECT setval('{name}', {first});" for name, first in chosen)


_FIRST = {
    "users_id_seq": 1,
    "orders_id_seq": 100,
    "archive_id_seq": 1,
    "invoices": 1000,
}
