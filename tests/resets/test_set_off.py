"""What a run sets off is in its plan, with what it does: in text, in JSON, in the hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind
from agent.domain.resets.runs import Refused
from agent.domain.resets.seeds import Seed
from agent.services.planning import plan_job
from tests.cli.resettable import JOB, Desk
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database, role_name
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for, open_target_at, refusals

TRIGGER = (
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN RETURN NULL; END';"
    " CREATE TRIGGER trg BEFORE TRUNCATE ON users EXECUTE FUNCTION note()"
)
NAMED = Allowed(triggers=("public.users.trg",))
EVENT_TRIGGER = (
    "CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    " CREATE EVENT TRIGGER guard ON ddl_command_end {} EXECUTE FUNCTION guard()"
)
SEED = Seed(name="users.sql", content=b"INSERT INTO users (name) VALUES ('root')")


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


@pytest.fixture
def desk(target: Target, tmp_path: Path) -> Desk:
    return Desk(target=target, folder=tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        (
            "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RAISE NOTICE ''x''; RETURN NULL; END'"
        ),
        "ALTER FUNCTION note() SECURITY DEFINER",
        "ALTER FUNCTION note() SET search_path = public",
        "ALTER FUNCTION note() OWNER TO postgres",
        "ALTER TABLE users ENABLE ALWAYS TRIGGER trg",
        "ALTER TABLE users ENABLE REPLICA TRIGGER trg",
        (
            "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NULL; END'; DROP TRIGGER trg ON users;"
            " CREATE TRIGGER trg BEFORE TRUNCATE ON users EXECUTE FUNCTION other()"
        ),
    ],
)
def test_an_allowed_trigger_that_became_another_changes_the_hash(
    change: str, target: Target
) -> None:
    target.as_agent(TRIGGER)
    job = replace(job_for(target.database.name), allowed=NAMED)
    agreed = target.plan(job)
    target.as_admin(change)

    plan = target.plan(job, expected_hash=agreed.hash)

    assert agreed.allowed
    assert refusals(plan) == ("plan_changed",)


def test_who_may_call_a_function_does_not_change_the_hash(target: Target) -> None:
    target.as_agent(TRIGGER)
    job = replace(job_for(target.database.name), allowed=NAMED)
    agreed = target.plan(job)

    target.as_admin("REVOKE EXECUTE ON FUNCTION note() FROM PUBLIC")

    assert target.plan(job).hash == agreed.hash


def test_the_plan_shows_allowed_triggers_with_function_and_mode(desk: Desk) -> None:
    desk.target.as_agent(f"{TRIGGER}; ALTER TABLE users ENABLE ALWAYS TRIGGER trg")
    config = desk.config("    allow: {triggers: [public.users.trg]}")

    text = sequence_agent("plan", JOB, "--config", config)
    document = sequence_agent("plan", JOB, "--config", config, "--format", "json")

    assert "  public.users.trg runs public.note() (always)" in text.stdout.splitlines()
    assert json.loads(document.stdout)["triggers"] == [
        {"trigger": "public.users.trg", "function": "public.note()", "mode": "always"}
    ]


# Seeds.


def test_the_plan_shows_seeds_with_size_and_hash(desk: Desk) -> None:
    (desk.folder / "users.sql").write_bytes(SEED.content)
    config = desk.config("    seed: [users.sql]")

    text = sequence_agent("plan", JOB, "--config", config)
    document = sequence_agent("plan", JOB, "--config", config, "--format", "json")

    [entry] = json.loads(document.stdout)["seeds"]
    assert entry["file"].endswith("users.sql")
    assert entry["bytes"] == len(SEED.content)
    assert entry["sha256"] == hashlib.sha256(SEED.content).hexdigest()
    assert f"sha256 {entry['sha256']}" in text.stdout


def test_a_seed_that_was_changed_after_the_plan_refuses_the_run(desk: Desk) -> None:
    (desk.folder / "users.sql").write_text("INSERT INTO users (id) VALUES (1)")
    config = desk.config("    seed: [users.sql]")
    planned = sequence_agent("plan", JOB, "--config", config, "--format", "json")
    (desk.folder / "users.sql").write_text("TRUNCATE orders")
    before = desk.tables()

    ran = desk.reset(
        "--plan", json.loads(planned.stdout)["hash"], more="    seed: [users.sql]"
    )

    assert ran.returncode == 3
    assert "refused by plan_changed" in ran.stderr
    assert desk.tables() == before


def test_a_seed_that_cannot_be_read_fails_the_plan_with_one_sentence(
    desk: Desk,
) -> None:
    ran = sequence_agent("plan", JOB, "--config", desk.config("    seed: [nope.sql]"))

    assert (ran.returncode, ran.stdout) == (1, "")
    [sentence] = ran.stderr.splitlines()
    assert "nope.sql" in sentence


# Event triggers.


@pytest.mark.parametrize("tags", ["", "WHEN TAG IN ('ALTER SEQUENCE', 'DROP TABLE')"])
def test_the_plan_shows_event_triggers_that_alter_sequence_fires(
    tags: str, desk: Desk
) -> None:
    desk.target.as_agent("CREATE SEQUENCE invoice")
    desk.target.as_admin(EVENT_TRIGGER.format(tags))
    config = desk.config("    sequences: [public.invoice]")

    text = sequence_agent("plan", JOB, "--config", config)
    document = sequence_agent("plan", JOB, "--config", config, "--format", "json")

    assert "  guard on ddl_command_end runs public.guard() (enabled)" in text.stdout
    [entry] = json.loads(document.stdout)["event_triggers"]
    assert entry["tags"] == (["ALTER SEQUENCE", "DROP TABLE"] if tags else [])


def test_event_triggers_that_do_not_fire_are_not_shown(target: Target) -> None:
    target.as_agent("CREATE SEQUENCE invoice")
    target.as_admin(EVENT_TRIGGER.format("WHEN TAG IN ('CREATE TABLE')"))
    target.as_admin(
        "CREATE EVENT TRIGGER off ON ddl_command_start EXECUTE FUNCTION guard();"
        " ALTER EVENT TRIGGER off DISABLE;"
        " CREATE EVENT TRIGGER dropped ON sql_drop EXECUTE FUNCTION guard()"
    )
    job = replace(job_for(target.database.name), sequences=("public.invoice",))

    assert target.plan(job).event_triggers == ()


def test_truncate_alone_fires_no_event_trigger(target: Target) -> None:
    target.as_admin(EVENT_TRIGGER.format(""))
    job = job_for(target.database.name)

    with open_target_at(target.dsn, job.database) as session:
        seeded = plan_job(job, session, seeds=(SEED,))

    assert target.plan(job).event_triggers == ()
    assert target.plan(replace(job, kind=JobKind.RESYNC)).event_triggers != ()
    assert seeded.event_triggers != ()


def test_a_new_event_trigger_changes_the_hash(target: Target) -> None:
    target.as_agent("CREATE SEQUENCE invoice")
    job = replace(job_for(target.database.name), sequences=("public.invoice",))
    agreed = target.plan(job).hash
    target.as_admin(EVENT_TRIGGER.format(""))
    with_trigger = target.plan(job).hash
    target.as_admin(
        "CREATE OR REPLACE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql"
        " AS 'BEGIN RAISE NOTICE ''x''; END'"
    )

    assert len({agreed, with_trigger, target.plan(job).hash}) == 3


# Code that a job allows.


def test_allowed_code_that_became_another_changes_the_hash(target: Target) -> None:
    function = (
        "CREATE OR REPLACE FUNCTION public.one(i integer) RETURNS integer IMMUTABLE"
        " LANGUAGE plpgsql AS 'BEGIN RETURN {}; END';"
        " CREATE INDEX IF NOT EXISTS i ON public.loot (id) WHERE id > public.one(1)"
    )
    target.as_agent("CREATE TABLE public.loot (id integer)")
    target.as_admin(function.format("i"))
    owner = role_name(target.database.role("app_owner"))
    target.as_admin(f'ALTER FUNCTION public.one(integer) OWNER TO "{owner}"')
    job = replace(
        job_for(target.database.name),
        tables=NameFilter(include=("public.loot",)),
        allowed=Allowed(untrusted_code=("public.loot",)),
    )
    agreed = target.plan(job)

    target.as_admin(function.format("i + 1"))
    outcome = run(target, job)
    plan = target.plan(job, expected_hash=agreed.hash)

    assert agreed.allowed
    assert not isinstance(outcome, Refused)
    assert refusals(plan) == ("plan_changed",)
