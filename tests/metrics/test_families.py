from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import NamedTuple

import pytest

from agent.domain.forecasting.forecast import Forecast
from agent.domain.forecasting.forecast import State as Outlook
from agent.domain.sequences import At, Link, Position
from agent.domain.status import DatabaseStatus, SequenceStatus
from agent.metrics.families import (
    FAMILIES,
    DatabaseFamily,
    Round,
    Sample,
    SequenceFamily,
)
from tests.domain.statuses import (
    BIGINT,
    DENIED,
    LOCKED,
    NOON,
    ON_STANDBY,
    OUTLOOK,
    UNUSED,
    USAGE,
    USERS_ID,
    VANISHED,
    broken,
    database_of,
    status_of,
    unread,
    used,
)

FED = replace(BIGINT, columns=(USERS_ID,))


def of_sequence(name: str, status: SequenceStatus) -> list[Sample]:
    family = next(f for f in FAMILIES if f.name == name)
    assert isinstance(family, SequenceFamily)
    return list(family.samples(status))


def of_database(name: str, status: DatabaseStatus) -> list[Sample]:
    family = next(f for f in FAMILIES if f.name == name)
    assert isinstance(family, DatabaseFamily)
    return list(family.samples(Round(status=status, last_success=None)))


def states(status: DatabaseStatus) -> dict[str, float]:
    samples = of_database("pg_sequences", status)
    return {dict(labels)["state"]: value for labels, value in samples}


class Expected(NamedTuple):
    """What a position shows; None is an absent sample."""

    position: Position
    last_value: int | None
    used_ratio: float | None
    remaining: int | None
    readable: int


HALF = status_of(replace(BIGINT, maximum=100), At(50))


@pytest.mark.parametrize(
    "expected",
    [
        Expected(At(50), 50, 0.5, 50, 1),
        Expected(UNUSED, None, 0.0, 100, 1),
        Expected(DENIED, None, None, None, 0),
        Expected(LOCKED, None, None, None, 0),
        Expected(ON_STANDBY, None, None, None, 0),
    ],
    ids=["called", "unused", "denied", "locked", "unlogged on standby"],
)
def test_a_position_shows_what_is_known_of_it(expected: Expected) -> None:
    status = status_of(replace(BIGINT, maximum=100), expected.position)

    def only(name: str) -> float | None:
        return next((value for _, value in of_sequence(name, status)), None)

    assert only("pg_sequence_last_value") == expected.last_value
    assert only("pg_sequence_used_ratio") == expected.used_ratio
    assert only("pg_sequence_remaining_values") == expected.remaining
    assert only("pg_sequence_readable") == expected.readable
    assert only("pg_sequence_limit_value") == 100


def test_values_of_64_bits_stay_exact_integers() -> None:
    status = status_of(BIGINT, At(2**63 - 2))

    assert of_sequence("pg_sequence_last_value", status) == [((), 2**63 - 2)]
    assert of_sequence("pg_sequence_remaining_values", status) == [((), 1)]


def test_the_limit_is_that_of_the_tightest_column() -> None:
    status = status_of(FED, At(5))

    assert of_sequence("pg_sequence_limit_value", status) == [((), 2**31 - 1)]


def test_info_names_the_definition_and_the_owner() -> None:
    status = status_of(replace(FED, cycle=True, cache=20), At(5))

    [(labels, value)] = of_sequence("pg_sequence_info", status)

    assert value == 1
    assert dict(labels) == {
        "data_type": "bigint",
        "increment_by": "1",
        "cycle": "true",
        "cache_size": "20",
        "owner_table": "public.users",
        "owner_column": "id",
        "column_type": "integer",
        "limited_by": "column public.users.id (integer)",
    }


def test_info_of_a_sequence_that_nothing_owns_has_empty_owner_labels() -> None:
    default = replace(USERS_ID, link=Link.DEFAULT)
    status = status_of(replace(BIGINT, columns=(default,)), At(5))

    [(labels, _)] = of_sequence("pg_sequence_info", status)

    assert dict(labels) | {
        "owner_table": "",
        "owner_column": "",
        "column_type": "",
    } == (dict(labels))


def test_every_column_with_a_capacity_has_a_used_ratio_of_its_own() -> None:
    small = replace(
        USERS_ID, table_name="tags", base_type="int2", link=Link.DEFAULT, column="n"
    )
    text = replace(USERS_ID, table_name="notes", base_type="text")
    status = status_of(replace(BIGINT, columns=(USERS_ID, small, text)), At(32767))

    samples = of_sequence("pg_sequence_column_used_ratio", status)

    assert samples == [
        (
            (("table", "public.users"), ("column", "id"), ("link", "owned")),
            32767 / (2**31 - 1),
        ),
        ((("table", "public.tags"), ("column", "n"), ("link", "default")), 1.0),
    ]


def test_an_unreadable_sequence_has_no_used_ratio_of_columns() -> None:
    status = status_of(FED, DENIED)

    assert of_sequence("pg_sequence_column_used_ratio", status) == []


def test_each_finding_is_one_sample_with_its_kind_and_severity() -> None:
    status = used(95)

    assert of_sequence("pg_sequence_finding", status) == [
        (
            (
                ("kind", "near_limit"),
                ("severity", "critical"),
                ("acknowledged", "false"),
            ),
            1,
        ),
        (
            (("kind", "unattached"), ("severity", "info"), ("acknowledged", "false")),
            1,
        ),
    ]


def test_every_state_is_counted_and_a_vanished_sequence_is_not() -> None:
    unreads = [unread(p) for p in (DENIED, DENIED, LOCKED, ON_STANDBY, VANISHED)]
    status = replace(database_of(used(5), *unreads), excluded=7)

    assert states(status) == {
        "ok": 1,
        "unused": 0,
        "unreadable": 2,
        "locked": 1,
        "unlogged_on_standby": 1,
        "excluded": 7,
    }


def test_a_readable_database_without_sequences_counts_zeros() -> None:
    assert set(states(database_of()).values()) == {0}
    assert len(states(database_of())) == 6


def test_the_highest_used_ratio_stands_for_the_database() -> None:
    status = database_of(used(5), used(95), used(50))

    assert of_database("pg_sequence_max_used_ratio", status) == [((), 0.95)]


def test_there_is_no_highest_used_ratio_where_nothing_could_be_read() -> None:
    assert of_database("pg_sequence_max_used_ratio", database_of(unread())) == []


@pytest.mark.parametrize("name", ["pg_sequences", "pg_sequence_max_used_ratio"])
def test_a_database_that_could_not_be_read_counts_nothing(name: str) -> None:
    status = replace(database_of(used(5)), error="connection refused")

    assert of_database(name, status) == []


def test_a_database_is_up_when_its_last_round_could_read_it() -> None:
    assert of_database("sequence_agent_database_up", database_of()) == [((), 1)]
    assert of_database("sequence_agent_database_up", broken()) == [((), 0)]


def test_the_last_success_is_told_to_the_microsecond() -> None:
    moment = NOON.replace(microsecond=123_456)
    family = FAMILIES[-1]
    assert isinstance(family, DatabaseFamily)

    samples = family.samples(Round(status=broken(), last_success=moment))

    assert list(samples) == [((), moment.timestamp())]


def test_names_are_unique_and_counters_end_in_total() -> None:
    names = [family.name for family in FAMILIES]

    assert len(set(names)) == len(names)
    assert all(
        family.name.endswith("_total") == (family.type == "counter")
        for family in FAMILIES
    )


NEVER = replace(OUTLOOK, p10_seconds=None, p50_seconds=None)
TOO_LITTLE = replace(OUTLOOK, state=Outlook.INSUFFICIENT_DATA)


def with_outlook(outlook: Forecast | None) -> SequenceStatus:
    return replace(used(5), usage=replace(USAGE, outlook=outlook))


def ends(outlook: Forecast | None) -> dict[str, float]:
    name = "pg_sequence_time_to_exhaustion_seconds"
    samples = of_sequence(name, with_outlook(outlook))
    return {dict(labels)["percentile"]: value for labels, value in samples}


def test_what_lies_beyond_the_horizon_is_infinite() -> None:
    assert ends(OUTLOOK) == {"10": 8_000_000, "50": 9_000_000, "90": inf}
    assert ends(NEVER) == {"10": inf, "50": inf, "90": inf}


@pytest.mark.parametrize("outlook", [None, TOO_LITTLE], ids=["unread", "too little"])
def test_what_cannot_be_foreseen_is_absent(outlook: Forecast | None) -> None:
    assert ends(outlook) == {}


def test_consumption_is_exact_and_a_rate_not_yet_known_is_absent() -> None:
    status = replace(used(5), usage=USAGE)

    assert of_sequence("pg_sequence_consumed_values_total", status) == [((), 2**60 + 1)]
    assert of_sequence("pg_sequence_consumption_values_per_second", status) == [
        ((("window", "1h"),), 0.25),
        ((("window", "1d"),), 0.5),
    ]


def test_every_reason_of_a_reset_is_counted_from_0_on() -> None:
    samples = of_sequence("pg_sequence_resets_total", replace(used(5), usage=USAGE))

    assert {dict(labels)["reason"]: value for labels, value in samples} == {
        "restart": 2,
        "setval": 0,
        "recreated": 0,
    }


@pytest.mark.parametrize(
    ("outlooks", "expected"),
    [
        ([OUTLOOK, NEVER], [8_000_000]),
        ([NEVER, TOO_LITTLE], [inf]),
        ([TOO_LITTLE, None], []),
    ],
    ids=["the earliest", "none within ten years", "none known"],
)
def test_the_earliest_end_of_a_database(
    outlooks: list[Forecast | None], expected: list[float]
) -> None:
    status = database_of(*map(with_outlook, outlooks))

    samples = of_database("pg_sequence_min_time_to_exhaustion_seconds", status)

    assert [value for _, value in samples] == expected
