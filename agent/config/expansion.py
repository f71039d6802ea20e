"""`${VAR}` in the values of a configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping

# A lone $ is a $, so that passwords need no care.
_REFERENCE = re.compile(
    r"(?P<escaped>\$\$\{)"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<fallback>:-[^}]*)?\}"
    r"|(?P<broken>\$\{)"
)

PATTERN = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"
"""A reference as a regular expression for JSON Schema."""


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace each `${VAR}` by its value; raise ValueError for one that is not set.

    `${VAR:-text}` stands for the text when VAR is unset or empty, `$${` for `${` itself.
    What a variable holds is not expanded again, and is never repeated in an error.

    >>> expand("${HOST}:${PORT:-5432} $${HOST} pa$$word", {"HOST": "db"})
    'db:5432 ${HOST} pa$$word'
    """
    return _REFERENCE.sub(lambda match: _value(match, environ), text)


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "${"
    if match["broken"]:
        raise ValueError("has a '${' that is no ${NAME}; write $${ for the text itself")
    name, fallback = match["name"], match["fallback"]
    if fallback is not None:
        return environ.get(name) or fallback.removeprefix(":-")
    if name not in environ:
        raise ValueError(f"environment variable {name!r} is not set")
    return environ[name]
