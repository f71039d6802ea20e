from __future__ import annotations

import re

import pytest

from agent.config.dsns import checked_dsn, checked_history_url

SHAPE = "is neither postgresql://user@host/database nor host=… user=… dbname=…"


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://agent@db:5432/postgres",
        "postgres://agent:pa$$w+rd@db/app?sslmode=require",
        "postgresql:///app?host=/run/postgresql",
        "host=db user=agent password='a b'",
        "dbname = app",
        "service=staging",
    ],
)
def test_what_libpq_may_take_is_left_alone(dsn: str) -> None:
    assert checked_dsn(f" {dsn}\n") == dsn


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("", "must not be empty"),
        (" \n", "must not be empty"),
        ("secret", SHAPE),
        ("jdbc:postgresql://db/app?user=secret", SHAPE),
        ("mysql://u:secret@db/app", "must begin with postgresql://"),
        ("https://secret", "must begin with postgresql://"),
        ("PostgreSQL://u:secret@db", "must begin with postgresql://"),
        ("sqlite:///secret", "must begin with postgresql://"),
        (
            "postgresql+psycopg://u:secret@db/app",
            "is an SQLAlchemy URL; remove '+psycopg' so that it begins with postgresql://",
        ),
        (
            "postgres+asyncpg://u:secret@db/app",
            "is an SQLAlchemy URL; remove '+asyncpg' so that it begins with postgresql://",
        ),
    ],
)
def test_what_is_plainly_no_dsn_is_refused_and_not_repeated(
    dsn: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        checked_dsn(dsn)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///sequence-agent.db",
        "sqlite:////var/lib/sequence-agent/history.db",
        "sqlite:///:memory:",
        "postgresql+psycopg://agent:secret@db/history",
    ],
)
def test_history_is_kept_in_sqlite_or_postgresql(url: str) -> None:
    assert checked_history_url(url) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("history.db", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("mysql://u:secret@db", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("postgresql://u:secret@db", "must begin with postgresql+psycopg://"),
        ("postgres://u:secret@db", "must begin with postgresql+psycopg://"),
        ("postgresql+asyncpg://u:secret@db", "must begin with postgresql+psycopg://"),
        ("sqlite://history.db", "must begin with sqlite:///, then the file"),
        ("sqlite+aiosqlite:///h.db", "must begin with sqlite:///, then the file"),
        ("sqlite:///", "must begin with sqlite:///, then the file"),
    ],
)
def test_other_histories_are_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        checked_history_url(url)
