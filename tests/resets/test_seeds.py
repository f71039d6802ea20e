"""Seeds on a server: what they may hold, and what is said of those that fail."""

from __future__ import annotations

import json
from array import array
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from agent.domain.resets.runs import Done, Failed
from agent.domain.resets.seeds import Seed, SeedError
from agent.domain.resets.seeds_script import Batch
from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection
from agent.postgres.connect import connection as connected
from agent.postgres.resets.seed_copy import copy_rows
from agent.postgres.resets.seed_run import SeedRun
from agent.postgres.resets.seed_session import session
from agent.postgres.resets.seed_watch import LockWatch
from tests.postgres_servers import Database
from tests.resets.seeding import begun, run_alone, seeded
from tests.resets.target import CLOCK, armed_target, endpoint
from tests.resets.test_running import Bench

NOTES = "CREATE TABLE kept.notes (number serial, text text)"


@pytest.fixture
def bench(database: Database) -> Bench:
    """With a table `kept.notes` beside those of the job."""
    target = armed_target(database)
    target.as_admin("CREATE SCHEMA kept; GRANT ALL ON SCHEMA kept TO {role}")
    target.as_agent(NOTES)
    return Bench(target)


def reason(bench: Bench, *texts: str | bytes) -> str:
    """Why a run with these seeds failed, and that it changed nothing."""
    before = bench.target.contents()
    outcome = seeded(bench, *texts)
    after = bench.target.contents()
    assert isinstance(outcome, Failed)
    assert "\n" not in outcome.reason
    assert "\t" not in outcome.reason
    assert bench.record().reason == outcome.reason
    for ledger in ("sequence_agent.job_run",):
        del before[ledger], after[ledger]
    # A sequence of a table that is not the job's may have been called.
    assert {k: v for k, v in after.items() if not k.endswith("number_seq")} == {
        k: v for k, v in before.items() if not k.endswith("number_seq")
    }
    return outcome.reason


def notes(bench: Bench) -> list[str]:
    rows = bench.target.database.execute("SELECT text FROM kept.notes ORDER BY number")
    return [text for (text,) in rows]


# What a seed may hold.


def test_rows_of_copy_are_read_as_psql_reads_them(bench: Bench) -> None:
    outcome = seeded(
        bench,
        "COPY public.users (id, name) FROM stdin;\n1\troot\n7\t\\N\n9\ta\\tb;'\n\\.\n"
        "\n\nCOPY users (id, name) FROM stdin WITH (FORMAT csv, HEADER);\n"
        'id,name\n20,"a\n\\N;""\n"\n\\.\nINSERT INTO users (id) VALUES (30);\n',
    )

    assert isinstance(outcome, Done)
    rows = bench.target.database.execute("SELECT id, name FROM users ORDER BY id")
    assert rows == [
        (1, "root"),
        (7, None),
        (9, "a\tb;'"),
        (20, 'a\n\\N;"\n'),
        (30, None),
    ]
    assert bench.tables()["public.users_id_seq"] == (30, True)


def test_a_seed_with_the_line_breaks_of_windows_brings_what_psql_would(
    bench: Bench,
) -> None:
    outcome = seeded(
        bench,
        "INSERT INTO users (id, name) VALUES (1, 'line1\r\nline2');\r\n"
        "DO $$ BEGIN\r\nINSERT INTO kept.notes (text) VALUES ($x$a\r\nb$x$); END $$;\r\n"
        "COPY users (id, name) FROM stdin;\r\n5\tfive\r\n\\.\r\nSELECT 1;\r\n",
    )

    assert isinstance(outcome, Done)
    rows = bench.target.database.execute("SELECT id, name FROM users ORDER BY id")
    assert rows == [(1, "line1\r\nline2"), (5, "five")]
    assert notes(bench) == ["a\r\nb"]


def test_a_byte_order_mark_is_no_word(bench: Bench) -> None:
    outcome = seeded(bench, b"\xef\xbb\xbfINSERT INTO users (id) VALUES (1)")

    assert isinstance(outcome, Done)


def test_a_literal_goes_on_behind_a_line_break(bench: Bench) -> None:
    outcome = seeded(bench, "INSERT INTO kept.notes (text) VALUES (E'c'\n'd\\';e')")

    assert isinstance(outcome, Done)
    assert notes(bench) == ["cd';e"]


def test_many_statements_are_run_in_their_order(bench: Bench) -> None:
    outcome = seeded(
        bench,
        "".join(
            f"INSERT INTO users (id, name) VALUES ({n}, '');\n" for n in range(3000)
        )
        + "UPDATE users SET name = repeat('x', 1000);"
        + "".join(
            f"INSERT INTO kept.notes (text) VALUES ('{'x' * 3000}');"
            for _ in "ab" * 300
        )
        + "INSERT INTO kept.notes (text) SELECT count(*) FROM users WHERE name <> '';",
    )

    assert isinstance(outcome, Done)
    assert notes(bench)[-1] == "3000"
    assert len(notes(bench)) == 601


@pytest.mark.parametrize("text", ["", "\n", "-- nothing\n", ";;", "/* /* */ */ ;"])
def test_a_seed_may_be_empty(bench: Bench, text: str) -> None:
    assert isinstance(seeded(bench, text), Done)


@pytest.mark.parametrize(
    "statement",
    [
        "DO $$ BEGIN INSERT INTO users (id) VALUES (1); END $$",
        (
            "CREATE FUNCTION kept.f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2 $$;"
            " SELECT kept.f()"
        ),
        "PREPARE p AS INSERT INTO users (id) VALUES ($1); EXECUTE p(4)",
        "CREATE TEMP TABLE t AS SELECT 5 AS id; INSERT INTO users (id) SELECT id FROM t",
        "DECLARE c CURSOR FOR SELECT 1; FETCH c; CLOSE ALL",
        "SELECT 'x' AS \"%s\", '%', '{}', '${HOME}', $seed$ $$ $seed$",
        "LOCK TABLE users; SET CONSTRAINTS ALL DEFERRED; NOTIFY x; LISTEN y",
        "SET sequence_agent.seed = ''; INSERT INTO users (id) VALUES (1)",
        "SET LOCAL plpgsql.extra_errors = 'all'; INSERT INTO users (id) VALUES (1)",
        "SET client_min_messages = error; SET xmloption = content",
        "SET client_encoding TO DEFAULT; INSERT INTO users (name) VALUES ('ä€')",
        (
            "SELECT pg_catalog.set_config('client_encoding', 'LATIN1', false);"
            " INSERT INTO users (name) VALUES ('ä€')"
        ),
    ],
)
def test_a_seed_may_hold_what_a_transaction_may(bench: Bench, statement: str) -> None:
    outcome = seeded(bench, statement)

    assert isinstance(outcome, Done)


# What is said of one that fails.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT 1;\n\n-- why\nINSERT INTO users (id)\nVALUES (1), (1);",
            (
                "1.sql', line 4: duplicate key value violates unique constraint"
                ' "users_pkey"; Key (id)=(1) already exists.'
            ),
        ),
        (
            "INSERT INTO users (id) VALUES\n(1),\n(2),\n(three);",
            '1.sql\', line 4: column "three" does not exist',
        ),
        ("SELECT 1;\nSELEKT 2", '1.sql\', line 2: syntax error at or near "SELEKT"'),
        ("SELECT 'a\n;\n", "1.sql', line 1: unterminated quoted string at or near"),
        ("SELECT 'ä\n', 1\n FROM FROM", "1.sql', line 3: syntax error at or near"),
        ("INSERT INTO nothing VALUES (1)", 'relation "nothing" does not exist'),
        (
            (
                "\n\nDO $$ BEGIN\n RAISE EXCEPTION E'two\\n\\tlines' USING HINT = 'mend it';"
                "\nEND $$"
            ),
            "1.sql', line 3: two lines; mend it",
        ),
        ("DO $$ BEGIN ASSERT false; END $$", "1.sql', line 1: assertion failed"),
        (
            "\n\nINSERT INTO orders (user_id) VALUES (99)",
            (
                'line 3: insert or update on table "orders" violates foreign key constraint'
                ' "orders_user_id_fkey"; Key (user_id)=(99) is not present in table "users".'
            ),
        ),
        (
            "INSERT INTO users (id, name) VALUES (NULL, 'secret')",
            (
                '1.sql\', line 1: null value in column "id" of relation "users" violates'
                " not-null constraint"
            ),
        ),
        (
            "SELECT 1;\nCOPY users (id, name) FROM stdin;\n1\ta\n2\tb\nx\tc\n\\.\n",
            '1.sql\', line 5: invalid input syntax for type integer: "x"',
        ),
        (
            "\nCOPY users (id, nothing) FROM stdin;\n\\.\n",
            "1.sql', line 2: column \"noth",
        ),
        ("COPY users (id) FROM stdin;\n1\n1\n\\.\n", "1.sql', line 3: duplicate key"),
        ("SELECT 1;\n\\i x.sql", "1.sql', line 2: '\\\\i' is a command of psql"),
        (b"SELECT 1;\n'\xff'", "1.sql', line 2: not UTF-8"),
        (b"SELECT 1;\n\n'\0'", "1.sql', line 3: a NUL byte"),
        ("SELECT 1;\nCOPY users FROM stdin;\n1\n", "1.sql', line 2: the rows of COPY"),
        (
            "SELECT 1;\nSELECT id INTO kept.x FROM users",
            (
                "1.sql', line 2: EXECUTE of SELECT ... INTO is not implemented; in place of"
                " SELECT … INTO, write CREATE TABLE … AS"
            ),
        ),
        ("SELECT 1;\nVACUUM users", "; a seed is part of the reset's transaction: do"),
        (
            "COPY users TO stdout",
            "of COPY, only FROM stdin with the rows below it can be",
        ),
        (
            "SET NAMES latin1; SELECT 'ä'",
            "1.sql', line 1: it says that it is in 'latin1', and is read as UTF-8",
        ),
        (
            "SET search_pth = public",
            'unrecognized configuration parameter "search_pth"',
        ),
        (
            "SET TRANSACTION READ ONLY;\nINSERT INTO users (id) VALUES (1)",
            "1.sql', line 2: cannot execute INSERT in a read-only transaction",
        ),
    ],
)
def test_a_seed_that_fails_is_told_with_file_line_and_reason(
    bench: Bench, text: str | bytes, expected: str
) -> None:
    told = reason(bench, text)

    assert told.startswith("seed '1.sql'")
    assert expected in told


@pytest.mark.parametrize(
    "ending",
    ["COMMIT", "ROLLBACK", "BEGIN", "END", "ABORT", "START TRANSACTION", "SAVEPOINT s",
     "RELEASE s", "ROLLBACK TO s", "PREPARE TRANSACTION 'x'", "COMMIT AND CHAIN",
     "COMMIT PREPARED 'x'"],
)  # fmt: skip
def test_a_seed_cannot_end_the_transaction(bench: Bench, ending: str) -> None:
    told = reason(bench, f"INSERT INTO users (id) VALUES (1);\n{ending};\nSELECT 1")

    assert told.startswith("seed '1.sql', line 2: ")
    assert told.endswith("a seed is part of the reset's transaction: leave this out")


@pytest.mark.parametrize("hidden", ["DO $$ BEGIN COMMIT; END $$", "CALL kept.p()"])
def test_nor_can_what_it_calls(bench: Bench, hidden: str) -> None:
    bench.target.as_agent(
        "CREATE PROCEDURE kept.p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$"
    )

    told = reason(bench, f"INSERT INTO users (id) VALUES (1);\n{hidden};")

    assert told.startswith("seed '1.sql', line 2: ")


def test_which_of_several_seeds_it_was(bench: Bench) -> None:
    told = reason(bench, "SELECT 1", "\nSELECT 1/0")

    assert told == "seed '2.sql', line 2: division by zero"


def test_a_seed_that_cannot_be_read_is_told_before_anything_is_locked(
    bench: Bench,
) -> None:
    reason(bench, "SELECT 1", "\\i x")

    assert not any(said.startswith("locking") for said in bench.heard)


def test_a_server_that_goes_away_is_no_fault_of_the_seed(bench: Bench) -> None:
    told = reason(bench, "SELECT pg_terminate_backend(pg_backend_pid())")

    assert not told.startswith("seed")
    assert "terminating connection due to administrator command" in told


# What the lexer takes for one statement, and is more.


def test_a_copy_with_more_behind_it_is_refused(bench: Bench) -> None:
    with begun(bench) as connection:
        connection.execute("INSERT INTO kept.notes (text) VALUES ('half')")
        with pytest.raises(psycopg.errors.SyntaxError):
            copy_rows(connection, "COPY users (id) FROM stdin; COMMIT", "77\n")
        connection.execute("ROLLBACK")

    assert notes(bench) == []
    assert bench.tables()["public.users"] == (5,)


def test_what_is_no_copy_is_none(bench: Bench) -> None:
    with begun(bench) as connection, pytest.raises(psycopg.ProgrammingError):
        copy_rows(connection, "COMMIT", "")


@pytest.mark.parametrize("more", ["COMMIT", "ROLLBACK", "ROLLBACK; BEGIN"])
def test_a_statement_with_more_in_it_cannot_end_the_transaction(
    bench: Bench, more: str
) -> None:
    text = f"INSERT INTO kept.notes (text) VALUES ('half'); {more}"
    batch = Batch(statements=json.dumps([text]), lines=array("L", [1]))
    with begun(bench) as connection:
        run = _seed_run(connection, bench, seconds=60)
        with pytest.raises(AgentError, match="EXECUTE of transaction commands"):
            run.step(batch)
        connection.execute("ROLLBACK")

    assert notes(bench) == []


def _seed_run(
    connection: BoundedConnection, bench: Bench, *, seconds: float
) -> SeedRun:
    watch = LockWatch(
        lambda: connected(endpoint(bench.target.dsn), bench.target.database.name),
        session(connection).holdings,
        patience=timedelta(seconds=1),
        clock=CLOCK,
    )
    return SeedRun(
        connection=connection,
        seed="direct.sql",
        bounds={},
        patience=timedelta(seconds=1),
        until=CLOCK.monotonic() + seconds,
        clock=CLOCK,
        watch=watch,
    )


# How long it may take.


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_sleep(20)",
        "SET statement_timeout = 0; SELECT pg_sleep(20)",
        "DO $$ BEGIN SET statement_timeout = 0; PERFORM pg_sleep(20); END $$",
    ],
)
def test_a_seed_takes_no_longer_than_a_run_may(bench: Bench, statement: str) -> None:
    batch = Batch(
        statements=json.dumps(["SELECT 1", statement]), lines=array("L", [1, 2])
    )
    began = CLOCK.monotonic()
    with begun(bench) as connection:
        run = _seed_run(connection, bench, seconds=0.5)
        with pytest.raises(SeedError, match=r"line 2: took too long: a run has 30"):
            run.step(batch)

    assert CLOCK.monotonic() - began < 5


def test_what_comes_too_late_is_not_begun(bench: Bench) -> None:
    batch = Batch(statements=json.dumps(["SELECT 1"]), lines=array("L", [1]))
    with begun(bench) as connection:
        run = _seed_run(connection, bench, seconds=0)
        with pytest.raises(SeedError, match=r"took too long: a run has 30 minutes"):
            run.step(batch)


# What it deferred.

DEFERRED = """\
CREATE TABLE kept.audit (id serial PRIMARY KEY, name text);
CREATE FUNCTION kept.audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO {audit} (id, name) VALUES (1, NEW.name); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER audited AFTER INSERT ON users
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION kept.audit();
"""


def test_what_a_seed_deferred_is_done_counted_and_followed(bench: Bench) -> None:
    bench.target.as_agent(DEFERRED.replace("{audit}", "kept.audit"))
    bench.target.as_agent("ALTER TABLE kept.audit SET SCHEMA public")
    bench.target.as_agent(
        "CREATE OR REPLACE FUNCTION kept.audit() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN INSERT INTO public.audit VALUES (1, NEW.name); RETURN NULL; END $$"
    )

    outcome = seeded(bench, "INSERT INTO users (id, name) VALUES (1, 'root')")

    assert isinstance(outcome, Done)
    assert outcome.after.rows["public.audit"] == 1
    assert bench.tables()["public.audit"] == (1,)
    assert bench.tables()["public.audit_id_seq"] == (1, True)


def test_what_a_seed_deferred_has_its_path(bench: Bench) -> None:
    bench.target.as_agent(DEFERRED.replace("{audit}", "audit"))
    bench.target.as_admin(
        'ALTER ROLE {role} IN DATABASE {db} SET search_path = "$user", public, kept'
    )

    outcome = seeded(bench, "INSERT INTO users (id, name) VALUES (1, 'root')")

    assert isinstance(outcome, Done)
    assert bench.tables()["kept.audit"] == (1,)


def test_what_a_seed_deferred_and_cannot_be_is_its_fault(bench: Bench) -> None:
    bench.target.as_agent(
        "ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey"
        " DEFERRABLE INITIALLY DEFERRED"
    )

    told = reason(bench, "INSERT INTO orders (user_id) VALUES (99)")

    assert told.startswith(
        "seed '1.sql': its deferred work failed: insert or update on"
    )


def test_a_later_seed_defers_as_if_it_were_the_first(bench: Bench) -> None:
    bench.target.as_agent(
        "ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey"
        " DEFERRABLE INITIALLY DEFERRED"
    )

    outcome = seeded(
        bench,
        "INSERT INTO users (id) VALUES (1)",
        "INSERT INTO orders (user_id) VALUES (2); INSERT INTO users (id) VALUES (2)",
    )

    assert isinstance(outcome, Done)


def test_a_namesake_that_cannot_be_deferred_stops_no_seed(bench: Bench) -> None:
    bench.target.as_agent(
        "ALTER TABLE orders ALTER CONSTRAINT orders_user_id_fkey"
        " DEFERRABLE INITIALLY DEFERRED;"
        "CREATE TABLE other (id integer CONSTRAINT orders_user_id_fkey CHECK (id > 0))"
    )

    outcome = seeded(bench, "INSERT INTO users (id) VALUES (1)", "SELECT 1")

    assert isinstance(outcome, Done)


# Encodings.


@pytest.mark.parametrize(
    "encoding", ["LATIN1", "LATIN9", "EUC_JP", "SQL_ASCII", "UTF8"]
)
def test_a_seed_is_utf8_whatever_the_database_is(
    database: Database, encoding: str
) -> None:
    other = replace(database, name=f"{database.name}_x")
    database.execute(
        f'CREATE DATABASE "{other.name}" ENCODING {encoding} TEMPLATE template0'
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    letter = "ア" if encoding == "EUC_JP" else "é"
    try:
        bench = Bench(armed_target(other))
        with begun(bench) as connection:
            run_alone(
                connection,
                bench,
                Seed(
                    "letters.sql",
                    "-- … is in no LATIN\n"
                    f"INSERT INTO users (id, name) VALUES (7, '{letter}');\n"
                    "COPY users (id, name) FROM stdin;\n"
                    f"8\t{letter}\n\\.\n".encode(),
                ),
            )
        rows = other.execute("SELECT name::bytea FROM users WHERE id > 6")
        assert rows == [(letter.encode(_CODECS[encoding]),)] * 2
    finally:
        database.execute(f'DROP DATABASE "{other.name}" WITH (FORCE)')


def test_a_character_that_the_database_has_not_is_told_with_its_line(
    database: Database,
) -> None:
    other = replace(database, name=f"{database.name}_x")
    database.execute(
        f'CREATE DATABASE "{other.name}" ENCODING LATIN1 TEMPLATE template0'
        " LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        bench = Bench(armed_target(other))
        with begun(bench) as connection, pytest.raises(SeedError) as error:
            run_alone(
                connection,
                bench,
                Seed("euro.sql", "SELECT 1;\n-- €\nSELECT 2,\n'€'".encode()),
            )
        with begun(bench) as connection, pytest.raises(SeedError) as copied:
            run_alone(
                connection,
                bench,
                Seed("euro.sql", "COPY users (id) FROM stdin;\n8\n€\n\\.\n".encode()),
            )
    finally:
        database.execute(f'DROP DATABASE "{other.name}" WITH (FORCE)')
    assert str(error.value).startswith("seed 'euro.sql', line 4: character with byte")
    assert str(copied.value).startswith("seed 'euro.sql', line 3: character with byte")


_CODECS = {
    "LATIN1": "latin-1",
    "LATIN9": "iso8859-15",
    "EUC_JP": "euc-jp",
    "SQL_ASCII": "utf-8",
    "UTF8": "utf-8",
}
