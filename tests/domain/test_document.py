from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from agent.domain.document import SequenceEntry, document, sequence_entry
from agent.domain.pace import Thresholds
from agent.domain.sequences import At, Link, Reading, Unreadable, Unused
from agent.domain.status import SequenceStatus, State, assess
from agent.domain.taken import CLEAR, Sight, Taken, Unseen
from tests.domain.statuses import (
    BIGINT,
    DENIED,
    LOCKED,
    NOON,
    ON_STANDBY,
    USERS_ID,
    VANISHED,
    broken,
    database_of,
    left_out,
    status_of,
)

USERS = replace(BIGINT, columns=(USERS_ID,))


def entry_of(status: SequenceStatus) -> SequenceEntry:
    return sequence_entry(status)


def test_what_was_left_out_is_listed_with_its_reason_and_is_no_database_that_was_read() -> (
    None
):
    shown = document([left_out()], NOON)

    assert shown["databases"] == []
    assert shown["excluded"] == [
        {"server": "primary", "datname": "closed", "reason": "no_privilege"}
    ]


def test_a_document_is_what_the_contract_shows() -> None:
    status = database_of(status_of(USERS, At(2040109465)))

    shown = document([status], NOON)

    [sequence] = shown["databases"][0]["sequences"]
    near_limit, column_narrower = sequence["findings"]
    assert near_limit["kind"] == "near_limit"
    assert near_limit["severity"] == "critical"
    assert set(near_limit) == {
        *("kind", "severity", "message", "remedy", "acknowledged")
    }
    assert column_narrower["severity"] == "info"
    assert {**shown, "databases": [{**shown["databases"][0], "sequences": []}]} == {
        "generated_at": "2026-11-22T12:00:00Z",
        "databases": [
            {
                "server": "primary",
                "datname": "app",
                "server_version": "18.4",
                "in_recovery": False,
                "error": None,
                "sequences": [],
            }
        ],
    }
    assert {**sequence, "findings": []} == {
        "schemaname": "public",
        "sequencename": "users_id_seq",
        "state": "ok",
        "last_value": 2040109465,
        "is_called": True,
        "next_value": 2040109466,
        "data_type": "bigint",
        "start_value": 1,
        "min_value": 1,
        "max_value": 9223372036854775807,
        "increment_by": 1,
        "cycle": False,
        "cache_size": 1,
        "limit_value": 2147483647,
        "limited_by": "column public.users.id (integer)",
        "used_ratio": pytest.approx(0.95),
        "remaining_values": 107374182,
        "behind_values": None,
        "behind_unknown": "not_looked",
        "columns": [
            {
                "table": "public.users",
                "column": "id",
                "type": "integer",
                "link": "owned",
                "limit_value": 2147483647,
                "used_ratio": pytest.approx(0.95),
                "remaining_values": 107374182,
                "behind_values": None,
                "behind_unknown": "not_looked",
            }
        ],
        "findings": [],
    }


def test_integers_beyond_53_bits_stay_exact_in_json() -> None:
    status = database_of(status_of(BIGINT, At(2**63 - 2)))

    decoded = json.loads(json.dumps(document([status], NOON)))

    [sequence] = decoded["databases"][0]["sequences"]
    assert sequence["last_value"] == 9223372036854775806
    assert sequence["limit_value"] == 9223372036854775807


def test_the_moment_is_told_in_utc() -> None:
    in_berlin = datetime(2026, 7, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))

    assert document([], in_berlin)["generated_at"] == "2026-07-01T00:00:00Z"


def test_an_unused_sequence_has_no_last_value_and_its_start_comes_next() -> None:
    entry = entry_of(status_of(USERS, Unused(5)))

    assert entry["state"] == "unused"
    assert entry["last_value"] is None
    assert entry["is_called"] is False
    assert entry["next_value"] == 5


def test_the_next_value_is_null_when_the_next_call_fails() -> None:
    entry = entry_of(status_of(replace(BIGINT, maximum=10), At(10)))

    assert entry["next_value"] is None
    assert entry["remaining_values"] == 0


@pytest.mark.parametrize(
    ("obstacle", "state"),
    [
        (DENIED, "unreadable"),
        (LOCKED, "locked"),
        (ON_STANDBY, "unlogged_on_standby"),
        (VANISHED, "vanished"),
    ],
)
def test_what_cannot_be_read_is_null_and_its_limit_is_still_known(
    obstacle: Unreadable, state: State
) -> None:
    entry = entry_of(status_of(USERS, obstacle))

    values = ("last_value", "is_called", "next_value", "used_ratio", "remaining_values")
    assert [entry.get(key) for key in values] == [None] * 5
    assert entry["state"] == state
    assert entry["limit_value"] == 2147483647
    assert entry["columns"][0]["limit_value"] == 2147483647
    assert entry["columns"][0]["used_ratio"] is None
    assert entry["columns"][0]["remaining_values"] is None
    assert entry["findings"][0]["kind"] == "unreadable"


def test_a_column_without_a_bound_has_no_limit() -> None:
    text = replace(USERS_ID, type_name="text", base_type="text", link=Link.DEFAULT)

    entry = entry_of(status_of(replace(BIGINT, columns=(text,)), At(7)))

    [column] = entry["columns"]
    assert column["limit_value"] is None
    assert column["used_ratio"] is None
    assert entry["used_ratio"] is not None


def test_names_are_the_databases_own() -> None:
    odd = replace(
        BIGINT,
        schema='Sales "Q1"',
        name="x\x1b\n",
        columns=(replace(USERS_ID, table_schema="A b", table_name="c.d"),),
    )

    entry = entry_of(status_of(odd, At(1)))

    assert entry["schemaname"] == 'Sales "Q1"'
    assert entry["sequencename"] == "x\x1b\n"
    assert entry["columns"][0]["table"] == "A b.c.d"


def test_a_database_in_error_says_why_and_has_no_sequences() -> None:
    [database] = document([broken("connection refused")], NOON)["databases"]

    assert database == {
        "server": "primary",
        "datname": "dark",
        "server_version": None,
        "in_recovery": None,
        "error": "connection refused",
        "sequences": [],
    }


@pytest.mark.parametrize(
    ("sight", "behind", "why"),
    [
        (CLEAR, 0, None),
        (Taken(nearest=11, furthest=20), 10, None),
        (Unseen.NO_INDEX, None, "no_index"),
        (Unseen.NO_PRIVILEGE, None, "no_privilege"),
        (Unseen.ROW_SECURITY, None, "row_security"),
        (Unseen.UNTRUSTED_CODE, None, "untrusted_code"),
        (Unseen.COMPUTED, None, "computed"),
        (Unseen.PENDING, None, "not_looked"),
        (Unseen.LOCKED, None, "not_looked"),
        (Unseen.LEFTOVER, None, "not_looked"),
    ],
)
def test_not_behind_is_told_from_not_known(
    sight: Sight, behind: int | None, why: str | None
) -> None:
    status = assess(
        Reading(sequence=replace(BIGINT, columns=(USERS_ID,)), position=At(10)),
        thresholds=Thresholds(),
        role="agent",
        sights=(sight,),
    )

    entry = sequence_entry(status)

    assert (entry["behind_values"], entry["behind_unknown"]) == (behind, why)
    [column] = entry["columns"]
    assert (column["behind_values"], column["behind_unknown"]) == (behind, why)
