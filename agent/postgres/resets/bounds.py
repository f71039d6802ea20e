"""How long a run may take, as its server is told; it holds when the agent is gone too."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from psycopg import errors

from agent.postgres.connect import BoundedConnection, milliseconds
from agent.postgres.queries import query

LONGEST_STATEMENT = timedelta(minutes=10)
LONGEST_RUN = timedelta(minutes=30)
# Shorter than an agent asks for the fate of a COMMIT that never arrived.
_LONGEST_IDLE = timedelta(seconds=20)
_CLIENT_CHECKED_EVERY = timedelta(seconds=1)


def bound_run(connection: BoundedConnection, *, lock: timedelta) -> None:
    """Bound the transaction of a run, and for now the wait for each lock."""
    connection.execute(
        query("run_settings"),
        {
            "statement_timeout": milliseconds(LONGEST_STATEMENT),
            "lock_timeout": milliseconds(lock),
            "idle_timeout": milliseconds(_LONGEST_IDLE),
        },
    )
    version = connection.info.server_version
    if version >= 140_000:
        _end_when_left_alone(connection)
    if version >= 170_000:
        connection.execute(
            query("run_transaction_timeout"),
            {"transaction_timeout": milliseconds(LONGEST_RUN)},
        )


def bound(
    connection: BoundedConnection, *, statement: timedelta, lock: timedelta
) -> None:
    """How long each of the next statements may take, and wait for each lock."""
    connection.execute(
        query("run_waiting"),
        {
            "statement_timeout": milliseconds(statement),
            "lock_timeout": milliseconds(lock),
        },
    )


def _end_when_left_alone(connection: BoundedConnection) -> None:
    """An agent that is gone must not keep tables locked while its statement runs.

    A server on Windows cannot tell.
    """
    interval = milliseconds(_CLIENT_CHECKED_EVERY)
    with suppress(errors.InvalidParameterValue), connection.transaction():
        connection.execute(query("run_client_check"), {"interval": interval})
