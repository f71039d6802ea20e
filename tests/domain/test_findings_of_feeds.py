"""What is said of who calls a sequence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.findings import Finding
from agent.domain.kinds import Kind, Severity
from agent.domain.pace import Thresholds
from agent.domain.sequences import (
    At,
    FedColumn,
    Link,
    Position,
    Reading,
    SequenceDefinition,
    Supply,
)
from agent.domain.status import SequenceStatus, assess
from agent.domain.taken import Taken, Unseen
from tests.domain.statuses import BIGINT, USERS_ID

OTHER = replace(USERS_ID, table_name="orders", link=Link.DEFAULT)


def fed(*supplies: Supply) -> SequenceDefinition:
    columns = zip((USERS_ID, OTHER), supplies, strict=False)
    return replace(
        BIGINT,
        maximum=100,
        columns=tuple(replace(each, supply=supply) for each, supply in columns),
    )


def assessed(sequence: SequenceDefinition, position: Position) -> SequenceStatus:
    return assess(
        Reading(sequence=sequence, position=position),
        thresholds=Thresholds(),
        role="agent",
    )


def kinds(status: SequenceStatus) -> list[str]:
    return [f"{f.kind}:{f.severity}" for f in status.findings]


@pytest.mark.parametrize("last", [1, 95, 100])
def test_what_nobody_calls_counts_for_no_limit(last: int) -> None:
    status = assessed(fed(Supply.LEFTOVER), At(last))

    assert kinds(status) == ["leftover:info"]
    assert (status.capacity, status.behind) == (None, None)
    assert status.columns[0].capacity is None


def test_what_nobody_calls_is_behind_nothing() -> None:
    sequence = fed(Supply.LEFTOVER, Supply.PLAIN)

    status = assess(
        Reading(sequence=sequence, position=At(10)),
        thresholds=Thresholds(),
        role="agent",
        sights=(Unseen.LEFTOVER, Taken(nearest=11, furthest=20)),
    )

    assert status.behind == 10
    assert kinds(status) == ["behind_column:critical"]


def test_a_leftover_is_told_with_the_statement_that_unties_it() -> None:
    [finding] = assessed(fed(Supply.LEFTOVER), At(1)).findings

    assert finding == Finding(
        kind=Kind.LEFTOVER,
        severity=Severity.INFO,
        message=(
            "owned by public.users.id, which takes its values from elsewhere: it counts"
            " for no limit"
        ),
        remedy=(
            "ALTER SEQUENCE public.users_id_seq OWNED BY NONE; (if nothing else calls"
            " it, DROP SEQUENCE public.users_id_seq;)"
        ),
    )


@pytest.mark.parametrize("supply", [Supply.COMPUTED, Supply.HANDED_OVER])
def test_a_column_that_computes_has_no_limit_and_is_said_to_be_unknown(
    supply: Supply,
) -> None:
    status = assessed(fed(supply), At(10))

    assert kinds(status) == ["computed_default:info"]
    assert "is not known" in status.findings[0].message
    assert (status.limit, status.limited_by) == (100, "sequence MAXVALUE 100")
    [column] = status.columns
    assert (column.limit, column.capacity, column.behind) == (None, None, None)
    assert column.column.shown_link is Link.COMPUTED


def test_a_sequence_at_its_end_fails_who_computes_with_nextval() -> None:
    status = assessed(fed(Supply.COMPUTED), At(100))

    assert kinds(status) == ["exhausted:critical", "computed_default:info"]


def test_at_its_end_nobody_knows_whether_a_function_calls_it() -> None:
    status = assessed(fed(Supply.HANDED_OVER), At(100))

    assert kinds(status) == ["computed_default:info"]
    assert status.capacity is None
    assert "the sequence itself is at its end" in status.findings[0].message


def test_the_limit_is_that_of_the_columns_that_hold_its_values() -> None:
    narrow = replace(OTHER, base_type="int2", type_name="smallint")
    wide = replace(USERS_ID, supply=Supply.COMPUTED, base_type="int2")

    status = assessed(replace(BIGINT, columns=(wide, narrow)), At(1))

    assert status.limited_by == "column public.orders.id (smallint)"


def test_a_column_of_a_round_number_type_ends_where_its_type_does() -> None:
    rounded: FedColumn = replace(USERS_ID, supply=Supply.ROUNDED)

    status = assessed(replace(BIGINT, columns=(rounded,)), At(1))

    assert status.limited_by == "column public.users.id (integer)"
    assert status.behind_unknown is Unseen.COMPUTED


def test_advice_for_a_sequence_without_a_column_is_first_of_all_to_do_nothing() -> None:
    [finding] = assessed(BIGINT, At(1)).findings

    assert (finding.kind, finding.severity) == (Kind.UNATTACHED, Severity.INFO)
    assert finding.remedy.startswith("none needed")
