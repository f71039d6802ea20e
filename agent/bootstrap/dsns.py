"""A DSN that somebody gave, checked before anything is asked of it."""

from __future__ import annotations

from agent.config.dsns import checked_dsn
from agent.postgres.connect import parse_conninfo
from agent.postgres.errors import DsnError


def usable_dsn(dsn: str, *, which: str = "the DSN") -> str:
    """The DSN without the blanks around it; raises DsnError, which begins with `which`."""
    try:
        shaped = checked_dsn(dsn)
        parse_conninfo(shaped)
    except ValueError as error:
        raise DsnError(f"{which} {error}") from None
    except DsnError as error:
        raise DsnError(f"{which} is {error}") from None
    return shaped
