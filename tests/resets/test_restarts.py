"""What a reset empties, and which sequences it puts back to their start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import Catalog, Measured, Size, Unknown
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import plan, scope_of
from agent.domain.resets.restarts import Restart, used_elsewhere
from agent.domain.sequences import At, Link
from agent.domain.table_facts import Inheritance
from tests.resets.catalogs import CATALOG, JOB, definition, feed, relation, sequence


def restarts(
    catalog: Catalog, *tables: str, names: tuple[str, ...] = ()
) -> list[Restart]:
    """Of a job that lists these tables and names these sequences."""
    job = replace(JOB, tables=NameFilter(include=tables), sequences=names)
    return list(scope_of(job, catalog).restarts)


@pytest.mark.parametrize(
    ("link", "owned"),
    [(Link.OWNED, True), (Link.IDENTITY, True), (Link.DEFAULT, False)],
)
def test_what_a_planned_table_owns_is_restarted(link: Link, *, owned: bool) -> None:
    catalog = replace(CATALOG, feeds=(feed(11, 1, link),))

    assert [(r.oid, r.owned, r.why) for r in restarts(catalog, "public.t1")] == (
        [(11, True, "owned by public.t1.id")] if owned else []
    )


def test_what_another_table_owns_is_not() -> None:
    assert [r.oid for r in restarts(CATALOG, "public.t2")] == [12]
    assert restarts(CATALOG, "public.t9") == []


def test_what_the_job_names_is_restarted_by_itself() -> None:
    found = restarts(CATALOG, names=("public.s12", "public.s99"))

    assert [(r.oid, r.owned, r.why) for r in found] == [(12, False, "listed")]


def test_patterns_name_sequences_that_are_within_reach() -> None:
    hidden = replace(definition(13), schema="pg_catalog")
    exact = replace(definition(14), name="s[1]")
    catalog = replace(
        CATALOG,
        sequences=(
            *CATALOG.sequences,
            replace(sequence(13), definition=hidden),
            replace(sequence(14), definition=exact),
        ),
    )

    for names, found in (
        (("public.s?1", "public.s9*"), [11]),
        (("*.s1*",), [11, 12]),
        (("public.s[[]1]",), [14]),
        (("pg_catalog.s13",), [13]),
    ):
        assert [each.oid for each in restarts(catalog, names=names)] == found
    gates = plan(replace(JOB, sequences=("public.s9*",)), catalog, Measured()).gates
    assert [each.passed for each in gates if each.gate == "sequence_missing"] == [True]


def test_what_is_owned_and_named_is_restarted_once() -> None:
    (found,) = restarts(CATALOG, "public.t1", names=("public.s11",))

    assert found.owned


def test_sequences_are_in_the_order_of_their_names() -> None:
    catalog = replace(CATALOG, sequences=tuple(map(sequence, (30, 4, 12))))

    found = restarts(catalog, names=("public.s30", "public.s4", "public.s12"))

    assert [r.qualified for r in found] == ["public.s12", "public.s30", "public.s4"]


def test_columns_of_other_tables_that_use_a_restarted_sequence_are_told() -> None:
    inside, outside = feed(11, 2, Link.DEFAULT), feed(11, 9, Link.DEFAULT)
    beside = feed(12, 9)
    catalog = replace(CATALOG, feeds=(feed(11, 1), inside, outside, beside))

    assert list(used_elsewhere([11], [1, 2], catalog)) == [outside]


def test_a_sequence_that_is_restarted_is_not_called_then() -> None:
    measured = Measured(positions={11: At(12)})

    moved, unread = plan(JOB, CATALOG, measured).sequences

    assert (moved.before, moved.after, moved.called) == (At(12), 1, False)
    assert (unread.before, unread.after, unread.value_before) == (None, 100, None)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({}, (None, None, False)),
        (
            {1: Size(rows=Unknown("denied"), bytes=8192, exact=False)},
            (None, 8192, False),
        ),
        ({1: Size(rows=7, bytes=8192, exact=True)}, (7, 8192, True)),
    ],
)
def test_a_table_that_nobody_could_count_has_no_number_of_rows(
    sizes: dict[int, Size], told: tuple[int | None, int | None, bool]
) -> None:
    emptied = plan(JOB, CATALOG, Measured(sizes=sizes)).tables[0]

    assert (emptied.rows, emptied.bytes, emptied.exact) == told


# What is left as it is.


def test_what_feeds_emptied_tables_and_goes_on_is_told_by_name() -> None:
    catalog = replace(
        CATALOG,
        relations=tuple(map(relation, (1, 2, 3))),
        sequences=tuple(map(sequence, (14, 11, 13, 15))),
        feeds=(
            feed(11, 1),
            feed(14, 2, Link.DEFAULT),
            feed(13, 2, Link.DEFAULT),
            replace(feed(13, 1, Link.DEFAULT), column="n"),
            feed(13, 3, Link.DEFAULT),
            feed(15, 9, Link.DEFAULT),
        ),
        inheritance=(Inheritance(parent_oid=2, child_oid=3),),
    )

    found = plan(JOB, catalog, Measured()).not_restarted

    assert [(each.sequence, each.feeds) for each in found] == [
        ("public.s13", ("public.t1.n", "public.t2.id")),
        ("public.s14", ("public.t2.id",)),
    ]
    resync = replace(JOB, kind=JobKind.RESYNC)
    assert plan(resync, catalog, Measured()).not_restarted == ()
