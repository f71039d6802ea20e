"""What a reset leaves as it is, or takes along, is told; nobody has to guess it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.document import document
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.restarts import NotRestarted
from agent.domain.resets.runs import Done
from tests.cli.resettable import JOB, Desk
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for, refusals

PAGILA = """
CREATE SEQUENCE film_film_id_seq;
CREATE TABLE film (film_id integer PRIMARY KEY DEFAULT nextval('film_film_id_seq'));
CREATE SEQUENCE actor_actor_id_seq;
CREATE TABLE actor (actor_id integer DEFAULT nextval('actor_actor_id_seq'));
INSERT INTO film SELECT FROM generate_series(1, 4);
"""
VIEW = (
    "CREATE VIEW v AS SELECT * FROM users;"
    " ALTER VIEW v ALTER id SET DEFAULT nextval('users_id_seq')"
)


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


def job_of(target: Target, *tables: str, sequences: tuple[str, ...] = ()) -> ResetJob:
    return replace(
        job_for(target.database.name),
        tables=NameFilter(include=tables or ("public.*",)),
        sequences=sequences,
    )


# Sequences that are not restarted.


def test_sequences_that_feed_by_default_only_are_told_as_not_restarted(
    target: Target,
) -> None:
    target.as_agent(PAGILA)

    outcome = run(target, job_of(target))

    assert isinstance(outcome, Done)
    assert outcome.plan.not_restarted == (
        NotRestarted(
            sequence="public.actor_actor_id_seq", feeds=("public.actor.actor_id",)
        ),
        NotRestarted(
            sequence="public.film_film_id_seq", feeds=("public.film.film_id",)
        ),
    )
    assert target.contents()["public.film_film_id_seq"] == (4, True)


def test_a_column_of_partitions_is_told_once(target: Target) -> None:
    target.as_agent(
        "CREATE SEQUENCE s; CREATE TABLE logs (id integer DEFAULT nextval('s'),"
        " k integer) PARTITION BY RANGE (k);"
        " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        " CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (9) TO (19)"
    )

    plan = target.plan(job_of(target))

    assert plan.not_restarted == (
        NotRestarted(sequence="public.s", feeds=("public.logs.id",)),
    )


def test_what_is_restarted_is_not_told_as_left(target: Target) -> None:
    target.as_agent(PAGILA)

    plan = target.plan(job_of(target, sequences=("public.*_id_seq",)))

    assert plan.allowed, refusals(plan)
    assert plan.not_restarted == ()
    assert {each.definition.name: each.owned for each in plan.sequences} == {
        "actor_actor_id_seq": False,
        "film_film_id_seq": False,
        "orders_id_seq": True,
        "users_id_seq": True,
    }


def test_a_resync_restarts_nothing_and_leaves_nothing(target: Target) -> None:
    target.as_agent(PAGILA)

    plan = target.plan(replace(job_of(target), kind=JobKind.RESYNC))

    assert plan.not_restarted == ()


def test_plan_and_reset_tell_it_in_text_and_json(
    target: Target, tmp_path: Path
) -> None:
    target.as_agent(PAGILA)
    desk = Desk(target=target, folder=tmp_path)
    config = desk.config()
    entry = {
        "sequence": "public.film_film_id_seq",
        "feeds": ["public.film.film_id"],
    }
    line = "  public.film_film_id_seq, which feeds public.film.film_id"

    planned = sequence_agent("plan", JOB, "--config", config)
    planned_json = sequence_agent("plan", JOB, "--config", config, "--format", "json")
    done = sequence_agent("reset", JOB, "--config", config, "--yes")
    done_json = sequence_agent(
        "reset", JOB, "--config", config, "--yes", "--format", "json"
    )

    assert line in planned.stdout.splitlines()
    assert line in done.stdout.splitlines()
    assert entry in json.loads(planned_json.stdout)["not_restarted"]
    assert entry in json.loads(done_json.stdout)["not_restarted"]


# Patterns of sequences.


def test_a_pattern_restarts_all_sequences_that_it_matches(target: Target) -> None:
    target.as_agent(
        "CREATE SEQUENCE invoice_a START 5; CREATE SEQUENCE invoice_b;"
        " CREATE SEQUENCE other; SELECT nextval('invoice_a'), nextval('other')"
    )

    outcome = run(target, job_of(target, sequences=("public.invoice_?",)))

    assert isinstance(outcome, Done)
    assert target.contents()["public.invoice_a"] == (5, False)
    assert target.contents()["public.other"] == (1, True)


def test_a_pattern_of_sequences_without_a_match_is_told(target: Target) -> None:
    plan = target.plan(job_of(target, sequences=("r_sequence.*",)))

    assert plan.allowed
    assert plan.unmatched == ("sequences: r_sequence.*",)


def test_no_pattern_of_sequences_reaches_the_ledger_or_the_system(
    target: Target,
) -> None:
    target.as_admin("CREATE SEQUENCE sequence_agent.s")

    plan = target.plan(job_of(target, sequences=("*",)))

    assert plan.allowed, refusals(plan)
    assert {each.definition.schema for each in plan.sequences} == {"public"}


def test_a_resync_takes_patterns_of_sequences_too(target: Target) -> None:
    target.as_agent("INSERT INTO users (id) VALUES (31)")
    job = replace(
        job_for(target.database.name),
        kind=JobKind.RESYNC,
        tables=None,
        sequences=("public.users_*",),
    )

    plan = target.plan(job)

    assert [each.after for each in plan.sequences] == [31]


# Hints.


@pytest.mark.parametrize(
    "table",
    [
        "schema_migrations",
        "alembic_version",
        '"SequelizeMeta"',
        '"__EFMigrationsHistory"',
    ],
)
def test_a_record_of_migrations_is_a_hint_whatever_its_schema(
    table: str, target: Target
) -> None:
    target.as_admin("CREATE SCHEMA app; GRANT USAGE, CREATE ON SCHEMA app TO {role}")
    target.as_agent(f"CREATE TABLE app.{table} (version text)")
    name = table.strip('"')

    plan = target.plan(job_of(target, "public.*", "app.*"))
    told = document(plan)["hints"]

    assert plan.allowed
    assert told == [
        (
            f"app.{name} looks like an application's record of its migrations: without its"
            " rows they may all be run again; exclude it unless that is meant"
        )
    ]


def test_there_is_no_hint_about_what_stays(target: Target) -> None:
    target.as_agent("CREATE TABLE schema_migrations (version text)")

    plan = target.plan(job_of(target, "public.users", "public.orders"))

    assert plan.hints == ()


# Defaults of views.


def test_a_view_of_tables_that_are_emptied_keeps_no_rows(target: Target) -> None:
    target.as_agent(
        f"{VIEW}; CREATE VIEW w AS SELECT * FROM v;"
        " ALTER VIEW w ALTER id SET DEFAULT nextval('users_id_seq')"
    )

    plan = target.plan(job_of(target))

    assert plan.allowed, refusals(plan)


def test_a_view_of_a_table_that_stays_keeps_its_rows(target: Target) -> None:
    target.as_agent(
        "CREATE TABLE kept (id integer); CREATE VIEW v AS SELECT * FROM kept;"
        " ALTER VIEW v ALTER id SET DEFAULT nextval('users_id_seq')"
    )

    plan = target.plan(job_of(target, "public.users", "public.orders"))

    assert refusals(plan) == ("shared_sequence",)
    assert "public.v.id" in plan.refusals[0].detail
    assert "public.kept" in plan.refusals[0].remedy


def test_where_a_trigger_puts_the_rows_of_a_view_nobody_knows(target: Target) -> None:
    target.as_agent(
        f"{VIEW}; CREATE FUNCTION elsewhere() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END';"
        " CREATE TRIGGER t INSTEAD OF INSERT ON v FOR EACH ROW"
        " EXECUTE FUNCTION elsewhere()"
    )
    job = job_of(target)

    refused = target.plan(job)
    remedy = refused.refusals[0].remedy.rpartition(": ")[2]
    target.as_agent(remedy)

    assert refusals(refused) == ("shared_sequence",)
    assert target.plan(job).allowed


def test_a_rule_that_puts_the_rows_of_a_view_elsewhere_is_seen(target: Target) -> None:
    target.as_agent(
        f"{VIEW}; CREATE TABLE kept (id integer);"
        " CREATE RULE r AS ON INSERT TO v DO INSTEAD"
        " INSERT INTO kept VALUES (NEW.id)"
    )

    plan = target.plan(job_of(target, "public.users", "public.orders"))

    assert refusals(plan) == ("shared_sequence",)
