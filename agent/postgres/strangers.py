"""Connection strings that were written for other tools."""

from __future__ import annotations

import re

from psycopg import pq

_KEY = r"[A-Za-z_][A-Za-z0-9_.-]{0,40}"


def what_is_wrong(conninfo: str) -> str:
    """What libpq does not take a connection string for, and never more than keys of it.

    >>> what_is_wrong("postgresql://u:secret@db/app?schema=public&connection_limit=1")
    "libpq knows no parameters 'schema' and 'connection_limit'; they are another tool's, leave them out"
    """
    unknown = [key for key in _keys(conninfo) if key not in _known()]
    if not unknown:
        return (
            "write postgresql://user@host:5432/database"
            " or 'host=… port=… dbname=… user=…'"
        )
    names = " and ".join(repr(key) for key in unknown)
    if len(unknown) == 1:
        return f"libpq knows no parameter {names}; it is another tool's, leave it out"
    return f"libpq knows no parameters {names}; they are another tool's, leave them out"


def _known() -> set[str]:
    # A URI may say ssl=true, as JDBC does.
    return {each.keyword.decode() for each in pq.Conninfo.get_defaults()} | {"ssl"}


def _keys(conninfo: str) -> list[str]:
    """Its keys in order, where it is certain that they are none but keys."""
    if "://" in conninfo:
        asked = conninfo.partition("?")[2]
        # Else a question mark of the password is what was cut at.
        pairs = [] if "@" in asked else asked.split("&")
        found = [pair.partition("=")[0] for pair in pairs]
        return list(dict.fromkeys(key for key in found if re.fullmatch(_KEY, key)))
    value = r"(?:'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)"
    if not re.fullmatch(rf"\s*(?:{_KEY}\s*=\s*{value}\s*)*", conninfo):
        return []
    pairs = re.findall(rf"({_KEY})\s*=\s*{value}", conninfo)
    return list(dict.fromkeys(pairs))
