"""What is said of a sequence that is behind its column, or missed by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.domain.consumption.usage import Usage
from agent.domain.findings import Finding, Kind, Severity
from agent.domain.pace import Thresholds
from agent.domain.sequences import (
    At,
    FedColumn,
    Position,
    Reading,
    SequenceDefinition,
    Unused,
)
from agent.domain.status import assess
from agent.domain.taken import CLEAR, Sight, Taken, Unseen
from tests.domain.statuses import BIGINT, DENIED, USAGE, USERS_ID

FED = replace(BIGINT, columns=(USERS_ID,))


def found(
    sequence: SequenceDefinition,
    position: Position,
    *sights: Sight,
    lost: tuple[FedColumn, ...] = (),
    usage: Usage | None = None,
) -> Finding | None:
    status = assess(
        Reading(sequence=sequence, position=position),
        thresholds=Thresholds(),
        role="agent",
        sights=sights,
        lost=lost,
        usage=usage,
    )
    kinds = {Kind.BEHIND_COLUMN, Kind.SEQUENCE_MISSING}
    return next((f for f in status.findings if f.kind in kinds), None)


def test_the_next_value_is_taken() -> None:
    finding = found(FED, At(10), Taken(nearest=11, furthest=500))

    assert finding == Finding(
        kind=Kind.BEHIND_COLUMN,
        severity=Severity.CRITICAL,
        message=(
            "its next value 11 is already in public.users.id:"
            " 490 calls behind the last, 500"
        ),
        remedy="SELECT setval('public.users_id_seq', (SELECT max(id) FROM public.users));",
    )


def test_a_value_to_come_is_taken() -> None:
    finding = found(FED, At(10), Taken(nearest=500, furthest=500))

    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "its next value is 11, and 500 is already in public.users.id:"
        " 490 calls behind the last, 500"
    )


def test_where_duplicates_are_allowed_nothing_fails() -> None:
    loose = replace(FED, columns=(replace(USERS_ID, unique=False),))

    finding = found(loose, At(10), Taken(nearest=11, furthest=500))

    assert finding is not None
    assert finding.severity is Severity.WARNING


def test_a_block_that_is_begun_is_told_with_what_it_depends_on() -> None:
    blocks = replace(FED, increment=50)

    finding = found(blocks, At(51), Taken(nearest=60, furthest=60, in_block=True))

    assert finding is not None
    assert finding.severity is Severity.WARNING
    assert finding.message == (
        "ids come in blocks of 50, and 60 is in public.users.id before its next value"
        " 101: that block is begun already if it ends there"
    )
    assert finding.remedy.endswith(
        "if they end there (pooled): SELECT setval('public.users_id_seq', 101);"
    )
    assert found(blocks, At(101), Taken(nearest=60, furthest=60, in_block=True)) is None


@pytest.mark.parametrize(
    ("position", "sight"),
    [
        pytest.param(At(10), CLEAR, id="clear"),
        pytest.param(At(10), Unseen.LOCKED, id="not seen"),
        pytest.param(At(500), Taken(nearest=11, furthest=500), id="past it by now"),
        pytest.param(DENIED, Taken(nearest=11, furthest=500), id="unreadable"),
    ],
)
def test_there_is_nothing_to_say(position: Position, sight: Sight) -> None:
    assert found(FED, position, sight) is None


def test_the_remedy_of_larger_steps_stays_on_them() -> None:
    finding = found(replace(FED, increment=2), At(11), Taken(nearest=13, furthest=99))

    assert finding is not None
    assert finding.remedy == "SELECT setval('public.users_id_seq', 99);"


def test_the_remedy_of_a_descending_sequence_asks_for_the_least() -> None:
    down = replace(FED, increment=-1, minimum=-100, maximum=-1)

    finding = found(down, At(-3), Taken(nearest=-4, furthest=-9))

    assert finding is not None
    assert "SELECT min(id)" in finding.remedy


def test_the_remedy_of_a_cached_sequence_gives_up_what_sessions_hold() -> None:
    finding = found(replace(FED, cache=20), At(20), Taken(nearest=21, furthest=99))

    assert finding is not None
    assert finding.remedy.startswith(
        "BEGIN; ALTER SEQUENCE public.users_id_seq RESTART;"
    )


def test_of_several_columns_the_worst_is_named() -> None:
    other = replace(USERS_ID, table_name="people", quoted_table="public.people")
    shared = replace(FED, columns=(USERS_ID, other))

    finding = found(
        shared,
        At(10),
        Taken(nearest=11, furthest=20),
        Taken(nearest=11, furthest=90),
    )

    assert finding is not None
    assert "public.people.id" in finding.message


def test_a_column_that_lost_its_sequence_gets_it_back_as_it_was() -> None:
    finding = found(
        replace(BIGINT, data_type="integer", maximum=2**31 - 1), At(1), lost=(USERS_ID,)
    )

    assert finding is not None
    assert finding.severity is Severity.CRITICAL
    assert finding.remedy == (
        "CREATE SEQUENCE IF NOT EXISTS public.users_id_seq AS integer INCREMENT 1"
        " MINVALUE 1 MAXVALUE 2147483647 START 1 OWNED BY public.users.id;"
        " ALTER TABLE public.users ALTER COLUMN id"
        " SET DEFAULT nextval('public.users_id_seq');"
        " SELECT setval('public.users_id_seq', (SELECT max(id) FROM public.users));"
    )


@pytest.mark.parametrize("position", [At(1), Unused(1)])
def test_an_owner_without_a_default_is_told_and_no_alarm_for_applications_call_nextval(
    position: Position,
) -> None:
    unsupplied = replace(FED, columns=(replace(USERS_ID, unsupplied=True),))

    finding = found(unsupplied, position, CLEAR, usage=replace(USAGE, consumed=0))

    assert finding is not None
    assert (finding.kind, finding.severity) == (Kind.SEQUENCE_MISSING, Severity.INFO)


def test_a_sequence_that_moves_is_called_by_somebody() -> None:
    unsupplied = replace(FED, columns=(replace(USERS_ID, unsupplied=True),))

    assert found(unsupplied, At(1), CLEAR, usage=replace(USAGE, consumed=3)) is None
