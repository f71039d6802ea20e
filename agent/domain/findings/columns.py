"""Findings about the columns that hold the values of a sequence."""

from __future__ import annotations

from agent.domain.findings.case import Case, Finding
from agent.domain.kinds import Kind, Severity
from agent.domain.limits import column_range, limit_in, sequence_type_range
from agent.domain.remedies import (
    SEQUENCE_TYPE,
    catch_up,
    widen_column,
    widen_sequence,
)
from agent.domain.sequences import At, FedColumn, Unreadable, Unused, upcoming
from agent.domain.taken import Taken, calls_past_taken
from agent.domain.wording import counted

_INTEGER_COLUMNS = {"int2", "int4", "int8"}


def column_narrower(case: Case) -> Finding | None:
    own = limit_in(case.sequence, None)
    if case.limiting is None or limit_in(case.sequence, case.limiting) == own:
        return None
    column = case.limiting
    return Finding(
        kind=Kind.COLUMN_NARROWER,
        severity=Severity.INFO,
        message=(
            f"column {column.table}.{column.column} ({column.type_name}) ends at"
            f" {limit_in(case.sequence, column)}, its sequence at {own}"
        ),
        remedy=widen_column(column),
    )


def sequence_narrower(case: Case) -> Finding | None:
    reach = sequence_type_range(case.sequence.data_type).high
    for column in case.sequence.holders:
        held = column_range(column.base_type, column.base_typmod)
        if column.base_type in _INTEGER_COLUMNS and held and held.high > reach:
            return Finding(
                kind=Kind.SEQUENCE_NARROWER,
                severity=Severity.INFO,
                message=(
                    f"sequence is {case.sequence.data_type}, but column"
                    f" {column.table}.{column.column} is {column.type_name}"
                ),
                remedy=widen_sequence(
                    case.sequence, to=SEQUENCE_TYPE[column.base_type]
                ),
            )
    return None


def cycles_into_unique(case: Case) -> Finding | None:
    unique = next((c for c in case.sequence.holders if c.unique), None)
    if not case.sequence.cycle or unique is None:
        return None
    return Finding(
        kind=Kind.CYCLES_INTO_UNIQUE,
        severity=Severity.WARNING,
        message=(
            f"starts again after {limit_in(case.sequence, None)}, but"
            f" {unique.table}.{unique.column} is unique: inserts will collide"
        ),
        remedy=f"ALTER SEQUENCE {case.sequence.quoted} NO CYCLE;",
    )


def behind_column(case: Case) -> Finding | None:
    position = case.reading.position
    if isinstance(position, Unreadable):
        return None
    held = (
        (calls_past_taken(case.sequence, position, sight), column, sight)
        for column, sight in zip(case.sequence.columns, case.sights, strict=False)
        if isinstance(sight, Taken)
    )
    calls, column, taken = max(held, key=_gravity, default=(0, None, None))
    if calls == 0 or column is None or taken is None:
        return None
    if taken.in_block:
        return _in_next_block(case, position, column, taken)
    at_once = taken.nearest == upcoming(case.sequence, position)
    grave = column.unique and at_once and column.subscription is None
    message = _how_far_behind(case, position, column, taken, calls)
    if column.subscription is not None:
        message = (
            f"filled by subscription {column.subscription}; move it at the switch-over:"
            f" {message}"
        )
    return Finding(
        kind=Kind.BEHIND_COLUMN,
        severity=Severity.CRITICAL if grave else Severity.WARNING,
        message=message,
        remedy=catch_up(case.sequence, column, taken.furthest),
    )


def _gravity(held: tuple[int, FedColumn, Taken]) -> tuple[bool, int]:
    """What a subscription fills is behind by design, so that others come first."""
    calls, column, _ = held
    return calls > 0 and column.subscription is None, calls


def _in_next_block(
    case: Case, position: Unused | At, column: FedColumn, taken: Taken
) -> Finding:
    """Where blocks begin at a value of the sequence and do not end there, all is well."""
    following = upcoming(case.sequence, position)
    block = abs(case.sequence.increment)
    return Finding(
        kind=Kind.BEHIND_COLUMN,
        severity=Severity.WARNING,
        message=(
            f"ids come in blocks of {block}, and {taken.furthest} is in"
            f" {column.table}.{column.column} before its next value {following}: that"
            " block is begun already if it ends there"
        ),
        remedy=(
            "none needed if blocks begin at its values (pooled-lo, HiLo); if they end"
            f" there (pooled): {catch_up(case.sequence, column, following)}"
        ),
    )


def _how_far_behind(
    case: Case, position: Unused | At, column: FedColumn, taken: Taken, calls: int
) -> str:
    place = f"{column.table}.{column.column}"
    following = upcoming(case.sequence, position)
    if taken.nearest == following:
        start = f"its next value {following} is already in {place}"
    else:
        start = (
            f"its next value is {following}, and {taken.nearest} is already in {place}"
        )
    return f"{start}: {counted(calls, 'call')} behind the last, {taken.furthest}"
