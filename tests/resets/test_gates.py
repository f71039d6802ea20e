"""What each gate says of a catalog that is wrong in one thing: no server is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.resets.facts import RelationKind, Unknown
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import Plan, plan
from agent.domain.resets.verdicts import Verdict, listed
from agent.domain.table_facts import Inheritance
from tests.resets.catalogs import CATALOG, JOB, relation
from tests.resets.wrong_catalogs import MEASURED, SEQUENCES, TABLES, TARGETS, Wrong


def planned(case: Wrong) -> Plan:
    return plan(case.job, case.catalog, case.measured, expected_hash=case.expected_hash)


def refusals(case: Wrong) -> tuple[Verdict, ...]:
    return planned(case).refusals


def check(case: Wrong) -> None:
    found = refusals(case)

    words = " | ".join(f"{v.detail}; {v.remedy}" for v in found)
    assert tuple(verdict.gate for verdict in found) == case.refused, words
    assert [told for told in (*case.told, case.remedy) if told not in words] == []
    assert [told for told in case.silent if told in words] == []
    assert all(verdict.remedy for verdict in found)


@pytest.mark.parametrize("case", TARGETS, ids=lambda case: case.name)
def test_a_target_that_is_not_what_the_job_says_is_refused(case: Wrong) -> None:
    check(case)


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case.name)
def test_tables_that_are_not_meant_or_cannot_be_emptied_are_refused(
    case: Wrong,
) -> None:
    check(case)


@pytest.mark.parametrize("case", SEQUENCES, ids=lambda case: case.name)
def test_sequences_that_may_not_be_moved_are_refused(case: Wrong) -> None:
    check(case)


@pytest.mark.parametrize(
    "case", [*TARGETS, *TABLES, *SEQUENCES], ids=lambda case: case.name
)
def test_only_what_others_may_hide_lets_a_run_that_is_refused_wait_for_locks(
    case: Wrong,
) -> None:
    assert planned(case).may_wait is (case.waits or not case.refused)


def test_a_run_waits_for_no_locks_if_another_gate_refuses_as_well() -> None:
    hidden = replace(MEASURED, sizes={})

    assert planned(Wrong(name="", measured=hidden)).may_wait
    for case in (*TARGETS, *TABLES):
        assert planned(replace(case, measured=hidden)).may_wait is (
            case.waits or set(case.refused) <= {"rows_limit"}
        ), case.name


# What only TRUNCATE would do harm to, and only setval.
OF_RESETS = frozenset(
    {
        "bytes_limit",
        "descendant_not_listed",
        "extension_table",
        "foreign_table",
        "no_truncate_privilege",
        "published_table",
        "referenced_from_outside",
        "replication_slot",
        "rows_limit",
        "shared_sequence",
        "subscribed_table",
        "subscription",
        "temporary_table",
        "truncate_trigger",
    }
)
OF_RESYNCS = frozenset({"out_of_range", "unreadable"})


def test_a_resync_is_not_asked_about_what_it_does_not_do() -> None:
    resync, reset = (
        {v.gate for v in plan(replace(JOB, kind=kind), CATALOG, MEASURED).gates}
        for kind in (JobKind.RESYNC, JobKind.RESET)
    )

    assert resync & (OF_RESETS | OF_RESYNCS) == OF_RESYNCS
    assert reset & (OF_RESETS | OF_RESYNCS) == OF_RESETS


def test_what_comes_with_a_listed_table_is_told_with_the_reason() -> None:
    foreign = replace(relation(2), kind=RelationKind.FOREIGN)
    child = replace(relation(3, partition=True), schema="shop", kind=foreign.kind)
    catalog = replace(
        CATALOG,
        relations=(relation(1), foreign, child),
        inheritance=(Inheritance(parent_oid=1, child_oid=3),),
    )

    told = {v.gate: v.detail for v in refusals(Wrong(name="", catalog=catalog))}

    assert told["foreign_table"] == "public.t2, shop.t3 (partition of public.t1)"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a", "a"),
        ("abcde", "a, b, c, d, e"),
        ("abcdef", "a, b, c, d, e and 1 more"),
    ],
)
def test_the_first_five_are_named(names: str, words: str) -> None:
    assert listed(names) == words


def test_names_of_temporary_tables_are_no_names_of_the_system() -> None:
    """Each is refused for what it is, and told once."""
    temporary = replace(relation(3, schema="pg_temp_3"), temporary=True)
    catalog = replace(
        CATALOG,
        relations=(*CATALOG.relations, temporary),
        inheritance=(Inheritance(parent_oid=1, child_oid=3),),
    )

    gates = [verdict.gate for verdict in refusals(Wrong(name="", catalog=catalog))]

    assert "system_table" not in gates


def test_what_is_found_is_told_where_nothing_refuses() -> None:
    passed = {v.gate: v.detail for v in plan(JOB, CATALOG, MEASURED).gates}

    assert passed["marker_missing"] == "written by alice"
    assert passed["marker_expired"] == "armed until 2026-03-31 00:00:00 UTC"
    assert passed["marker_environment"] == "both say 'staging'"
    assert passed["marker_system_identifier"] == "7"
    assert passed["marker_database_oid"] == "16400"
    assert passed["marker_database_name"] == "'app'"
    assert passed["bytes_limit"].endswith("9000000 bytes, limits.bytes is 21474836480")
    assert passed["rows_limit"] == "20 rows, limits.rows is 5000000"
    assert passed["plan_changed"] == "no plan to compare with"


def test_a_gate_that_needs_a_marker_neither_passes_nor_refuses_without_one() -> None:
    made = plan(JOB, replace(CATALOG, marker=Unknown("none")), MEASURED)

    unasked = {v.gate for v in made.gates if not v.asked}
    assert unasked == {
        "marker_database_name",
        "marker_database_oid",
        "marker_environment",
        "marker_expired",
        "marker_protected",
        "marker_system_identifier",
    }
    assert not any(v.passed for v in made.gates if not v.asked)
    assert not made.allowed
