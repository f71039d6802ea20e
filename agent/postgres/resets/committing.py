"""What a COMMIT waits for that is not acknowledged at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta

from psycopg.rows import scalar_row

from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection
from agent.postgres.queries import query

LONGEST_COMMIT = timedelta(minutes=1)
UNACKNOWLEDGED = (
    "it is committed on this server; the synchronous standby that the server waits for"
    " has not acknowledged it"
)
_SLOW = timedelta(seconds=2)


@contextmanager
def told_of_slow_commit(
    beside: Callable[[], AbstractContextManager[BoundedConnection]],
    backend_pid: int,
    told: Callable[[str], None],
) -> Iterator[None]:
    """Say, while the body commits on a backend, what keeps it from being quick."""

    def look() -> None:
        # The watch is there for people; what cannot be seen is no fault of the COMMIT.
        with (
            suppress(AgentError),
            beside() as watching,
            watching.transaction(),
            watching.cursor(row_factory=scalar_row) as cursor,
        ):
            wanted = {"backend_pid": backend_pid}
            if cursor.execute(query("run_waits_for"), wanted).fetchone() == "SyncRep":
                told("committing: a synchronous standby has not acknowledged it yet")

    timer = threading.Timer(_SLOW.total_seconds(), look)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
