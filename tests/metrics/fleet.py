"""A database of many sequences, as large as a test or a measurement wants it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.domain.sequences import At, SequenceDefinition
from agent.domain.status import DatabaseStatus, SequenceStatus
from tests.domain.statuses import BIGINT, USAGE, USERS_ID, database_of, status_of


def fleet(size: int) -> DatabaseStatus:
    """Ordinary serial columns: a bigint sequence behind an integer column."""
    return database_of(
        *(status_of(_serial(i), At(1_000 * i), usage=USAGE) for i in range(size))
    )


def next_round(status: DatabaseStatus, *, every: int) -> DatabaseStatus:
    """The same a minute later, with the value of each `every`th sequence moved on."""
    later = [
        _moved(each) if i % every == 0 else each
        for i, each in enumerate(status.sequences)
    ]
    return replace(
        status,
        sampled_at=status.sampled_at + timedelta(minutes=1),
        sequences=tuple(later),
    )


def assessed_again(status: DatabaseStatus) -> DatabaseStatus:
    """The same facts in new objects, as a round that reuses nothing makes them."""
    again = (
        status_of(each.sequence, each.position, usage=each.usage)
        for each in status.sequences
    )
    return replace(status, sequences=tuple(again))


def _serial(number: int) -> SequenceDefinition:
    table = f"orders_of_region_{number:05}"
    column = replace(USERS_ID, table_name=table, quoted_table=f"public.{table}")
    return replace(
        BIGINT,
        oid=16_384 + number,
        name=f"{table}_id_seq",
        quoted=f"public.{table}_id_seq",
        columns=(column,),
    )


def _moved(status: SequenceStatus) -> SequenceStatus:
    position = status.position
    last_value = position.last_value if isinstance(position, At) else 0
    usage = replace(status.usage or USAGE, consumed=last_value + 7)
    return status_of(status.sequence, At(last_value + 7), usage=usage)
