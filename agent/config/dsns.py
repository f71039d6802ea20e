"""What a connection string looks like from outside; nothing here ever repeats one."""

from __future__ import annotations

import re

_POSTGRES = {"postgresql", "postgres"}
_URL = re.compile(r"([A-Za-z][A-Za-z0-9.-]*)(?:\+([A-Za-z0-9_.-]+))?://")
_PAIRS = re.compile(r"[A-Za-z_]+ *=")


def checked_dsn(text: str) -> str:
    """Return a libpq connection string without the blanks around it.

    Only what is plainly something else is refused, with ValueError: libpq knows the
    details, and lives elsewhere.

    >>> checked_dsn("  host=db user=agent ")
    'host=db user=agent'
    """
    text = text.strip()
    if not text:
        raise ValueError("must not be empty")
    url = _URL.match(text)
    if url is None and not _PAIRS.match(text):
        raise ValueError(
            "is neither postgresql://user@host/database nor host=… user=… dbname=…"
        )
    if url is not None:
        _check_scheme(url[1], url[2])
        _check_password(text[url.end() :])
    return text


def _check_scheme(scheme: str, driver: str | None) -> None:
    if scheme not in _POSTGRES:
        raise ValueError("must begin with postgresql://")
    if driver is not None:
        raise ValueError(
            f"is an SQLAlchemy URL; remove '+{driver}' so that it begins with postgresql://"
        )


def _check_password(url: str) -> None:
    """Refuse what libpq would take the rest of a password out of for a host.

    It would then be told in every message about that host.
    """
    authority, _, path = url.partition("?")[0].partition("/")
    if "@" in path or authority.count("@") > 1:
        raise ValueError(
            "has an '@' in the wrong place; within a user name or a password write %40"
            " for '@' and %2F for '/'"
        )


def checked_history_url(text: str) -> str:
    """Return an SQLAlchemy URL of a kind that the history can be kept in.

    >>> checked_history_url("sqlite:///sequence-agent.db")
    'sqlite:///sequence-agent.db'
    """
    text = text.strip()
    url = _URL.match(text)
    if url is None or url[1] not in {*_POSTGRES, "sqlite"}:
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    if url[1] in _POSTGRES and (url[1], url[2]) != ("postgresql", "psycopg"):
        raise ValueError("must begin with postgresql+psycopg://")
    if url[1] == "sqlite" and not re.match("sqlite:///.", text):
        raise ValueError("must begin with sqlite:///, then the file")
    return text
