"""A remedy that is SQL mends what it is told for when it is run."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import JobKind, ResetJob
from tests.postgres_servers import Database, role_name
from tests.resets.target import Target, armed_target, job_for, refusals

_STATEMENTS = re.compile(r"(?:GRANT|ALTER) [^;]*;")


@pytest.fixture
def target(database: Database) -> Target:
    return armed_target(database)


def mended(target: Target, job: ResetJob) -> tuple[str, ...]:
    """The refusals of a plan once its remedies were run, as far as they are SQL."""
    for verdict in target.plan(job).refusals:
        for statement in _STATEMENTS.findall(verdict.remedy):
            target.as_admin(statement)
    return refusals(target.plan(job))


def owned_elsewhere(target: Target, membership: str = "") -> ResetJob:
    """A job on tables and sequences of another role, in a schema of that role."""
    owner = role_name(target.database.role("app_owner"))
    target.as_admin(
        f'CREATE SCHEMA app AUTHORIZATION "{owner}"; SET ROLE "{owner}";'
        " CREATE TABLE app.items (id serial PRIMARY KEY);"
        " INSERT INTO app.items SELECT FROM generate_series(1, 3);"
        " CREATE SEQUENCE app.invoice; RESET ROLE;"
        + membership.replace("{owner}", f'"{owner}"')
    )
    return replace(
        job_for(target.database.name),
        tables=NameFilter(include=("app.items",)),
        sequences=("app.invoice",),
    )


@pytest.mark.parametrize("kind", JobKind)
def test_the_remedies_for_tables_of_another_role_work(
    kind: JobKind, target: Target
) -> None:
    job = replace(owned_elsewhere(target), kind=kind)
    before = refusals(target.plan(job))

    assert "not_owner_of_sequence" in before
    assert mended(target, job) == ()


def test_a_membership_that_is_not_inherited_is_mended(target: Target) -> None:
    if target.database.major < 16:
        pytest.skip("memberships inherit or not each by itself since PostgreSQL 16")
    job = owned_elsewhere(target, "GRANT {owner} TO {role} WITH INHERIT FALSE;")

    assert "not_owner_of_sequence" in refusals(target.plan(job))
    assert mended(target, job) == ()


def test_a_membership_that_lacks_only_the_schema_is_mended(target: Target) -> None:
    target.as_admin(
        "CREATE SCHEMA app; CREATE SEQUENCE app.invoice;"
        " GRANT CREATE ON SCHEMA app TO {role}; ALTER SEQUENCE app.invoice OWNER TO {role}"
    )
    job = replace(job_for(target.database.name), sequences=("app.invoice",))

    assert refusals(target.plan(job)) == ("not_owner_of_sequence",)
    assert mended(target, job) == ()


def test_what_a_superuser_owns_is_handed_over_and_no_membership_given(
    target: Target,
) -> None:
    target.as_admin("ALTER TABLE users OWNER TO postgres; CREATE SEQUENCE invoice")
    job = replace(job_for(target.database.name), sequences=("public.invoice",))

    assert "not_owner_of_sequence" in refusals(target.plan(job))
    assert mended(target, job) == ()


def test_rows_that_may_not_be_read_are_mended(target: Target) -> None:
    target.as_admin("CREATE TABLE bare (k integer); GRANT TRUNCATE ON bare TO {role}")
    job = job_for(target.database.name)

    assert refusals(target.plan(job)) == ("rows_limit",)
    assert mended(target, job) == ()


def test_a_stranger_s_column_that_may_not_be_kept_still_is_mended(
    target: Target,
) -> None:
    owner = role_name(target.database.role("app_owner"))
    target.as_admin(
        "CREATE SEQUENCE s; ALTER SEQUENCE s OWNER TO {role};"
        f' GRANT USAGE ON SEQUENCE s TO "{owner}"; CREATE SCHEMA app;'
        " CREATE TABLE app.items (id integer DEFAULT nextval('s'));"
        f' ALTER TABLE app.items OWNER TO "{owner}";'
        " GRANT USAGE ON SCHEMA app TO {role}; GRANT SELECT ON app.items TO {role}"
    )
    job = replace(
        job_for(target.database.name),
        kind=JobKind.RESYNC,
        tables=None,
        sequences=("public.s",),
    )

    assert refusals(target.plan(job)) == ("unreadable",)
    assert mended(target, job) == ()
