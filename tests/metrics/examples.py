"""A small board that shows every state, for whoever renders one whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.domain.sequences import At, Link, SequenceDefinition
from agent.domain.status import DatabaseStatus
from tests.domain.statuses import (
    BIGINT,
    DENIED,
    LOCKED,
    NOON,
    ON_STANDBY,
    SCORECARDS,
    UNUSED,
    USAGE,
    USERS_ID,
    VANISHED,
    broken,
    database_of,
    status_of,
)


def _named(oid: int, name: str, schema: str = "public") -> SequenceDefinition:
    return replace(BIGINT, oid=oid, name=name, schema=schema, quoted=f"public.q{oid}")


NEARLY_FULL = replace(BIGINT, oid=10, columns=(USERS_ID,))
PAST_THE_END = replace(
    _named(11, "wide_but_narrow"),
    columns=(
        USERS_ID,
        replace(USERS_ID, table_name="copies", link=Link.DEFAULT),
        replace(USERS_ID, table_name="notes", type_name="text", base_type="text"),
    ),
)
DESCENDING = replace(
    _named(12, "down"),
    increment=-10,
    minimum=-(2**63),
    maximum=-1,
    start=-1,
    cycle=True,
    cache=20,
)
HOSTILE = _named(
    13, 'quote" back\\slash\nline\rreturn <b>bold</b> \u202eoverride', "señor 🐘\x01"
)

APP = replace(
    database_of(
        status_of(NEARLY_FULL, At(2_040_109_465), usage=USAGE),
        status_of(PAST_THE_END, At(2**63 - 1)),
        status_of(DESCENDING, At(-(2**62))),
        status_of(HOSTILE, At(1)),
        status_of(_named(14, "fresh"), UNUSED),
        status_of(_named(15, "denied"), DENIED),
        status_of(_named(16, "locked"), LOCKED),
        status_of(_named(17, "unlogged"), ON_STANDBY),
        status_of(_named(18, "vanished"), VANISHED),
        datname="app",
    ),
    excluded=2,
    scorecards=SCORECARDS,
)
DARK_BEFORE = database_of(status_of(BIGINT, At(5)), datname="dark")
DARK = replace(
    broken("connection refused", datname="dark"),
    sampled_at=NOON + timedelta(minutes=1, microseconds=250_000),
)
ROUNDS: tuple[DatabaseStatus, ...] = (DARK_BEFORE, APP, DARK)
