"""A sequence is never moved by a column that holds something else than its values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.plan import Plan
from agent.domain.resets.runs import Done, Refused
from agent.domain.resets.seeds import Seed
from agent.services.planning import plan_job
from tests.postgres_servers import Database
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for, open_target_at, refusals

ORDERS = """
CREATE TABLE bills (id integer PRIMARY KEY);
CREATE SEQUENCE bill_seq OWNED BY bills.id;
ALTER TABLE bills ALTER id SET DEFAULT nextval('bill_seq') * 1000 + 7;
INSERT INTO bills SELECT FROM generate_series(1, 20);
"""
NAMED = Allowed(computed_defaults=("public.bills.id",))
SEEDS = (Seed(name="bills.sql", content=b"INSERT INTO bills VALUES (5)"),)


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


def resync(target: Target, *tables: str) -> ResetJob:
    return replace(
        job_for(target.database.name),
        kind=JobKind.RESYNC,
        tables=NameFilter(include=tables or ("public.*",)),
    )


def reset(target: Target, **changes: Allowed) -> ResetJob:
    job = replace(
        job_for(target.database.name), tables=NameFilter(include=("*.bills",))
    )
    return replace(job, **changes)  # type: ignore[arg-type]


def seeded_plan(target: Target, job: ResetJob) -> Plan:
    with open_target_at(target.dsn, job.database) as session:
        return plan_job(job, session, seeds=SEEDS)


def standing(target: Target, sequence: str) -> object:
    return target.contents()[f"public.{sequence}"]


@pytest.mark.parametrize(
    "default",
    [
        "integer DEFAULT nextval('s') * 1000 + 7",
        "smallint DEFAULT nextval('s') % 16",
        "bigint DEFAULT hashed(nextval('s'))",
        "bigint DEFAULT snowflake('s')",
        "numeric DEFAULT nextval('s') / 2.0",
        "halved",
    ],
)
def test_a_resync_by_a_computed_default_is_refused(
    default: str, target: Target
) -> None:
    target.as_agent(
        "CREATE SEQUENCE s;"
        " CREATE FUNCTION hashed(bigint) RETURNS bigint LANGUAGE sql"
        " AS 'SELECT $1 # 12345';"
        " CREATE FUNCTION snowflake(regclass) RETURNS bigint LANGUAGE sql"
        " AS 'SELECT nextval($1) << 10';"
        " CREATE DOMAIN halved AS integer DEFAULT nextval('s') / 2;"
        f" CREATE TABLE computed (id {default});"
        " INSERT INTO computed SELECT FROM generate_series(1, 40)"
    )

    plan = target.plan(resync(target, "public.computed"))

    assert refusals(plan) == ("computed_default",)
    assert plan.sequences == ()


def test_a_resync_moves_nothing_by_a_computed_default_however_often(
    target: Target,
) -> None:
    target.as_agent(ORDERS)

    outcomes = [run(target, resync(target, "public.bills")) for _ in range(2)]

    assert all(isinstance(outcome, Refused) for outcome in outcomes)
    assert standing(target, "bill_seq") == (20, True)


def test_a_column_that_is_named_is_not_followed(target: Target) -> None:
    target.as_agent(ORDERS + "INSERT INTO users (id) VALUES (90)")

    outcome = run(target, replace(resync(target), allowed=NAMED))

    assert isinstance(outcome, Done)
    assert standing(target, "bill_seq") == (20, True)
    assert standing(target, "users_id_seq") == (90, True)
    assert outcome.plan.hints == (
        "public.bill_seq is not held ahead of public.bills.id: its default computes",
    )


def test_a_reset_without_seeds_restarts_such_a_sequence(target: Target) -> None:
    target.as_agent(ORDERS)

    outcome = run(target, reset(target))

    assert isinstance(outcome, Done)
    assert standing(target, "bill_seq") == (1, False)


def test_a_reset_with_seeds_would_have_to_follow_the_column(target: Target) -> None:
    target.as_agent(ORDERS)

    assert refusals(seeded_plan(target, reset(target))) == ("computed_default",)
    assert isinstance(run(target, reset(target), seeds=SEEDS), Refused)


def test_seeds_move_no_sequence_by_a_column_that_is_named(target: Target) -> None:
    target.as_agent(ORDERS)

    outcome = run(target, reset(target, allowed=NAMED), seeds=SEEDS)

    assert isinstance(outcome, Done)
    assert standing(target, "bill_seq") == (1, False)


def test_a_column_that_a_child_computes_otherwise_is_no_counter_either(
    target: Target,
) -> None:
    target.as_agent(
        "CREATE TABLE logs (id serial, k integer) PARTITION BY RANGE (k);"
        " CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (9);"
        " ALTER TABLE logs_1 ALTER id SET DEFAULT nextval('logs_id_seq') * 100;"
        " INSERT INTO logs_1 (k) VALUES (1), (2)"
    )
    named = Allowed(computed_defaults=("public.logs_1.id",))

    refused = target.plan(resync(target, "public.logs*"))
    allowed = target.plan(replace(resync(target, "public.logs*"), allowed=named))

    assert refusals(refused) == ("computed_default",)
    assert allowed.allowed
    assert allowed.sequences == ()


@pytest.mark.parametrize(
    "leftover",
    [
        (
            "ALTER TABLE kept ALTER id DROP DEFAULT;"
            " ALTER TABLE kept ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START 50)"
        ),
        (
            "CREATE SEQUENCE another START 50;"
            " ALTER TABLE kept ALTER id SET DEFAULT nextval('another')"
        ),
    ],
)
def test_a_sequence_whose_column_takes_values_from_elsewhere_is_left_alone(
    leftover: str, target: Target
) -> None:
    target.as_agent(
        f"CREATE TABLE kept (id serial PRIMARY KEY); {leftover};"
        " INSERT INTO kept SELECT FROM generate_series(1, 5)"
    )

    plan = target.plan(resync(target, "public.kept"))

    assert plan.allowed
    assert plan.sequences == ()


def test_a_column_without_a_default_is_filled_by_whoever_calls_nextval(
    target: Target,
) -> None:
    target.as_agent(
        "CREATE TABLE kept (id integer PRIMARY KEY);"
        " CREATE SEQUENCE kept_seq OWNED BY kept.id; INSERT INTO kept VALUES (30)"
    )

    moved = target.plan(resync(target, "public.kept")).sequences

    assert [(each.definition.name, each.after) for each in moved] == [("kept_seq", 30)]


@pytest.mark.parametrize(
    ("kind", "value", "after"),
    [("numeric(20)", "41", 41), ("numeric", "41.9", 41), ("numeric(9, 2)", "41.9", 41)],
)
def test_numeric_keys_are_followed(
    kind: str, value: str, after: int, target: Target
) -> None:
    target.as_agent(
        f"CREATE SEQUENCE s; CREATE TABLE n (id {kind} PRIMARY KEY DEFAULT nextval('s'));"
        f" INSERT INTO n VALUES ({value})"
    )

    moved = target.plan(resync(target, "public.n")).sequences

    assert [each.after for each in moved] == [after]


@pytest.mark.parametrize("value", ["'NaN'", "1e30", "9223372036854775808"])
def test_a_number_that_no_sequence_gives_is_told_and_not_followed(
    value: str, target: Target
) -> None:
    target.as_agent(
        "CREATE SEQUENCE s; CREATE TABLE n (id numeric DEFAULT nextval('s'));"
        f" INSERT INTO n VALUES ({value})"
    )

    plan = target.plan(resync(target, "public.n"))

    assert refusals(plan) == ("unreadable",)
    assert "which no sequence can be past" in plan.refusals[0].detail


def test_columns_of_other_types_are_told_as_not_looked_after(target: Target) -> None:
    target.as_agent(
        "CREATE SEQUENCE s; CREATE TABLE n (code text DEFAULT nextval('s')::text);"
        " INSERT INTO n DEFAULT VALUES"
    )

    plan = target.plan(resync(target, "public.n"))

    assert plan.allowed
    assert plan.hints == (
        (
            "public.s is not held ahead of public.n.code: values of type text are not"
            " compared"
        ),
    )


def test_a_resync_looks_for_rows_below_a_view_and_not_through_it(
    target: Target,
) -> None:
    target.as_agent(
        "CREATE VIEW v AS SELECT * FROM users;"
        " ALTER VIEW v ALTER id SET DEFAULT nextval('users_id_seq');"
        " INSERT INTO users (id) VALUES (66)"
    )

    plan = target.plan(resync(target, "public.users"))

    assert plan.allowed, refusals(plan)
    assert [each.after for each in plan.sequences] == [66]
    assert plan.hints == ()
