from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.findings import Finding, Kind, Severity
from agent.domain.pace import Thresholds
from agent.domain.sequences import (
    At,
    FedColumn,
    Link,
    Position,
    Reading,
    SequenceDefinition,
    Unreadability,
    Unreadable,
)
from agent.domain.status import State, assess
from tests.domain.test_limits import COLUMN, SEQUENCE

HUNDRED = replace(SEQUENCE, maximum=100)
THRESHOLDS = Thresholds(warning_used_ratio=0.75, critical_used_ratio=0.9)


def findings_of(
    sequence: SequenceDefinition, position: Position
) -> dict[Kind, Finding]:
    status = assess(
        Reading(sequence=sequence, position=position),
        thresholds=THRESHOLDS,
        role="sampler",
    )
    return {finding.kind: finding for finding in status.findings}


def fed(*columns: FedColumn) -> SequenceDefinition:
    return replace(SEQUENCE, columns=columns)


@pytest.mark.parametrize(
    ("last", "kind", "severity"),
    [
        (74, None, None),
        (75, Kind.NEAR_LIMIT, Severity.WARNING),
        (89, Kind.NEAR_LIMIT, Severity.WARNING),
        (90, Kind.NEAR_LIMIT, Severity.CRITICAL),
        (99, Kind.NEAR_LIMIT, Severity.CRITICAL),
        (100, Kind.EXHAUSTED, Severity.CRITICAL),
    ],
)
def test_nearness_goes_by_the_thresholds(
    last: int, kind: Kind | None, severity: Severity | None
) -> None:
    found = findings_of(HUNDRED, At(last))
    found.pop(Kind.UNATTACHED)

    assert {k: f.severity for k, f in found.items()} == (
        {kind: severity} if kind else {}
    )


@pytest.mark.parametrize(
    ("sequence", "last", "remedy"),
    [
        pytest.param(
            replace(SEQUENCE, maximum=2147483647, data_type="integer"),
            2147483647,
            "ALTER SEQUENCE public.s AS bigint NO MAXVALUE;",
            id="an integer sequence becomes bigint",
        ),
        pytest.param(
            replace(SEQUENCE, maximum=100),
            100,
            "ALTER SEQUENCE public.s NO MAXVALUE;",
            id="a limit of its own is lifted",
        ),
        pytest.param(
            replace(SEQUENCE, maximum=-1, minimum=-100, increment=-1),
            -100,
            "ALTER SEQUENCE public.s NO MINVALUE;",
            id="a descending one has its limit below",
        ),
        pytest.param(
            SEQUENCE,
            2**63 - 1,
            "no wider sequence type exists: give the sequence a new range",
            id="bigint is the end",
        ),
        pytest.param(
            fed(COLUMN),
            2147483647,
            "ALTER TABLE public.t ALTER COLUMN id TYPE bigint;"
            " (rewrites the table under an exclusive lock)",
            id="a column that ends first is widened",
        ),
        pytest.param(
            replace(fed(COLUMN), maximum=2147483647, data_type="integer"),
            2147483647,
            "ALTER TABLE public.t ALTER COLUMN id TYPE bigint;"
            " (rewrites the table under an exclusive lock)"
            " ALTER SEQUENCE public.s AS bigint NO MAXVALUE;",
            id="serial: both are widened",
        ),
        pytest.param(
            replace(
                fed(replace(COLUMN, link=Link.IDENTITY)),
                maximum=2147483647,
                data_type="integer",
            ),
            2147483647,
            "ALTER TABLE public.t ALTER COLUMN id TYPE bigint;"
            " (rewrites the table under an exclusive lock)",
            id="identity: the sequence follows its column",
        ),
    ],
)
def test_an_exhausted_sequence_comes_with_what_would_mend_it(
    sequence: SequenceDefinition, last: int, remedy: str
) -> None:
    assert findings_of(sequence, At(last))[Kind.EXHAUSTED].remedy == remedy


def test_a_message_names_the_limit_and_what_sets_it() -> None:
    found = findings_of(fed(COLUMN), At(2147483647))

    assert found[Kind.EXHAUSTED].message == (
        "exhausted: the next value 2147483648 does not fit and its insert fails;"
        " limit 2147483647 of column public.t.id (integer)"
    )


@pytest.mark.parametrize(
    ("reason", "state", "part_of_the_remedy"),
    [
        (
            Unreadability.PRIVILEGE,
            State.UNREADABLE,
            "GRANT SELECT ON SEQUENCE public.s TO sampler;",
        ),
        (Unreadability.LOCKED, State.LOCKED, "the next round reads again"),
        (
            Unreadability.UNLOGGED_ON_STANDBY,
            State.UNLOGGED_ON_STANDBY,
            "sample the primary",
        ),
        (Unreadability.VANISHED, State.VANISHED, "none needed"),
        (Unreadability.FAILED, State.UNREADABLE, "server's log"),
    ],
)
def test_what_cannot_be_read_says_why_and_has_no_figures(
    reason: Unreadability, state: State, part_of_the_remedy: str
) -> None:
    status = assess(
        Reading(sequence=fed(COLUMN), position=Unreadable(reason, "some detail")),
        thresholds=THRESHOLDS,
        role="sampler",
    )

    assert status.state is state
    assert not status.state.readable
    assert status.capacity is None
    assert [c.capacity for c in status.columns] == [None]
    assert status.limit == 2147483647
    unreadable = status.findings[0]
    assert unreadable.kind is Kind.UNREADABLE
    assert "some detail" in unreadable.message
    assert part_of_the_remedy in unreadable.remedy


def test_a_vanished_sequence_is_nothing_to_worry_about() -> None:
    found = findings_of(SEQUENCE, Unreadable(Unreadability.VANISHED))

    assert found[Kind.UNREADABLE].severity is Severity.INFO


def test_a_cycle_into_a_unique_column_is_told_before_it_collides() -> None:
    unique = replace(COLUMN, base_type="int8", unique=True)
    sequence = replace(fed(unique), maximum=100, cycle=True)

    found = findings_of(sequence, At(1))

    assert found[Kind.CYCLES_INTO_UNIQUE].remedy == "ALTER SEQUENCE public.s NO CYCLE;"


def test_a_cycle_that_collides_with_nothing_is_never_near_its_limit() -> None:
    assert Kind.NEAR_LIMIT not in findings_of(replace(HUNDRED, cycle=True), At(99))


def test_a_cycle_behind_a_narrower_column_is_near_the_columns_limit() -> None:
    narrow = replace(COLUMN, base_type="int2")

    found = findings_of(replace(fed(narrow), cycle=True), At(32000))

    assert found[Kind.NEAR_LIMIT].severity is Severity.CRITICAL


def test_two_columns_on_one_sequence_are_told() -> None:
    found = findings_of(fed(COLUMN, replace(COLUMN, column="other")), At(1))

    assert found[Kind.SHARED].message == "feeds 2 columns: public.t.id, public.t.other"


def test_each_kind_is_reported_once_at_most() -> None:
    narrow = replace(COLUMN, base_type="int2", unique=True)
    sequence = replace(fed(COLUMN, narrow), cycle=True)

    status = assess(
        Reading(sequence=sequence, position=At(99999)),
        thresholds=THRESHOLDS,
        role="sampler",
    )

    kinds = [finding.kind for finding in status.findings]
    assert len(kinds) == len(set(kinds))


def test_a_column_that_outlives_its_sequence_is_told_how_to_widen_the_sequence() -> (
    None
):
    wide = replace(COLUMN, base_type="int8", type_name="bigint")
    sequence = replace(fed(wide), data_type="integer", maximum=2147483647)

    found = findings_of(sequence, At(1))

    assert found[Kind.SEQUENCE_NARROWER].remedy == (
        "ALTER SEQUENCE public.s AS bigint NO MAXVALUE;"
    )
