"""Whatever decides what a run does changes the plan's hash, and nothing else does.

Each field of each fact is changed in turn, so that a new one has to be in the hash or
in the list here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import (
    Catalog,
    ForeignKey,
    Measured,
    Publication,
    Setting,
    ViewBase,
)
from agent.domain.resets.functions import EventTrigger, Function, Trigger
from agent.domain.resets.job import Allowed, JobKind, Limits, ResetJob
from agent.domain.resets.plan import plan
from agent.domain.resets.seeds import Seed
from agent.domain.sequences import Link
from agent.domain.table_facts import Inheritance, SubscribedTable, UntrustedCode
from tests.resets.catalogs import (
    CATALOG,
    JOB,
    feed,
    relation,
    sequence,
)
from tests.resets.rich_catalog import ALLOWED, RICH, SEEDED, SEEDS, VIEW

# What comes and goes by itself, what is spelled from other fields, and what decides
# whether a job may run: gates look at that each time.
NOT_HASHED = {
    "Catalog": {"settings", "marker_writers"},
    "Server": {
        "in_recovery",
        "version",
        "quoted_database",
        "database_bytes",
        "comment",
        "role",
        "now",
        "lock_slots",
        "bars_views",
    },
    "Setting": {"statement", "value"},
    "Marker": {"armed_until", "armed_by", "armed_at"},
    "Relation": {
        "quoted",
        "quoted_schema",
        "rows_estimated",
        "bytes_estimated",
        "truncatable",
        "readable",
        "locks",
        "trusted",
    },
    "TargetSequence": {"owner", "owner_is_superuser", "ours", "reachable"},
    "SequenceDefinition": {"filenode", "quoted", "quoted_schema", "columns"},
    # Of the seeds, they themselves are in the hash.
    "ResetJob": {"limits", "suspended", "pinned_plan", "seed_names"},
}


def hash_of(
    catalog: Catalog = RICH, job: ResetJob = SEEDED, seeds: tuple[Seed, ...] = SEEDS
) -> str:
    seen = replace(catalog, relations=(*catalog.relations, VIEW))
    return plan(job, seen, Measured(), seeds=seeds).hash


def changes(value: Any, owner: str = "") -> Iterator[tuple[str, Any]]:
    """Each field within a value, with the value in which it alone is another one."""
    match value:
        case _ if is_dataclass(value) and not isinstance(value, type):
            name = type(value).__name__
            for field in fields(value):
                inner = getattr(value, field.name)
                for place, changed in changes(inner, f"{name}.{field.name}"):
                    yield place, replace(value, **{field.name: changed})
        case tuple() if value and is_dataclass(value[0]):
            for i, item in enumerate(value):
                for place, changed in changes(item, owner):
                    yield place, (*value[:i], changed, *value[i + 1 :])
        case _:
            yield owner, other(value)


def other(value: object) -> object:
    match value:
        case Enum():
            return next(member for member in type(value) if member is not value)
        case bool():
            return not value
        case int():
            return value + 1000
        case str() | None:
            return f"{value}x"
        case datetime():
            return value + timedelta(days=1)
        case tuple() | list():
            return (*value[:-1], other(value[-1])) if value else ("something",)
        case _:
            raise TypeError(type(value))


def cases(value: object) -> list[Any]:
    return [
        pytest.param(place, changed, id=f"{place}-{i}")
        for i, (place, changed) in enumerate(changes(value))
    ]


def is_hashed(place: str) -> bool:
    owner, _, name = place.partition(".")
    return name not in NOT_HASHED.get(owner, set())


def test_every_kind_of_fact_is_among_those_that_are_changed() -> None:
    assert all(getattr(RICH, field.name) for field in fields(Catalog))


@pytest.mark.parametrize(("place", "changed"), cases(RICH))
def test_a_fact_changes_the_hash_if_it_decides_what_a_run_does(
    place: str, changed: Catalog
) -> None:
    assert (hash_of(changed) != hash_of()) is is_hashed(place)


@pytest.mark.parametrize("kind", JobKind)
@pytest.mark.parametrize(("place", "changed"), cases(sequence(11)))
def test_what_decides_where_a_sequence_will_stand_is_in_the_hash(
    place: str, changed: Any, kind: JobKind
) -> None:
    job = replace(JOB, kind=kind)
    before = replace(CATALOG, sequences=(sequence(11),), feeds=(feed(11, 1),))
    after = replace(before, sequences=(changed,))

    differs = hash_of(before, job, ()) != hash_of(after, job, ())

    assert differs is is_hashed(place)


@pytest.mark.parametrize(
    "seeds",
    [
        (),
        SEEDS[:1],
        SEEDS[::-1],
        (replace(SEEDS[0], name="seeds/c.sql"), SEEDS[1]),
        (replace(SEEDS[0], content=b"SELECT 3"), SEEDS[1]),
        (replace(SEEDS[0], content=b""), SEEDS[1]),
    ],
)
def test_seeds_are_in_the_hash_with_their_bytes_and_order(
    seeds: tuple[Seed, ...],
) -> None:
    assert hash_of(seeds=seeds) != hash_of()


def test_the_folder_that_holds_the_seeds_is_not_in_the_hash() -> None:
    elsewhere = tuple(replace(each, name=f"/etc/{each.name}") for each in SEEDS)

    assert hash_of(seeds=elsewhere) == hash_of()


JOBS = {
    "name": "weekly-reset",
    "kind": JobKind.RESYNC,
    "server": "qa",
    "database": "other",
    "environment": "qa",
    "tables": NameFilter(include=("public.t1",)),
    "sequences": ("public.s13",),
    "limits": Limits(rows=1, bytes=1),
    "allowed": Allowed(),
    "suspended": True,
    "pinned_plan": "sha256:0",
    "seed_names": ("c.sql",),
}


# Tables 8 and 9, and what belongs to them, are in no plan.
STRANGE = {
    "relations": relation(8, schema="other"),
    "inheritance": Inheritance(parent_oid=8, child_oid=9),
    "foreign_keys": ForeignKey(
        oid=91, name="fk", table_oid=1, referenced_oid=8, parent_oid=0
    ),
    "sequences": replace(
        sequence(18), definition=replace(sequence(18).definition, schema="other")
    ),
    "feeds": feed(18, 8),
    "view_bases": ViewBase(view_oid=8, table_oid=9),
    "triggers": Trigger(table_oid=8, name="trg", function_oid=78, mode="O"),
    "functions": Function(oid=78, signature="other.f()", owner="bob", definition="dd"),
    "untrusted": UntrustedCode(
        table_oid=8, place="index i", code="other.f() of bob", function_oid=78
    ),
    "publications": Publication(name="other", truncates=True, table_oids=(8,)),
    "subscribed": SubscribedTable(table_oid=8, subscription="other"),
    "subscriptions": "other",
    "replication_slots": "other",
}


@pytest.mark.parametrize(("field", "strange"), STRANGE.items())
def test_what_concerns_no_table_of_the_plan_is_not_in_the_hash(
    field: str, strange: object
) -> None:
    more = replace(RICH, **{field: (*getattr(RICH, field), strange)})  # type: ignore[arg-type]
    listed = replace(SEEDED, tables=NameFilter(include=("public.*",)))

    assert hash_of(more, listed) == hash_of(job=listed)


# Beside what is strange to it: a sequence that feeds a planned table and is not
# restarted, children of tables and of views, and a publication of the tables above.
MORE: dict[str, tuple[object, ...]] = {
    "relations": (relation(4), relation(5), relation(16)),
    "inheritance": (
        Inheritance(parent_oid=6, child_oid=4),
        Inheritance(parent_oid=3, child_oid=7),
        Inheritance(parent_oid=7, child_oid=10),
        Inheritance(parent_oid=10, child_oid=21),
        Inheritance(parent_oid=16, child_oid=20),
    ),
    "feeds": (feed(18, 5, Link.DEFAULT), feed(12, 7, Link.DEFAULT)),
    "publications": (
        Publication(name="above", truncates=True, table_oids=(9, 16, 6, 5, 4)),
    ),
    "triggers": (Trigger(table_oid=2, name="trg", function_oid=72, mode="A"),),
}
WIDER: dict[str, Any] = {
    field: (*getattr(RICH, field), strange, *MORE.get(field, ()))
    for field, strange in STRANGE.items()
}
WIDE = replace(RICH, **WIDER)
PINNED = [
    (
        JobKind.RESET,
        SEEDS,
        "sha256:2ff0401646d1bbf51ea088122a1138a009e3faa4f908f9a802cd528400668e45",
    ),
    (
        JobKind.RESET,
        (),
        "sha256:a54a077dae03d0ebf30195ee111ed90dacadfc767631058aa4faa8e75589b296",
    ),
    (
        JobKind.RESYNC,
        (),
        "sha256:5d72eaa3551295f4d77d2a3c65ff39ca10d8451080b38a001a1acfd20d24f04b",
    ),
]


def turned(value: Any) -> Any:
    """The same rows, in the other order."""
    match value:
        case Setting() | EventTrigger():
            return value
        case tuple():
            return tuple(turned(each) for each in reversed(value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            inner = {f.name: turned(getattr(value, f.name)) for f in fields(value)}
            return replace(value, **inner)
        case _:
            return value


@pytest.mark.parametrize(("kind", "seeds", "pinned"), PINNED)
def test_a_plan_keeps_its_hash_from_one_version_of_the_agent_to_the_next(
    kind: JobKind, seeds: tuple[Seed, ...], pinned: str
) -> None:
    """Else no job that pins its plan runs any more: tell users of a new hash."""
    job = replace(SEEDED, kind=kind, tables=NameFilter(include=("public.*",)))

    assert hash_of(WIDE, job, seeds) == pinned
    assert hash_of(turned(WIDE), job, seeds) == pinned


def test_a_publication_that_passes_on_no_truncate_is_not_in_the_hash() -> None:
    silent = Publication(name="silent", truncates=False, table_oids=(1,))
    more = replace(RICH, publications=(*(RICH.publications or ()), silent))  # type: ignore[misc]

    assert hash_of(more) == hash_of()


@pytest.mark.parametrize("field", [field.name for field in fields(ResetJob)])
def test_what_a_job_is_to_do_is_in_the_hash(field: str) -> None:
    catalog = replace(RICH, sequences=(*RICH.sequences, sequence(13)))
    changed = replace(SEEDED, **{field: JOBS[field]})  # type: ignore[arg-type]

    differs = hash_of(catalog, changed) != hash_of(catalog)

    assert differs is is_hashed(f"ResetJob.{field}")


@pytest.mark.parametrize("field", [field.name for field in fields(Allowed)])
def test_what_a_job_allows_is_in_the_hash_as_far_as_it_is_used(field: str) -> None:
    less = replace(SEEDED, allowed=replace(ALLOWED, **{field: ()}))
    names = (*getattr(ALLOWED, field), "public.nothing.like.it", "public.t1.id")
    more = replace(SEEDED, allowed=replace(ALLOWED, **{field: names}))

    assert hash_of(job=less) != hash_of()
    assert hash_of(job=more) == hash_of()
