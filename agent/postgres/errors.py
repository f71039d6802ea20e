"""What can go wrong between the agent and a server, in one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from agent.errors import AgentError, MistakeError, NotAdmittedError, RefusedError


class DsnError(MistakeError):
    """A connection string that cannot be one; its text is never repeated."""


class DatabaseUnreachableError(AgentError):
    """No connection could be made, or it broke."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(f"cannot connect to {database!r}: {reason}")


class DatabaseRefusedError(DatabaseUnreachableError, RefusedError):
    """The server answers, and lets us not into this one database."""


class HbaRejectedError(DatabaseUnreachableError, NotAdmittedError):
    """The server's pg_hba.conf has no line for the role, or one that rejects it."""


class TooManyConnectionsError(DatabaseRefusedError):
    """The role, the database or the server has as many connections as it may have."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(
            database,
            f"{reason}; other clients take up the limit: raise it, or lower"
            " `sampling.concurrency` of every agent that connects with this role",
        )
        self.reason = reason


class DatabaseQueryError(AgentError):
    """A connection was there, and a query failed on it."""

    def __init__(self, database: str, reason: str) -> None:
        super().__init__(f"cannot query {database!r}: {reason}")


class UnsupportedServerError(AgentError):
    """A server too old to be read truthfully."""

    def __init__(self, database: str, version: str) -> None:
        super().__init__(
            f"cannot sample {database!r}: PostgreSQL {version} is not supported,"
            " 13 or newer is needed"
        )


class PoolerConsoleError(AgentError):
    """The console of a connection pooler, which answers as a server would."""

    def __init__(self, database: str) -> None:
        super().__init__(
            f"cannot sample {database!r}: it is the admin console of a connection pooler"
            " and no database; name one of the databases behind it"
        )


@contextmanager
def told_as_query_error(database: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseQueryError(database, one_line(error)) from error


def unreachable(database: str, error: BaseException) -> DatabaseUnreachableError:
    """The error of a connection that was not made.

    libpq tells no SQLSTATE of it, only the words of the server. Those of a server that
    speaks another language are not recognised: then it counts as unreachable.
    """
    reason = one_line(error)
    for words, kind in _WORDS:
        if words.search(reason):
            return kind(database, reason)
    return DatabaseUnreachableError(database, reason)


# 53300, and 3D000, 42501 and 55000.
_WORDS: tuple[tuple[re.Pattern[str], type[DatabaseUnreachableError]], ...] = (
    (
        re.compile(
            r"too many connections for|too many clients|connection slots are reserved"
            r"|no more connections allowed"
        ),
        TooManyConnectionsError,
    ),
    (
        re.compile(
            r"database .* does not exist|permission denied for database"
            r"|not currently accepting connections|connect to invalid database"
        ),
        DatabaseRefusedError,
    ),
    # In every language.
    (re.compile(r"pg_hba\.conf"), HbaRejectedError),
)


def one_line(error: BaseException) -> str:
    """The text of an error of libpq or the server, joined into one sentence."""
    lines = (line.strip() for line in str(error).splitlines())
    text = "; ".join(line for line in lines if line) or type(error).__name__
    # psycopg's words before those of libpq, which say it better.
    return text.removeprefix("connection is bad: ").removeprefix("connection failed: ")


def storable(text: str, connection: psycopg.Connection[Any]) -> str:
    """The text in characters that the database has; others come out as escapes.

    A LATIN1 database has no U+2026, and none has U+0000.
    """
    encoding = connection.info.parameter_status("server_encoding") or "UTF8"
    codec = _CODECS.get(encoding)
    shown = text.replace("\x00", "\\x00")
    if codec is None:
        return shown.encode("ascii", "backslashreplace").decode("ascii")
    return shown.encode(codec, "backslashreplace").decode(codec)


# What PostgreSQL calls them, and Python; of all else only ASCII is certain.
_CODECS = {
    "UTF8": "utf-8",
    "SQL_ASCII": "utf-8",
    **{
        f"LATIN{n}": f"iso8859-{part}"
        for n, part in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), 1)
    },
    "WIN1250": "cp1250",
    "WIN1251": "cp1251",
    "WIN1252": "cp1252",
    "EUC_JP": "euc_jp",
    "KOI8R": "koi8_r",
}
