"""What went wrong with a history, in one sentence and without secrets."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError, StatementError

from agent.errors import HistoryError

# Too large for a column, or not what a column should hold: another program wrote it.
_UNFIT = (ValueError, OverflowError)
_NO_PRIVILEGE = "42501"
_NEXT_TO_NOTHING = 1_000_000  # bytes

_SQLITE = {
    "SQLITE_BUSY": "another process has it locked",
    "SQLITE_LOCKED": "another process has it locked",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "the file or its directory is read-only",
    "SQLITE_PERM": "the file or its directory is read-only",
    "SQLITE_CANTOPEN": (
        "the file cannot be opened; look at the permissions of it and of its directory"
    ),
    "SQLITE_NOTADB": "the file is not one of SQLite; move it away, or name another",
    "SQLITE_CORRUPT": (
        "the file is damaged; move it away, or mend it with `.recover` of sqlite3"
    ),
}


@contextmanager
def told_as_history_error(action: str, url: URL) -> Iterator[None]:
    """Raise HistoryError for whatever a database, a disk or a network may do."""
    try:
        yield
    except HistoryError as error:
        raise HistoryError(f"{_cannot(action, url)}: {error}") from error
    except (SQLAlchemyError, sqlite3.Error, OSError, CommandError, *_UNFIT) as error:
        raise HistoryError(f"{_cannot(action, url)}: {_reason(error, url)}") from error


def _cannot(action: str, url: URL) -> str:
    return f"cannot {action} the history at {place(url)!r}"


def place(url: URL) -> str:
    """Where it is; what follows a question mark may hold a password as well."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    bare = URL.create(
        url.drivername,
        username=url.username,
        host=url.host,
        port=url.port,
        database=url.database,
    )
    return bare.render_as_string()


def _reason(error: Exception, url: URL) -> str:
    cause = error.orig if isinstance(error, StatementError) else error
    if isinstance(cause, sqlite3.Error):
        return _reason_of_sqlite(cause, Path(str(url.database)))
    text = _words_of_server(cause) or one_line(cause or error)
    if getattr(cause, "sqlstate", None) == _NO_PRIVILEGE:
        return (
            f"{text}; its role needs the rights to create tables in its schema"
            " and to use them"
        )
    return text


def _words_of_server(error: object) -> str | None:
    """What PostgreSQL says in the first place, without the statement it says it of."""
    told: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    return told


def _reason_of_sqlite(error: sqlite3.Error, file: Path) -> str:
    name = str(getattr(error, "sqlite_errorname", ""))
    primary = "_".join(name.split("_")[:2])
    if not file.parent.is_dir():
        return f"the directory {str(file.parent)!r} does not exist"
    if (
        primary == "SQLITE_IOERR"
        and shutil.disk_usage(file.parent).free < _NEXT_TO_NOTHING
    ):
        return _SQLITE["SQLITE_FULL"]
    return _SQLITE.get(primary) or one_line(error)


def one_line(error: BaseException) -> str:
    """The text of an error of libpq or the server, joined into one sentence."""
    lines = (line.strip() for line in str(error).splitlines())
    text = "; ".join(line for line in lines if line) or type(error).__name__
    return text.removeprefix("connection failed: ")
