"""Runs the SQL that `grants` prints, as psql would; and names that are hard to quote."""

from __future__ import annotations

import psycopg

ODD_NAMES = [
    "plain",
    "With Space",
    'quo"te',
    "apo'strophe",
    "back\\slash",
    "größe 注文 🚀",
    "$grants$",
    "$$; DROP TABLE users; --",
    "new\nline",
]


def run(connection: psycopg.Connection, script: str) -> list[str]:
    """Run a script as psql would; the warnings and notices that came."""
    said: list[str] = []
    connection.add_notice_handler(lambda n: said.append(n.message_primary or ""))
    connection.execute(script.encode())
    return said
