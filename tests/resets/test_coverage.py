"""What a job and its database do not say of each other: no server is needed."""

from __future__ import annotations

from dataclasses import replace

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import (
    Catalog,
    Measured,
    Publication,
    RelationKind,
    Unknown,
)
from agent.domain.resets.job import Allowed, ResetJob
from agent.domain.resets.plan import Plan, plan
from tests.resets.catalogs import CATALOG, JOB, definition, relation, sequence


def plan_of(catalog: Catalog, job: ResetJob) -> Plan:
    return plan(job, catalog, Measured())


def test_what_a_job_names_and_is_not_there_is_told() -> None:
    catalog = replace(
        CATALOG,
        relations=(
            *CATALOG.relations,
            replace(relation(3), name="v3", kind=RelationKind.VIEW),
            relation(4, schema="pg_catalog"),
        ),
        sequences=(
            *CATALOG.sequences,
            replace(
                sequence(13), definition=replace(definition(13), schema="pg_catalog")
            ),
        ),
        publications=(Publication(name="pub", truncates=True, table_oids=()),),
        subscriptions=Unknown("permission denied"),
    )
    job = replace(
        JOB,
        tables=NameFilter(
            include=("public.t*", "public.v*", "shop.*"), exclude=("*.t4", "*.t2")
        ),
        sequences=("public.s9", "public.s1*", "pg_catalog.*"),
        allowed=Allowed(
            triggers=("public.t1.trg",),
            publications=("pub", "other"),
            subscriptions=("sub",),
            replication_slots=("slot",),
            untrusted_code=("public.t1",),
            computed_defaults=("public.t1.id",),
        ),
    )

    assert plan_of(catalog, job).unmatched == (
        "tables.include: public.v*",
        "tables.include: shop.*",
        "tables.exclude: *.t4",
        "sequences: pg_catalog.*",
        "allow.triggers: public.t1.trg",
        "allow.untrusted_code: public.t1",
        "allow.computed_defaults: public.t1.id",
        "allow.publications: other",
        "allow.replication_slots: slot",
    )


def test_tables_that_nothing_speaks_of_are_told() -> None:
    catalog = replace(
        CATALOG,
        relations=(
            *map(relation, (1, 2, 3, 4)),
            relation(5, schema="shop"),
            replace(relation(6), kind=RelationKind.VIEW),
        ),
    )
    listed = NameFilter(include=("public.t1",), exclude=("public.t2", "shop.t9"))

    assert plan_of(catalog, replace(JOB, tables=listed)).uncovered == (
        "public.t3",
        "public.t4",
    )
