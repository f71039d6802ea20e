"""What a run was doing when something went wrong, and whether trying again may help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from agent.errors import AgentError, BusyError
from agent.postgres.errors import one_line

_ENDED = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
)


class StepError(AgentError):
    """A step of a run failed; nothing was changed."""

    def __init__(self, doing: str, reason: str) -> None:
        super().__init__(f"while {doing}: {reason}")


@contextmanager
def step(doing: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Tell what is done, and with whatever goes wrong, what was being done.

    Raises BusyError where another attempt may succeed, and StepError.
    """
    tell(doing)
    try:
        yield
    except (errors.LockNotAvailable, errors.DeadlockDetected) as error:
        raise BusyError(f"while {doing}: {one_line(error)}") from error
    except psycopg.Error as error:
        raise StepError(doing, _reason(error)) from error


def is_of_the_connection(error: psycopg.Error) -> bool:
    """Whether the server or the connection ended, rather than the statement failed."""
    unsaid = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    return unsaid or isinstance(error, _ENDED)


def _reason(error: psycopg.Error) -> str:
    if is_of_the_connection(error):
        return f"the connection to the server was lost: {one_line(error)}"
    return one_line(error)
