"""Which sequences are held against which columns, and how far they have to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from agent.domain.resets.facts import Catalog, Feed, Measured, RelationKind, Unknown
from agent.domain.resets.job import Allowed, JobKind
from agent.domain.resets.plan import Plan, plan, scope_of
from agent.domain.resets.resync import Follower, past
from agent.domain.sequences import At, Link, Supply, Unreadability, Unreadable
from agent.domain.table_facts import Inheritance
from tests.resets.catalogs import CATALOG, JOB, definition, feed, relation, sequence

RESYNC = replace(JOB, kind=JobKind.RESYNC)


def followers(catalog: Catalog, *names: str) -> tuple[Follower, ...]:
    """Of a job that lists all tables of public, and names these sequences."""
    return scope_of(replace(RESYNC, sequences=names), catalog).followers


def reasons(catalog: Catalog, *names: str) -> dict[int, str]:
    return {each.oid: each.why for each in followers(catalog, *names)}


def places(catalog: Catalog) -> list[tuple[int, str]]:
    return [feed.place for each in followers(catalog) for feed in each.feeds]


def test_sequences_of_listed_tables_follow_however_they_are_tied() -> None:
    catalog = replace(
        CATALOG,
        sequences=tuple(map(sequence, (11, 12, 13, 14))),
        feeds=(
            feed(11, 1, Link.OWNED),
            feed(12, 1, Link.IDENTITY),
            feed(13, 1, Link.DEFAULT),
            feed(14, 9),
        ),
    )

    assert reasons(catalog) == dict.fromkeys((11, 12, 13), "of a listed table")


def test_a_sequence_that_feeds_another_table_too_is_held_against_both() -> None:
    catalog = replace(
        CATALOG,
        relations=(relation(1), relation(9, schema="shop")),
        sequences=(sequence(11),),
        feeds=(feed(11, 1), feed(11, 9, Link.DEFAULT)),
    )

    assert places(catalog) == [(1, "id"), (9, "id")]


def test_only_tables_that_are_listed_are_locked_for_it() -> None:
    catalog = replace(
        CATALOG,
        relations=(relation(1), relation(3, schema="shop")),
        inheritance=(Inheritance(parent_oid=1, child_oid=3),),
    )

    scope = scope_of(RESYNC, catalog)

    assert [t.qualified for t in scope.tables] == ["public.t1"]
    assert scope.emptied == ()


def test_a_sequence_that_is_named_follows_wherever_it_is_used() -> None:
    catalog = replace(CATALOG, feeds=(feed(11, 1), feed(12, 9)))

    assert reasons(catalog, "public.s12") == {
        11: "of a listed table",
        12: "listed",
    }


def test_one_that_starts_again_after_its_end_is_left_alone() -> None:
    cycling = (sequence(11, cycle=True), sequence(12))

    assert list(reasons(replace(CATALOG, sequences=cycling), "public.s11")) == [12]


def test_they_are_in_the_order_of_their_names() -> None:
    catalog = replace(
        CATALOG,
        sequences=tuple(map(sequence, (30, 4, 12))),
        feeds=(feed(30, 1), feed(4, 1), feed(12, 1)),
    )

    assert list(reasons(catalog)) == [12, 30, 4]


@pytest.mark.parametrize("kind", ["int2", "int4", "int8", "numeric"])
def test_integer_columns_are_looked_at(kind: str) -> None:
    catalog = replace(CATALOG, feeds=(replace(feed(11, 1), base_type=kind),))

    assert places(catalog) == [(1, "id")]


def test_a_column_of_text_is_not_looked_at() -> None:
    text = replace(feed(11, 1), column="code", base_type="text")
    catalog = replace(CATALOG, sequences=(sequence(11),), feeds=(feed(11, 1), text))

    assert places(catalog) == [(1, "id")]


@pytest.mark.parametrize("supply", [Supply.LEFTOVER, Supply.ROUNDED])
def test_a_column_that_holds_other_values_is_not_looked_at(supply: Supply) -> None:
    other = replace(feed(11, 1), column="other", supply=supply)
    catalog = replace(CATALOG, sequences=(sequence(11),), feeds=(feed(11, 1), other))

    assert places(catalog) == [(1, "id")]


def test_a_column_of_a_view_is_not_looked_at() -> None:
    view = replace(relation(3), kind=RelationKind.VIEW)
    catalog = replace(
        CATALOG,
        relations=(*CATALOG.relations, view),
        feeds=(feed(11, 1), feed(11, 3, Link.DEFAULT)),
    )

    assert places(catalog) == [(1, "id")]


COMPUTED = replace(feed(11, 2, Link.DEFAULT), column="n", supply=Supply.COMPUTED)


@pytest.mark.parametrize(
    ("feeds", "allowed", "expected"),
    [
        ((feed(11, 1), COMPUTED), (), ((feed(11, 1),), (COMPUTED,))),
        ((feed(11, 1), COMPUTED), ("public.t2.n",), ((feed(11, 1),), ())),
        ((feed(11, 1), COMPUTED), ("public.t1.n",), ((feed(11, 1),), (COMPUTED,))),
        ((COMPUTED,), (), ((), (COMPUTED,))),
        ((COMPUTED,), ("public.t2.n",), None),
        ((), (), ((), ())),
    ],
)
def test_a_column_that_computes_is_accepted_by_name_and_moves_nothing(
    feeds: tuple[Feed, ...],
    allowed: tuple[str, ...],
    expected: tuple[tuple[Feed, ...], tuple[Feed, ...]] | None,
) -> None:
    job = replace(
        RESYNC, sequences=("public.s11",), allowed=Allowed(computed_defaults=allowed)
    )
    catalog = replace(CATALOG, sequences=(sequence(11),), feeds=feeds)

    found = [(each.feeds, each.computed) for each in scope_of(job, catalog).followers]

    assert found == ([] if expected is None else [expected])


def test_rows_of_a_child_that_computes_are_those_of_its_parents_too() -> None:
    catalog = replace(
        CATALOG,
        relations=tuple(map(relation, (1, 2, 3, 4))),
        sequences=(sequence(11),),
        feeds=(
            *(replace(feed(11, oid), column="n") for oid in (1, 3, 4)),
            feed(11, 1),
            COMPUTED,
        ),
        inheritance=(
            Inheritance(parent_oid=1, child_oid=3),
            Inheritance(parent_oid=3, child_oid=2),
        ),
    )

    assert places(catalog) == [(4, "n"), (1, "id")]


def test_a_column_of_a_partition_is_looked_at_through_its_parent() -> None:
    catalog = replace(
        CATALOG,
        relations=tuple(map(relation, (1, 2, 3))),
        sequences=(sequence(11),),
        feeds=(feed(11, 1), feed(11, 2), feed(11, 3)),
        inheritance=(
            Inheritance(parent_oid=1, child_oid=2),
            Inheritance(parent_oid=2, child_oid=3),
        ),
    )

    assert places(catalog) == [(1, "id")]


@pytest.mark.parametrize("parent", [feed(12, 1), replace(feed(11, 1), column="other")])
def test_a_parent_that_has_it_from_elsewhere_does_not_stand_for_its_child(
    parent: Feed,
) -> None:
    catalog = replace(
        CATALOG,
        sequences=(sequence(11),),
        feeds=(parent, feed(11, 2)),
        inheritance=(Inheritance(parent_oid=1, child_oid=2),),
    )

    assert (2, "id") in places(catalog)


def planned(increment: int, values: Sequence[int | Unknown | None]) -> Plan:
    """A resync of one sequence that stands at 1 and feeds three tables."""
    catalog = replace(
        CATALOG,
        relations=tuple(map(relation, (1, 2, 3))),
        sequences=(sequence(11, increment=increment),),
        feeds=(feed(11, 1), feed(11, 2), feed(11, 3)),
    )
    columns = {(number, "id"): value for number, value in enumerate(values, start=1)}
    measured = Measured(positions={11: At(1)}, furthest=columns)
    return plan(RESYNC, catalog, measured)


@pytest.mark.parametrize(
    ("increment", "values", "after"),
    [
        (1, (5, 9, 7), 9),
        (-1, (-5, -9, -7), -9),
        (1, (None, 3, None), 3),
        (-1, (0, None, 4), 0),
        (1, (0, None, -4), None),
        (1, (None, None, None), None),
    ],
)
def test_the_value_that_lies_furthest_ahead_counts(
    increment: int, values: tuple[int | None, ...], after: int | None
) -> None:
    made = planned(increment, values)

    assert [s.after for s in made.sequences] == ([] if after is None else [after])
    assert made.allowed


def test_a_sequence_that_is_moved_was_called_then() -> None:
    (moved,) = planned(1, (5, None, None)).sequences

    assert (moved.before, moved.after, moved.called) == (At(1), 5, True)
    assert (moved.definition.oid, moved.owned) == (11, False)


@pytest.mark.parametrize("values", [(5, Unknown("denied"), 9), (5, 9)])
def test_one_column_that_is_not_known_is_enough_to_move_nothing(
    values: tuple[int | Unknown, ...],
) -> None:
    made = planned(1, values)

    assert made.sequences == ()
    assert [verdict.gate for verdict in made.refusals] == ["unreadable"]


def test_where_a_sequence_is_that_cannot_be_read_it_is_not_moved() -> None:
    held = Unreadable(Unreadability.LOCKED)

    assert past(definition(1), held, 99) is None


@pytest.mark.parametrize(
    ("increment", "value", "after"),
    [
        (10, 22, 31),
        (10, 21, 21),
        (10, 12, 21),
        (10, 11, 11),
        (10, 10, None),
        (-10, -9, -9),
        (-10, -10, -19),
        (-10, -8, None),
    ],
)
def test_it_is_moved_by_whole_steps(
    increment: int, value: int, after: int | None
) -> None:
    assert past(definition(1, increment=increment), At(1), value) == after


def test_one_that_would_start_again_next_stands_at_its_other_end() -> None:
    """What comes next is its minimum, and that is not behind its own maximum."""
    short = replace(definition(1, cycle=True), minimum=1, maximum=10)

    assert past(short, At(10), 3) == 3
    assert past(short, At(10), 0) is None
