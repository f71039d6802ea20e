"""The SQL that gives a role what it needs for one purpose, and nothing beyond."""

from __future__ import annotations

import re

from agent.domain.grants import columns, resets, sampling


def grants(role: str) -> str:
    """What sampling needs: a script for an administrator, the same for PostgreSQL 13 to 18.

    Raises ValueError for what cannot be the name of a role.
    """
    return _script(sampling.HEADER, sampling.BODY, role)


def column_grants(role: str) -> str:
    """The same for a look at the columns that sequences feed."""
    return _script(columns.HEADER, columns.BODY, role)


def reset_grants(role: str) -> str:
    """The same for what resets need."""
    return _script(resets.HEADER, resets.BODY, role)


def _script(header: str, body: str, role: str) -> str:
    body = body.replace("@ROLE@", sql_literal(role))
    tag = _dollar_tag(body)
    return f"{header}\nDO {tag}\n{body}{tag};\n"


def sql_literal(text: str) -> str:
    r"""The text as a literal in plain ASCII, whatever the client's encoding is.

    >>> sql_literal("O'Brien")
    "'O''Brien'"
    >>> sql_literal("gr\u00fcn\\")
    "E'gr\\u00FCn\\\\'"
    """
    if not text or "\0" in text or not _encodable(text):
        raise ValueError("is not the name of a role")
    quoted = text.replace("'", "''")
    if _PLAIN.fullmatch(text):
        return f"'{quoted}'"
    # With E the meaning of a backslash does not hang on standard_conforming_strings.
    return "E'" + _SPECIAL.sub(_escape, quoted) + "'"


_PLAIN = re.compile(r"[ -\[\]-~]*")
_SPECIAL = re.compile(r"[^ -\[\]-~]")


def _encodable(text: str) -> bool:
    return not any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] == "\\":
        return r"\\"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _dollar_tag(body: str) -> str:
    """A dollar quote that the body cannot end, whatever the role is called."""
    tag, number = "$grants$", 0
    while tag in body:
        number += 1
        tag = f"$grants{number}$"
    return tag
