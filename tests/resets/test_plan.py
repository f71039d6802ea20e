"""What a plan is, whatever the database: no server is needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.resets.document import document
from agent.domain.resets.facts import (
    Catalog,
    ForeignKey,
    Measured,
    Publication,
    Size,
    Unknown,
)
from agent.domain.resets.functions import Trigger
from agent.domain.resets.gates import GATES
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.plan import Plan, plan
from agent.domain.resets.resync import past
from agent.domain.sequences import At, Link, Unused
from agent.domain.table_facts import Inheritance, SubscribedTable
from tests.resets.catalogs import (
    CATALOG,
    JOB,
    MARKER,
    NOW,
    SERVER,
    definition,
    feed,
    relation,
    sequence,
)
from tests.resets.graphs import edges, keys

MEASURED = Measured(
    sizes={
        1: Size(rows=12, bytes=8192, exact=True),
        2: Size(rows=30, bytes=16384, exact=False),
    },
    positions={11: At(12), 12: Unused(100)},
)
KEY = ForeignKey(oid=90, name="fk", table_oid=2, referenced_oid=1, parent_oid=0)


def plan_of(catalog: Catalog = CATALOG, job: ResetJob = JOB) -> Plan:
    return plan(job, catalog, MEASURED)


def failed(made: Plan) -> tuple[str, ...]:
    return tuple(verdict.gate for verdict in made.refusals)


def test_the_plan_of_a_right_target_is_allowed() -> None:
    made = plan_of()

    assert made.allowed
    assert [t.table.qualified for t in made.tables] == ["public.t1", "public.t2"]
    assert [(s.value_before, s.after) for s in made.sequences] == [(12, 1), (100, 100)]


def test_the_document_is_as_it_was_agreed() -> None:
    told = document(plan_of())

    assert {**told, "gates": told["gates"][3:4]} == {
        "job": "nightly-reset",
        "allowed": True,
        "hash": plan_of().hash,
        "gates": [
            {
                "gate": "marker_expired",
                "passed": True,
                "detail": "armed until 2026-03-31 00:00:00 UTC",
            }
        ],
        "tables": [
            {"table": "public.t1", "rows": 12, "bytes": 8192, "why": "listed"},
            {
                "table": "public.t2",
                "rows": 30,
                "bytes": 16384,
                "why": "listed",
                "rows_estimated": True,
            },
        ],
        "sequences": [
            {"sequence": "public.s11", "before": 12, "after": 1},
            {"sequence": "public.s12", "before": 100, "after": 100},
        ],
        "pinned": None,
        "seeds": [],
        "triggers": [],
        "event_triggers": [],
        "not_restarted": [],
        "locks": {"needed": 110, "available": 6400},
        "hints": [],
    }


@pytest.mark.parametrize("kind", JobKind)
def test_every_gate_is_shown_in_its_place_whatever_it_says(kind: JobKind) -> None:
    job = replace(JOB, kind=kind)
    unarmed = replace(CATALOG, marker=Unknown("no schema"))

    shown = [
        [verdict.gate for verdict in plan_of(catalog, job).gates]
        for catalog in (CATALOG, unarmed)
    ]

    assert shown == [[gate.name for gate in GATES if kind in gate.kinds]] * 2


def test_names_of_gates_are_unique() -> None:
    assert len({gate.name for gate in GATES}) == len(GATES)


def test_a_refused_gate_tells_its_remedy_in_the_document() -> None:
    told = document(plan_of(job=replace(JOB, suspended=True)))["gates"][0]

    assert told == {
        "gate": "suspended",
        "passed": False,
        "detail": ("the job is suspended; set suspended: false in its configuration"),
    }


def test_a_plan_says_whether_it_is_the_pinned_one() -> None:
    agreed = plan_of().hash

    pins = (None, agreed, "sha256:0")
    told = [plan_of(job=replace(JOB, pinned_plan=pin)) for pin in pins]

    assert [each.pinned for each in told] == [None, True, False]
    assert [document(each)["pinned"] for each in told] == [
        None,
        {"plan": agreed, "matches": True},
        {"plan": "sha256:0", "matches": False},
    ]


def test_a_marker_ends_at_its_very_instant() -> None:
    ending = replace(CATALOG, marker=replace(MARKER, armed_until=NOW))

    assert failed(plan_of(ending)) == ("marker_expired",)


def test_a_table_that_nobody_counted_refuses() -> None:
    made = plan(JOB, CATALOG, Measured(positions=MEASURED.positions))

    assert failed(made) == ("rows_limit",)


def test_a_plan_that_is_not_the_agreed_one_is_refused() -> None:
    agreed = plan_of().hash

    same = plan(JOB, CATALOG, MEASURED, expected_hash=agreed)
    other = plan(JOB, CATALOG, MEASURED, expected_hash="sha256:0")

    assert same.allowed
    assert failed(other) == ("plan_changed",)


# The hash.

UNIMPORTANT = {
    "later": replace(CATALOG, server=replace(SERVER, now=NOW + timedelta(hours=1))),
    "grown": replace(CATALOG, server=replace(SERVER, database_bytes=1)),
    "armed anew": replace(
        CATALOG, marker=replace(MARKER, armed_until=NOW + timedelta(days=9))
    ),
    "analyzed": replace(
        CATALOG,
        relations=tuple(replace(r, rows_estimated=9) for r in CATALOG.relations),
    ),
    "restarted": replace(
        CATALOG,
        sequences=tuple(
            replace(s, definition=replace(s.definition, filenode=999))
            for s in CATALOG.sequences
        ),
    ),
    "told in another order": replace(
        CATALOG,
        relations=CATALOG.relations[::-1],
        sequences=CATALOG.sequences[::-1],
        feeds=CATALOG.feeds[::-1],
    ),
    "a table elsewhere": replace(
        CATALOG, relations=(*CATALOG.relations, relation(3, schema="other"))
    ),
    "a trigger elsewhere": replace(
        CATALOG,
        triggers=(Trigger(table_oid=3, name="x", function_oid=1, mode="O"),),
    ),
}

DRIFT = {
    "a new table": replace(CATALOG, relations=(*CATALOG.relations, relation(3))),
    "a table made anew": replace(CATALOG, relations=(relation(1), relation(3))),
    "a renamed table": replace(
        CATALOG, relations=(relation(1), replace(relation(2), name="t2b"))
    ),
    "a table inherits": replace(
        CATALOG, inheritance=(Inheritance(parent_oid=1, child_oid=2),)
    ),
    "a reference": replace(CATALOG, foreign_keys=(KEY,)),
    "a trigger": replace(
        CATALOG,
        triggers=(Trigger(table_oid=1, name="x", function_oid=1, mode="O"),),
    ),
    "a publication": replace(
        CATALOG,
        publications=(Publication(name="p", truncates=True, table_oids=[1]),),
    ),
    "a subscription": replace(
        CATALOG, subscribed=(SubscribedTable(table_oid=1, subscription="s"),)
    ),
    "another start": replace(
        CATALOG, sequences=(sequence(11, start=5), CATALOG.sequences[1])
    ),
    "a sequence more": replace(
        CATALOG,
        sequences=(*CATALOG.sequences, sequence(13)),
        feeds=(*CATALOG.feeds, feed(13, 1)),
    ),
    "a sequence that another table uses": replace(
        CATALOG, feeds=(*CATALOG.feeds, feed(11, 3, Link.DEFAULT))
    ),
    "another environment": replace(CATALOG, marker=replace(MARKER, environment="qa")),
    "protection": replace(CATALOG, marker=replace(MARKER, protected=True)),
    "no marker": replace(CATALOG, marker=Unknown("no row")),
    "another database": replace(CATALOG, server=replace(SERVER, database_oid=16401)),
    "another server": replace(CATALOG, system_identifier=8),
}


@pytest.mark.parametrize("catalog", UNIMPORTANT.values(), ids=UNIMPORTANT)
def test_the_hash_stays_when_nothing_changed_that_matters(catalog: Catalog) -> None:
    assert plan_of(catalog).hash == plan_of().hash


@pytest.mark.parametrize("catalog", DRIFT.values(), ids=DRIFT)
def test_the_hash_changes_with_what_a_job_would_do(catalog: Catalog) -> None:
    assert plan_of(catalog).hash != plan_of().hash


def test_the_hashes_of_all_changes_differ() -> None:
    assert len({plan_of(catalog).hash for catalog in DRIFT.values()}) == len(DRIFT)


@given(edges=edges, foreign_keys=keys, order=st.randoms(use_true_random=False))
def test_the_hash_does_not_hang_on_the_order_of_rows(
    edges: list[Inheritance], foreign_keys: list[ForeignKey], order: Random
) -> None:
    told = replace(
        CATALOG,
        relations=tuple(relation(oid) for oid in range(1, 13)),
        inheritance=tuple(edges),
        foreign_keys=tuple(foreign_keys),
    )
    shuffled = replace(
        told,
        relations=tuple(order.sample(told.relations, len(told.relations))),
        inheritance=tuple(order.sample(edges, len(edges))),
        foreign_keys=tuple(order.sample(foreign_keys, len(foreign_keys))),
    )

    assert plan_of(told).hash == plan_of(shuffled).hash


# Resyncs.


@given(
    start=st.integers(-1000, 1000),
    increment=st.integers(-50, 50).filter(bool),
    value=st.integers(-5000, 5000),
    called=st.booleans(),
)
def test_a_sequence_moves_past_the_value_by_whole_steps_and_never_back(
    start: int, increment: int, value: int, *, called: bool
) -> None:
    sequence = definition(1, increment=increment)
    position = At(start) if called else Unused(start)
    sign = 1 if increment > 0 else -1

    after = past(sequence, position, value)

    following = start + increment if called else start
    if after is None:
        assert sign * following > sign * value
    else:
        assert (after - following) % increment == 0
        assert sign * after >= sign * value
        assert sign * (after - increment) < sign * value
        assert sign * after >= sign * following


@pytest.mark.parametrize(
    ("position", "value", "after"),
    [
        (At(10), 9, None),
        (At(10), 10, None),
        (At(10), 11, 11),
        (At(10), 99, 99),
        (Unused(1), 1, 1),
        (Unused(1), 0, None),
    ],
)
def test_where_a_sequence_has_to_stand(
    position: At | Unused, value: int, after: int | None
) -> None:
    assert past(definition(1), position, value) == after


def test_a_sequence_that_starts_again_is_meant_to_be_behind() -> None:
    catalog = replace(CATALOG, sequences=(sequence(11, cycle=True),))
    measured = Measured(positions={11: At(1)}, furthest={(1, "id"): 99})

    made = plan(replace(JOB, kind=JobKind.RESYNC), catalog, measured)

    assert made.sequences == ()


def test_a_resync_past_the_end_of_its_sequence_is_refused() -> None:
    short = sequence(11)
    catalog = replace(
        CATALOG,
        sequences=(replace(short, definition=replace(short.definition, maximum=50)),),
        feeds=(feed(11, 1),),
    )
    measured = Measured(positions={11: At(1)}, furthest={(1, "id"): 99})

    made = plan(replace(JOB, kind=JobKind.RESYNC), catalog, measured)

    assert failed(made) == ("out_of_range",)
    assert made.sequences == ()
