"""What a plan says that no gate refuses, and nobody may expect: no server is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.resets.facts import Catalog, Feed, Measured, RelationKind, ViewBase
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.plan import plan
from agent.domain.sequences import Link, Supply
from tests.resets.catalogs import CATALOG, JOB, feed, relation, sequence
from tests.resets.rich_catalog import SEEDS

RESYNC = replace(JOB, kind=JobKind.RESYNC)
COLUMN = replace(feed(13, 1, Link.DEFAULT), column="n")


def hints(
    *feeds: Feed, job: ResetJob = RESYNC, seeded: bool = False, **changed: object
) -> tuple[str, ...]:
    """Of a plan of both tables, whose sequences are 11, 12 and 13."""
    catalog: Catalog = replace(
        CATALOG,
        sequences=(*CATALOG.sequences, sequence(13)),
        feeds=(*CATALOG.feeds, *feeds),
        **changed,  # type: ignore[arg-type]
    )
    return plan(job, catalog, Measured(), seeds=SEEDS if seeded else ()).hints


@pytest.mark.parametrize("name", ["alembic_version", "Django_Migrations"])
def test_a_record_of_migrations_is_a_hint_where_it_is_emptied(name: str) -> None:
    relations = (relation(1), replace(relation(2), name=name))

    (found,) = hints(job=JOB, relations=relations)

    assert found.startswith(f"public.{name} looks like an application's record of its")
    assert hints(job=RESYNC, relations=relations) == ()


def test_a_column_of_text_is_not_held_against() -> None:
    text = replace(COLUMN, base_type="text")
    told = "public.s13 is not held ahead of public.t1.n: values of type text are not compared"

    assert hints(text) == (told,)
    assert hints(text, job=JOB, seeded=True) == (told,)
    assert hints(text, job=JOB) == ()
    assert hints(replace(text, supply=Supply.LEFTOVER)) == ()
    assert hints(replace(text, table_oid=9)) == ()
    assert hints(COLUMN) == ()


def test_a_column_of_another_table_that_a_moved_sequence_supplies_is_told() -> None:
    elsewhere = replace(feed(11, 9, Link.DEFAULT), base_type="text")
    unknown = replace(COLUMN, sequence_oid=99, base_type="text")

    assert hints(elsewhere) == (
        "public.s11 is not held ahead of oid 9.id: values of type text are not compared",
    )
    assert hints(unknown) == (
        "oid 99 is not held ahead of public.t1.n: values of type text are not compared",
    )


@pytest.mark.parametrize(
    ("supply", "told"),
    [
        (Supply.PLAIN, ()),
        (
            Supply.COMPUTED,
            ("public.s13 is not held ahead of public.t1.n: its default computes",),
        ),
    ],
)
def test_a_column_that_computes_is_told_where_the_job_accepts_it(
    supply: Supply, told: tuple[str, ...]
) -> None:
    column = replace(COLUMN, supply=supply)
    job = replace(RESYNC, allowed=Allowed(computed_defaults=("public.t1.n",)))

    assert hints(column, job=job) == told
    assert hints(column) == ()


@pytest.mark.parametrize(
    ("bases", "followed"),
    [((1,), True), ((1, 2), False), ((2,), False), ((9,), False), ((), False)],
)
def test_a_column_of_a_view_is_followed_where_its_rows_are(
    bases: tuple[int, ...], followed: bool
) -> None:
    view = replace(relation(3, schema="views"), kind=RelationKind.VIEW)
    told = "public.s11 is not held ahead of views.t3.id: it is a column of a view"

    found = hints(
        feed(11, 3, Link.DEFAULT),
        relations=(*CATALOG.relations, view),
        view_bases=tuple(ViewBase(view_oid=3, table_oid=oid) for oid in bases),
    )

    assert found == (() if followed else (told,))
