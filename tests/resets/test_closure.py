"""Which tables come with those that a job lists."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.domain.filters import NameFilter
from agent.domain.resets.closure import (
    above,
    below,
    reached,
    references_from_outside,
    tables,
)
from agent.domain.resets.facts import ForeignKey, Inheritance
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
