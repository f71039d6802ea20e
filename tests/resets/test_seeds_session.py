"""A seed begins as if it were typed in its database, and ends with itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

import pytest

from agent.domain.resets.runs import Done, Failed, Outcome
from agent.postgres.connect import BoundedConnection
from agent.postgres.resets.worker import Worker, open_worker
from agent.services.resetting import Resetter
from tests.postgres_servers import Database
from tests.resets.seeding import begun, run_alone, seeds_of
from tests.resets.target import CLOCK, Target, armed_target, endpoint
from tests.resets.test_running import TICK, WORK, Bench

# In the first lines of what pg_dump 18 writes, and of what it wrote before 17.
HEADER = """\
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
"""
ROW = "INSERT INTO public.users (id, name) VALUES (1, 'root');\n"

IN_EFFECT = (
    "SELECT array_agg(s.name || ' ' || coalesce(s.setting, '') ORDER BY s.name)"
    " FROM pg_settings AS s WHERE s.name !~ '^(transaction_|plpgsql)'"
)


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A session that was another client's before the run, and will be another's."""

    bench: Bench
    worker: Worker

    @property
    def connection(self) -> BoundedConnection:
        return self.worker.connection

    def run(self, *texts: str) -> Outcome:
        resetter = Resetter(
            self.bench.job,
            lambda: nullcontext(self.worker),
            clock=CLOCK,
            stopping=self.bench.stopping,
            told=self.bench.heard.append,
        )
        return resetter.run(TICK, replace(WORK, seeds=seeds_of(*texts)))

    def ask(self, statement: str) -> object:
        [row] = self.connection.execute(statement.encode()).fetchall()
        return row[0] if len(row) == 1 else row


@pytest.fixture
def target(database: Database) -> Target:
    target = armed_target(database)
    target.as_admin("CREATE SCHEMA kept; GRANT ALL ON SCHEMA kept TO {role}")
    target.as_agent("CREATE TABLE kept.seen (what text)")
    return target


@contextmanager
def pooled_in(target: Target) -> Iterator[Pooled]:
    name = target.database.name
    with open_worker(endpoint(target.dsn), name, agent="test/1") as worker:
        yield Pooled(bench=Bench(target), worker=worker)


def seen(target: Target) -> list[str]:
    return [w for (w,) in target.database.execute("SELECT what FROM kept.seen")]


# Its end.

LEFT = {
    "settings": ("SET search_path = ''; SET work_mem = '1MB'", IN_EFFECT),
    "settings of the transaction": ("SET LOCAL search_path = ''", IN_EFFECT),
    "the head of a dump": (HEADER, IN_EFFECT),
    "settings by a function": (
        "SELECT set_config('work_mem', '1MB', false) FROM generate_series(1, 2)",
        IN_EFFECT,
    ),
    "read only": ("SET default_transaction_read_only = on", IN_EFFECT),
    "characteristics": (
        (
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL"
            " SERIALIZABLE"
        ),
        IN_EFFECT,
    ),
    "an encoding": ("SELECT set_config('client_encoding', 'LATIN1', false)", IN_EFFECT),
    "a zone": ("SET TIME ZONE 'Asia/Tokyo'; SET datestyle = German", IN_EFFECT),
    "what it reset": ("RESET ALL; RESET search_path", IN_EFFECT),
    "what it discarded": ("DISCARD PLANS; DISCARD SEQUENCES", IN_EFFECT),
    "a role": (
        'SET ROLE "{other}"',
        "SELECT current_user || session_user || current_setting('role')",
    ),
    "a role of the transaction": (
        'SET LOCAL ROLE "{other}"',
        "SELECT current_user || session_user || current_setting('role')",
    ),
    "an authorization": (
        'SET SESSION AUTHORIZATION {role}; SET ROLE "{other}"',
        "SELECT current_user || session_user || current_setting('role')",
    ),
    "a custom setting": (
        "SET app.tenant = '7'",
        "SELECT coalesce(current_setting('app.tenant', true), '')",
    ),
    "a custom setting by a function": (
        "SELECT kept.choose()",
        "SELECT coalesce(current_setting('app.tenant', true), '')",
    ),
    "a prepared statement": (
        'PREPARE "a b" AS SELECT 1',
        "SELECT count(*) FROM pg_prepared_statements",
    ),
    "a cursor": (
        'DECLARE "a b" CURSOR WITH HOLD FOR SELECT 1',
        "SELECT count(*) FROM pg_cursors WHERE name <> ''",
    ),
    "channels": ("LISTEN x; LISTEN y", "SELECT count(*) FROM pg_listening_channels()"),
    "temporary objects": (
        (
            "CREATE TEMP TABLE t (id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES;"
            " CREATE TEMP VIEW v AS SELECT * FROM t; CREATE TYPE pg_temp.c AS (a int);"
            " CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
            " DECLARE c CURSOR WITH HOLD FOR SELECT * FROM t"
        ),
        (
            "SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass"
            " AND refobjid = pg_my_temp_schema()"
        ),
    ),
    "advisory locks": (
        (
            "SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(2, 3),"
            " pg_advisory_lock(hashtextextended('sequence_agent:run', 0))"
        ),
        (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid = pg_backend_pid()"
        ),
    ),
}
CHOOSE = """\
CREATE FUNCTION kept.choose() RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN set_config('app.tenant', '7', false); END $$
"""


def prepared(target: Target, seed: str) -> str:
    """The seed with the names of roles in it, one that the agent may become."""
    if "{other}" not in seed:
        return target.filled(seed)
    other = target.database.role("other").split("//")[1].split(":")[0]
    target.as_admin(f'GRANT "{other}" TO {{role}}')
    return target.filled(seed.replace("{other}", other))


@pytest.mark.parametrize("left", LEFT)
def test_a_seed_leaves_nothing_to_the_next_client(target: Target, left: str) -> None:
    target.as_agent(CHOOSE)
    seed, question = LEFT[left]
    seed = prepared(target, seed)
    with pooled_in(target) as pooled:
        before = pooled.ask(question)

        outcome = pooled.run(f"{ROW}{seed}")

        assert isinstance(outcome, Done)
        assert pooled.ask(question) == before
        assert pooled.bench.tables()["public.users"] == (1,)


@pytest.mark.parametrize("left", ["a prepared statement", "advisory locks", "channels"])
def test_a_seed_that_fails_leaves_nothing_either(target: Target, left: str) -> None:
    seed, question = LEFT[left]
    with pooled_in(target) as pooled:
        before = pooled.ask(question)

        outcome = pooled.run(f"{ROW}{seed}; SELECT 1/0")

        assert isinstance(outcome, Failed)
        assert pooled.ask(question) == before


@pytest.mark.parametrize(
    "left", [key for key, (_, question) in LEFT.items() if question == IN_EFFECT]
)
def test_a_seed_begins_as_if_no_other_had_been(target: Target, left: str) -> None:
    seed, _ = LEFT[left]
    note = (
        "INSERT INTO kept.seen SELECT pg_catalog.string_agg(s.name || s.setting, ','"
        " ORDER BY s.name) FROM pg_settings AS s WHERE s.name !~ 'timeout|interval$'"
    )
    with pooled_in(target) as pooled:
        outcome = pooled.run(note, seed, note)

    first, second = seen(target)
    assert isinstance(outcome, Done)
    assert first == second


OF_ANOTHER_CLIENT = [
    "SET search_path = kept",
    "SET work_mem = '5MB'",
    "SET intervalstyle = 'sql_standard'",
    "SET lock_timeout = '7s'",
    "SET statement_timeout = '77s'",
    "SET standard_conforming_strings = off",
    "SET row_security = off",
    "SET timezone = 'Asia/Tokyo'",
    "SET check_function_bodies = off",
]


def test_what_another_client_had_set_is_there_again(target: Target) -> None:
    with pooled_in(target) as pooled:
        for each in OF_ANOTHER_CLIENT:
            pooled.connection.execute(each.encode())
        before = pooled.ask(IN_EFFECT)

        outcome = pooled.run(
            ROW.replace("public.", "") + HEADER + "SET work_mem = '1MB'; RESET timezone"
        )

        assert isinstance(outcome, Done)
        assert pooled.ask(IN_EFFECT) == before


def test_what_another_client_holds_is_there_still(target: Target) -> None:
    questions = {
        "SELECT name FROM pg_prepared_statements": "PREPARE theirs AS SELECT 1",
        "SELECT name FROM pg_cursors WHERE name <> ''": (
            "DECLARE theirs CURSOR WITH HOLD FOR SELECT 1"
        ),
        "SELECT * FROM pg_listening_channels()": "LISTEN theirs",
        "SELECT count(*) FROM pg_temp.theirs": "CREATE TEMP TABLE theirs ()",
        "SELECT current_setting('app.tenant')": "SET app.tenant = '3'",
        "SELECT objid FROM pg_locks WHERE locktype = 'advisory'"
        " AND pid = pg_backend_pid()": "SELECT pg_advisory_lock(42)",
    }
    with pooled_in(target) as pooled:
        for each in questions.values():
            pooled.connection.execute(each.encode())
        before = {question: pooled.ask(question) for question in questions}

        outcome = pooled.run(
            ROW
            + "PREPARE ours AS SELECT 1; DECLARE ours CURSOR WITH HOLD FOR SELECT 1;"
            "UNLISTEN *; LISTEN ours; CREATE TEMP TABLE ours (id serial);"
            "CREATE TEMP VIEW shown AS SELECT * FROM ours;"
            "SELECT set_config('app.tenant', '7', false)"
        )

        assert isinstance(outcome, Done)
        assert {question: pooled.ask(question) for question in questions} == before


def test_a_role_that_a_seed_took_is_not_that_of_the_next(target: Target) -> None:
    become = prepared(target, 'SET ROLE "{other}"')
    note = "INSERT INTO kept.seen SELECT current_user"
    with pooled_in(target) as pooled:
        outcome = pooled.run(become, note, f"{become}; RESET ROLE", note)

    assert isinstance(outcome, Done)
    assert seen(target) == [target.role, target.role]


# Its beginning.

STYLES = {
    "search_path": "kept, public",
    "datestyle": "German, DMY",
    "intervalstyle": "sql_standard",
    "timezone": "Asia/Tokyo",
    "standard_conforming_strings": "off",
    "row_security": "on",
    "check_function_bodies": "off",
    "work_mem": "5MB",
    "extra_float_digits": "0",
    "quote_all_identifiers": "on",
    "default_transaction_isolation": "serializable",
    "lc_messages": "C",
}


@pytest.mark.parametrize("name", STYLES)
def test_a_seed_has_the_settings_of_its_database(target: Target, name: str) -> None:
    target.as_admin(
        "ALTER DATABASE {db} SET "
        + (
            f"{name} = {STYLES[name]}"
            if "," in STYLES[name]
            else f"{name} = '{STYLES[name]}'"
        )
    )
    with target.database.connect(target.dsn) as typed:
        expected = typed.execute(f"SHOW {name}".encode()).fetchone()

    bench = Bench(target)
    with begun(bench) as connection:
        [seed] = seeds_of(
            f"INSERT INTO kept.seen SELECT pg_catalog.current_setting('{name}')"
        )
        run_alone(connection, bench, seed)

    assert expected is not None
    assert seen(target) == [expected[0]]


def test_a_seed_has_no_setting_that_another_client_left(target: Target) -> None:
    bench = Bench(target)
    with begun(bench) as connection:
        connection.execute("COMMIT")
        connection.execute("SET search_path = pg_temp")
        connection.execute("SET datestyle = 'German'")
        connection.execute("BEGIN READ WRITE")

        run_alone(
            connection,
            bench,
            *seeds_of(
                "INSERT INTO kept.seen SELECT current_setting('search_path');"
                "INSERT INTO kept.seen SELECT current_setting('datestyle')"
            ),
        )

    assert seen(bench.target) == ['"$user", public', "ISO, MDY"]


def test_backslashes_mean_what_they_mean_in_the_database(target: Target) -> None:
    target.as_admin("ALTER DATABASE {db} SET standard_conforming_strings = off")
    with pooled_in(target) as pooled:
        outcome = pooled.run(
            "INSERT INTO kept.seen VALUES ('it\\'s; no end');"
            "SET standard_conforming_strings = on;"
            "INSERT INTO kept.seen VALUES ('\\'), (E'\\'');"
        )

    assert isinstance(outcome, Done)
    assert seen(target) == ["it's; no end", "\\", "'"]


def test_views_can_be_filled_too(target: Target) -> None:
    target.as_agent("CREATE VIEW kept.shown AS SELECT id, name FROM users")
    with pooled_in(target) as pooled:
        outcome = pooled.run("INSERT INTO kept.shown (id) VALUES (3)")

    assert isinstance(outcome, Done)
    assert outcome.after.rows["public.users"] == 1
