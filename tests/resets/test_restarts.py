"""Which sequences a reset puts back to their start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.resets.facts import Catalog
from agent.domain.resets.restarts import restarts, used_elsewhere
from agent.domain.sequences import Link
from tests.resets.catalogs import CATALOG, feed, sequence


def _feeding(*links: Link) -> Catalog:
    """A catalog whose sequences 11 and on are tied to table 1 in these ways."""
    return replace(
        CATALOG,
        sequences=tuple(sequence(11 + number) for number in range(len(links))),
        feeds=tuple(feed(11 + number, 1, link) for number, link in enumerate(links)),
    )


@pytest.mark.parametrize(
    ("link", "owned"),
    [(Link.OWNED, True), (Link.IDENTITY, True), (Link.DEFAULT, False)],
)
def test_what_a_planned_table_owns_is_restarted(link: Link, *, owned: bool) -> None:
    found = restarts([1], (), _feeding(link))

    assert [(r.oid, r.owned, r.why) for r in found] == (
        [(11, True, "owned by public.t1.id")] if owned else []
    )


def test_what_another_table_owns_is_not() -> None:
    assert [r.oid for r in restarts([2], (), CATALOG)] == [12]
    assert restarts([9], (), CATALOG) == ()


def test_what_the_job_names_is_restarted_by_itself() -> None:
    found = restarts([], ("public.s12", "public.s99"), CATALOG)

    assert [(r.oid, r.owned, r.why) for r in found] == [(12, False, "listed")]


def test_what_is_owned_and_named_is_restarted_once() -> None:
    (found,) = restarts([1], ("public.s11",), CATALOG)

    assert found.owned


def test_sequences_are_in_the_order_of_their_names() -> None:
    catalog = replace(CATALOG, sequences=tuple(map(sequence, (30, 4, 12))))

    found = restarts([], ("public.s30", "public.s4", "public.s12"), catalog)

    assert [r.qualified for r in found] == ["public.s12", "public.s30", "public.s4"]


def test_columns_of_other_tables_that_use_a_restarted_sequence_are_told() -> None:
    inside, outside = feed(11, 2, Link.DEFAULT), feed(11, 9, Link.DEFAULT)
    beside = feed(12, 9)
    catalog = replace(CATALOG, feeds=(feed(11, 1), inside, outside, beside))

    assert list(used_elsewhere([11], [1, 2], catalog)) == [outside]
