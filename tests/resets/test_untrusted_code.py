"""Code of a table's owner never runs as the agent, unless the job allows it by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import Measured
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.plan import plan, scope_of
from agent.domain.resets.runs import Done
from agent.domain.table_facts import Inheritance, UntrustedCode
from tests.postgres_servers import Database
from tests.resets.catalogs import CATALOG, JOB, SERVER, relation
from tests.resets.hostile import CONSTANT_CODE, HostileOwner
from tests.resets.running import run
from tests.resets.target import Target, armed_target, job_for, refusals
from tests.resets.wrong_catalogs import MEASURED

LOOT = NameFilter(include=("public.loot*",))


@pytest.fixture
def owner(database: Database) -> HostileOwner:
    return HostileOwner.of(armed_target(database))


def job_of(owner: HostileOwner, kind: JobKind) -> ResetJob:
    return replace(job_for(owner.database.name), kind=kind, tables=LOOT)


@pytest.mark.parametrize("kind", JobKind)
@pytest.mark.parametrize("trap", CONSTANT_CODE.values(), ids=CONSTANT_CODE)
def test_no_code_of_an_owner_runs_in_a_plan_or_a_run(
    trap: str, kind: JobKind, owner: HostileOwner
) -> None:
    if "STATISTICS" in trap and owner.database.major < 14:
        pytest.skip("statistics on expressions came with PostgreSQL 14")
    owner.run(trap)
    owner.target.as_admin("ALTER DATABASE {db} SET constraint_exclusion = on")
    job = job_of(owner, kind)

    owner.target.plan(job)
    run(owner.target, job)

    assert owner.ran_as_a_stranger == 0


PLANNED = [trap for name, trap in CONSTANT_CODE.items() if "check" not in name]


@pytest.mark.parametrize("trap", PLANNED)
def test_a_table_whose_owner_could_run_code_is_refused_by_name(
    trap: str, owner: HostileOwner
) -> None:
    if "STATISTICS" in trap and owner.database.major < 14:
        pytest.skip("statistics on expressions came with PostgreSQL 14")
    owner.run(trap)

    refused = owner.target.plan(job_of(owner, JobKind.RESYNC))

    assert refusals(refused) == ("untrusted_code",)
    [verdict] = refused.refusals
    assert "public.loot (" in verdict.detail
    assert " runs public." in verdict.detail
    assert f" of {owner.name}" in verdict.detail


def test_such_a_table_is_shown_as_not_counted(owner: HostileOwner) -> None:
    owner.run(CONSTANT_CODE["the predicate of an index"])

    refused = owner.target.plan(job_of(owner, JobKind.RESET))

    assert refusals(refused) == ("untrusted_code",)
    assert [each.rows for each in refused.tables] == [None]


@pytest.mark.parametrize("kind", JobKind)
def test_a_job_may_trust_the_owner_of_a_table_that_it_names(
    kind: JobKind, owner: HostileOwner
) -> None:
    owner.run(CONSTANT_CODE["the predicate of an index"])
    owner.target.as_agent("INSERT INTO public.loot (id) VALUES (70)")
    job = job_of(owner, kind)
    named = replace(job, allowed=Allowed(untrusted_code=("public.loot",)))
    elsewhere = replace(job, allowed=Allowed(untrusted_code=("public.other",)))

    refused = owner.target.plan(elsewhere)
    outcome = run(owner.target, named)

    assert refusals(refused) == ("untrusted_code",)
    assert refused.unmatched == ("allow.untrusted_code: public.other",)
    assert isinstance(outcome, Done)
    after = {JobKind.RESET: (1, False), JobKind.RESYNC: (70, True)}
    assert owner.target.contents()["public.loot_id_seq"] == after[kind]


@pytest.mark.parametrize("trusted", ["postgres", "{role}"])
def test_functions_of_superusers_and_of_our_own_role_are_trusted(
    trusted: str, owner: HostileOwner
) -> None:
    owner.run(CONSTANT_CODE["the predicate of an index"])
    owner.target.as_admin(f"ALTER FUNCTION public.evil(integer) OWNER TO {trusted}")

    assert owner.target.plan(job_of(owner, JobKind.RESET)).allowed


@pytest.mark.parametrize(
    "harmless",
    [
        "CREATE INDEX ON loot (lower(note))",
        "CREATE INDEX ON loot (id) WHERE note IS NOT NULL AND id % 2 = 0",
        "ALTER TABLE loot ADD CHECK (id > evil(0))",
        "ALTER TABLE loot ADD shown integer DEFAULT evil(1)",
        "CREATE VIEW shown AS SELECT evil(1)",
        (
            "CREATE DOMAIN small AS integer CHECK (VALUE >= evil(0));"
            " ALTER TABLE loot ADD small small"
        ),
    ],
)
def test_what_is_not_planned_is_not_refused(harmless: str, owner: HostileOwner) -> None:
    owner.run(harmless)
    owner.target.as_admin("ALTER DATABASE {db} SET constraint_exclusion = on")

    planned = owner.target.plan(job_of(owner, JobKind.RESYNC))

    assert planned.allowed, planned.refusals
    assert owner.ran_as_a_stranger == 0


def test_the_code_of_a_child_counts_where_its_parent_is_asked(
    owner: HostileOwner,
) -> None:
    owner.run(
        "CREATE TABLE other () INHERITS (loot);"
        " CREATE INDEX ON other (note) WHERE id > evil(1)"
    )
    alone = replace(
        job_of(owner, JobKind.RESYNC), tables=NameFilter(include=("public.loot",))
    )

    refused = owner.target.plan(alone)

    assert refusals(refused) == ("untrusted_code",)
    assert "public.other (index" in refused.refusals[0].detail
    assert owner.ran_as_a_stranger == 0


def test_a_domain_that_may_get_a_check_at_any_time_is_refused(
    owner: HostileOwner,
) -> None:
    owner.run("CREATE DOMAIN still AS integer; CREATE INDEX ON loot ((id::still))")

    refused = owner.target.plan(job_of(owner, JobKind.RESET))

    assert refusals(refused) == ("untrusted_code",)
    assert "checks of domain public.still of" in refused.refusals[0].detail


@pytest.mark.parametrize("kind", JobKind)
def test_nothing_is_asked_of_a_server_that_cannot_keep_views_out(kind: JobKind) -> None:
    old = replace(CATALOG, server=replace(SERVER, version="15.7", bars_views=False))
    names = tuple(relation.qualified for relation in old.relations)
    job = replace(JOB, kind=kind, allowed=Allowed(untrusted_code=names))

    refused = plan(job, old, Measured())

    assert refusals(refused) == ("untrusted_code",)
    assert refused.refusals[0].remedy == "update the server to its newest minor release"
    assert scope_of(job, old).trust.barred == {1, 2}


# Table 1 is the parent of 2, table 3 is in no plan; sequences follow 1 and 2.
CODE = {
    n: UntrustedCode(table_oid=n, place="index i", code="f() of bob", function_oid=7)
    for n in (1, 2, 3)
}
FAMILY = replace(
    CATALOG,
    relations=(*CATALOG.relations, relation(3, schema="other")),
    inheritance=(Inheritance(parent_oid=1, child_oid=2),),
)


@pytest.mark.parametrize(
    ("kind", "tables", "code", "accepted", "barred"),
    [
        (JobKind.RESET, (1, 2), (), (), set()),
        (JobKind.RESET, (1, 2), (2,), (), {2}),
        (JobKind.RESET, (1, 2), (1, 2), (1,), {2}),
        (JobKind.RESET, (1, 2), (1, 2), (1, 2), set()),
        (JobKind.RESET, (1, 2), (3,), (), set()),
        (JobKind.RESYNC, (1, 2), (2,), (), {1, 2}),
        (JobKind.RESYNC, (1,), (2,), (), {1}),
        (JobKind.RESYNC, (2,), (1,), (), set()),
        (JobKind.RESYNC, (1,), (1, 2), (1,), {1}),
        (JobKind.RESYNC, (1,), (1, 2), (1, 2), set()),
        (JobKind.RESYNC, (1,), (3,), (), set()),
    ],
)
def test_tables_with_code_of_strangers_are_asked_nothing_unless_the_job_names_them(
    kind: JobKind,
    tables: tuple[int, ...],
    code: tuple[int, ...],
    accepted: tuple[int, ...],
    barred: set[int],
) -> None:
    names = tuple(f"public.t{n}" for n in accepted)
    listed = NameFilter(include=tuple(f"public.t{n}" for n in tables))
    job = replace(JOB, kind=kind, tables=listed, allowed=Allowed(untrusted_code=names))
    coded = replace(FAMILY, untrusted=tuple(CODE[n] for n in code))
    doubted = replace(
        FAMILY,
        relations=tuple(
            replace(each, trusted=each.oid not in code) for each in FAMILY.relations
        ),
    )

    assert scope_of(job, coded).trust.barred == barred
    assert scope_of(job, coded).trust.doubted == set()
    assert scope_of(job, doubted).trust.doubted == barred
    assert scope_of(job, doubted).trust.barred == set()
    assert scope_of(job, coded).trust.accepted == set(accepted)
    refused = {each.gate for each in plan(job, coded, MEASURED).refusals}
    assert ("untrusted_code" in refused) is bool(barred)
    told = {v.gate: v.detail for v in plan(job, coded, MEASURED).gates}
    words = told["untrusted_code"]
    assert barred or words.startswith("allowed: ") is bool(accepted)


def test_this_server_keeps_views_out(database: Database) -> None:
    target: Target = armed_target(database)

    assert target.plan(job_for(database.name)).catalog.server.bars_views
