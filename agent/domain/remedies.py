"""The statements that would mend what a finding tells; people run them, never the agent."""

from __future__ import annotations

from typing import assert_never

from agent.domain.limits import limit_in, sequence_type_range
from agent.domain.sequences import (
    FedColumn,
    Link,
    SequenceDefinition,
    Unreadability,
)

SEQUENCE_TYPE = {"int2": "smallint", "int4": "integer", "int8": "bigint"}


def widen(sequence: SequenceDefinition, column: FedColumn | None) -> str:
    """Move the limit away: that of the column that ends first, the sequence's, or both."""
    steps = [widen_column(column)] if column is not None else []
    bound_by_sequence = limit_in(sequence, column) == limit_in(sequence, None)
    follows_column = column is not None and column.link is Link.IDENTITY
    if bound_by_sequence and not follows_column:
        steps.append(widen_sequence(sequence, to="bigint"))
    return " ".join(steps)


def widen_column(column: FedColumn) -> str:
    if column.base_type == "int8":
        return "no wider integer type exists: give the sequence a new range"
    wider = "numeric" if column.base_type == "numeric" else "bigint"
    return (
        f"ALTER TABLE {column.quoted_table} ALTER COLUMN {column.quoted_column}"
        f" TYPE {wider}; (rewrites the table under an exclusive lock)"
    )


def widen_sequence(sequence: SequenceDefinition, *, to: str) -> str:
    bound = "MAXVALUE" if sequence.ascending else "MINVALUE"
    at_type_bound = limit_in(sequence, None) in (
        sequence_type_range(sequence.data_type).high,
        sequence_type_range(sequence.data_type).low,
    )
    if sequence.data_type == "bigint" and at_type_bound:
        return "no wider sequence type exists: give the sequence a new range"
    as_type = "" if sequence.data_type == to else f" AS {to}"
    return f"ALTER SEQUENCE {sequence.quoted}{as_type} NO {bound};"


def make_readable(
    sequence: SequenceDefinition, reason: Unreadability, *, role: str
) -> str:
    """What lets `role` (quoted) read a sequence that it could not read."""
    match reason:
        case Unreadability.PRIVILEGE:
            return (
                f"GRANT USAGE ON SCHEMA {sequence.quoted_schema} TO {role};"
                f" GRANT SELECT ON SEQUENCE {sequence.quoted} TO {role};"
                " (for all of them: sequence-agent grants)"
            )
        case Unreadability.LOCKED:
            return "wait for that transaction to end, or end it; the next round reads again"
        case Unreadability.UNLOGGED_ON_STANDBY:
            return (
                "sample the primary, or from PostgreSQL 15 on:"
                f" ALTER SEQUENCE {sequence.quoted} SET LOGGED;"
            )
        case Unreadability.VANISHED:
            return "none needed; the next round lists what is there"
        case Unreadability.FAILED:
            return "read the sequence by hand and look into the server's log"
        case _ as never:
            assert_never(never)
