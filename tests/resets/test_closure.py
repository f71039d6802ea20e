"""Which tables come with those that a job lists."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.filters import NameFilter
from agent.domain.resets.closure import references_from_outside, tables
from agent.domain.resets.facts import ForeignKey, RelationKind
from agent.domain.table_facts import Inheritance, above, below, reached
from tests.resets.catalogs import CATALOG, relation
from tests.resets.graphs import edges, keys, oids


@given(roots=st.sets(oids), edges=edges)
def test_all_descendants_are_reached_and_nothing_else(
    roots: set[int], edges: list[Inheritance]
) -> None:
    found = set(reached(roots, below(edges)))

    closed = roots | found
    assert all(e.child_oid in closed for e in edges if e.parent_oid in closed)
    assert found <= {edge.child_oid for edge in edges}
    assert all(roots & {oid, *reached([oid], above(edges))} for oid in found)


@given(planned=st.sets(oids), foreign_keys=keys)
def test_no_reference_from_outside_goes_unnoticed(
    planned: set[int], foreign_keys: list[ForeignKey]
) -> None:
    told = {key.oid for key in references_from_outside(planned, foreign_keys)}

    assert told == {
        key.oid
        for key in foreign_keys
        if key.referenced_oid in planned and key.table_oid not in planned
    }


@given(listed=st.sets(oids, min_size=1), edges=edges)
def test_a_table_is_listed_or_comes_with_one_that_is(
    listed: set[int], edges: list[Inheritance]
) -> None:
    catalog = replace(
        CATALOG,
        relations=tuple(relation(oid) for oid in range(1, 13)),
        inheritance=tuple(edges),
    )
    patterns = NameFilter(include=tuple(f"public.t{oid}" for oid in listed))

    found = tables(patterns, catalog)

    assert {t.oid for t in found if t.listed} == listed
    assert {t.oid for t in found} == listed | set(reached(listed, below(edges)))


def test_a_table_that_is_listed_and_inherits_is_there_once() -> None:
    catalog = replace(CATALOG, inheritance=(Inheritance(parent_oid=1, child_oid=2),))

    found = tables(NameFilter(include=("public.*",)), catalog)

    assert [(t.oid, t.why) for t in found] == [(1, "listed"), (2, "listed")]


def test_a_child_that_is_no_table_is_none() -> None:
    """As the catalog tells of it: another session has dropped it meanwhile."""
    catalog = replace(CATALOG, inheritance=(Inheritance(parent_oid=1, child_oid=77),))

    found = tables(NameFilter(include=("public.*",)), catalog)

    assert [t.oid for t in found] == [1, 2]


@pytest.mark.parametrize("kind", [RelationKind.VIEW, RelationKind.MATERIALIZED_VIEW])
def test_what_only_looks_like_a_table_is_none(kind: RelationKind) -> None:
    catalog = replace(CATALOG, relations=(relation(1), replace(relation(2), kind=kind)))

    found = tables(NameFilter(include=("public.*",)), catalog)

    assert [t.oid for t in found] == [1]


def test_tables_are_in_the_order_of_their_names() -> None:
    catalog = replace(CATALOG, relations=tuple(map(relation, (2, 30, 10, 1))))

    found = tables(NameFilter(include=("public.*",)), catalog)

    assert [t.relation.name for t in found] == ["t1", "t10", "t2", "t30"]


def test_whence_a_table_was_reached_hangs_on_no_order() -> None:
    edges = {1: [3], 2: [3]}
    assert reached([2, 1], edges) == reached([1, 2], edges) == {3: 1}
    assert (
        reached([1], {1: [4, 5], 4: [6], 5: [6]})
        == reached([1], {1: [5, 4], 5: [6], 4: [6]})
        == {4: 1, 5: 1, 6: 5}
    )


def test_a_reference_and_its_copies_for_partitions_are_one() -> None:
    first = ForeignKey(oid=90, name="fk", table_oid=8, referenced_oid=1, parent_oid=0)
    copy = replace(first, oid=91, referenced_oid=2, parent_oid=90)
    alone = replace(first, oid=92, referenced_oid=2, parent_oid=77)

    found = references_from_outside([1, 2], [first, copy, alone])

    assert [key.oid for key in found] == [90, 92]
