"""Columns that have lost their sequence, on real servers."""

from __future__ import annotations

import pytest

from agent.domain.findings import Finding, Kind, Severity
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.postgres_servers import Database
from tests.sampled import CLOCK, sample, server_at

USERS = "CREATE TABLE users (id serial PRIMARY KEY, name text);"
INSERT = "INSERT INTO users (name) VALUES ('x')"
ROWS = "INSERT INTO users (name) SELECT 'x' FROM generate_series(1, 5)"


class Watched:
    """A database that an agent looks at again and again."""

    def __init__(self, database: Database, make: str) -> None:
        database.execute(make)
        self.database = database
        self.sampler = Sampler(
            server_at(database.dsn),
            None,
            plan=SamplingPlan(),
            clock=CLOCK,
            tracker=Tracker("test", database.name),
        )
        self.missing()

    def missing(self) -> list[Finding]:
        status = self.sampler.sample()
        assert status.error is None
        return [
            finding
            for sequence in status.sequences
            for finding in sequence.findings
            if finding.kind is Kind.SEQUENCE_MISSING
        ]


@pytest.mark.parametrize(
    ("make", "lose"),
    [
        pytest.param(USERS, "DROP SEQUENCE users_id_seq CASCADE", id="serial"),
        pytest.param(
            "CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
            " name text);",
            "ALTER TABLE users ALTER COLUMN id DROP IDENTITY",
            id="identity",
        ),
        pytest.param(
            'CREATE SCHEMA "The ""Q"" %s"; CREATE SEQUENCE "The ""Q"" %s"."it\'s" INCREMENT 2;'
            " CREATE TABLE users (id bigint PRIMARY KEY DEFAULT"
            ' nextval(\'"The ""Q"" %s"."it\'\'s"\'), name text);',
            'DROP SEQUENCE "The ""Q"" %s"."it\'s" CASCADE',
            id="a default, and odd names",
        ),
    ],
)
def test_the_remedy_puts_back_what_was_lost(
    database: Database, make: str, lose: str
) -> None:
    watched = Watched(database, f"{make} {ROWS}")
    database.execute(lose)

    (finding,) = watched.missing()
    assert finding.severity is Severity.CRITICAL
    database.execute(finding.remedy)
    database.execute(INSERT)

    assert watched.missing() == []
    ((last,),) = database.execute("SELECT max(id) FROM users")
    assert last > 5


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE users",
        "DROP SEQUENCE users_id_seq CASCADE; ALTER TABLE users DROP COLUMN id",
        (
            "DROP SEQUENCE users_id_seq CASCADE;"
            " ALTER TABLE users ALTER COLUMN id SET DEFAULT 7"
        ),
        (
            "DROP SEQUENCE users_id_seq CASCADE; CREATE FUNCTION give() RETURNS trigger"
            " LANGUAGE plpgsql AS $$ BEGIN NEW.id := 7; RETURN NEW; END $$; CREATE"
            " TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION give()"
        ),
        (
            "DROP SEQUENCE users_id_seq CASCADE; ALTER TABLE users DROP CONSTRAINT"
            " users_pkey; ALTER TABLE users ALTER COLUMN id DROP NOT NULL"
        ),
        "ALTER SEQUENCE users_id_seq RENAME TO s; ALTER TABLE users RENAME TO people",
        "ALTER TABLE users RENAME COLUMN id TO user_id",
    ],
)
def test_what_was_changed_on_purpose_is_no_loss(
    database: Database, change: str
) -> None:
    watched = Watched(database, USERS)

    database.execute(change)

    assert watched.missing() == []


def test_an_owner_that_does_not_call_its_sequence_is_told_of(
    database: Database,
) -> None:
    database.execute(f"{USERS} ALTER TABLE users ALTER COLUMN id DROP DEFAULT")

    (status,) = sample(database.dsn).sequences
    (finding,) = status.findings
    _, _, statement = finding.remedy.partition("else ")
    database.execute(statement)
    database.execute(INSERT)

    assert (finding.kind, finding.severity) == (
        Kind.SEQUENCE_MISSING,
        Severity.INFO,
    )
    assert sample(database.dsn).sequences[0].findings == ()


def test_an_application_that_calls_the_sequence_itself_is_left_alone(
    database: Database,
) -> None:
    watched = Watched(
        database, f"{USERS} ALTER TABLE users ALTER COLUMN id DROP DEFAULT"
    )

    database.execute("INSERT INTO users (id) VALUES (nextval('users_id_seq'))")
    watched.missing()
    database.execute("INSERT INTO users (id) VALUES (nextval('users_id_seq'))")

    assert watched.missing() == []
