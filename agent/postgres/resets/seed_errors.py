"""Where in a seed an error of the server happened, and what would mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import psycopg
from psycopg import errors

from agent.domain.resets.seeds import CopyFromStdin
from agent.domain.resets.seeds_script import Step
from agent.domain.wording import printable
from agent.postgres.errors import one_line

_ROW = re.compile(r"^COPY .*?, \S+ (\d+)", re.MULTILINE)
_BYTES = re.compile(r"0x[0-9a-f]{2}(?: 0x[0-9a-f]{2})*")
_LONGEST_DETAIL = 300
_OF_TRANSACTIONS = frozenset(
    {
        "abort",
        "begin",
        "commit",
        "end",
        "prepare",
        "release",
        "rollback",
        "savepoint",
        "start",
    }
)
# Their details show a row from end to end.
_OF_A_ROW = (errors.NotNullViolation, errors.CheckViolation)


def is_of_a_statement(error: psycopg.Error) -> bool:
    """Whether the server refused what it was asked, and is there for more."""
    severity = error.diag.severity_nonlocalized
    return error.sqlstate is not None and severity == "ERROR"


def located(
    error: psycopg.Error, step: Step, numbers: Sequence[int]
) -> tuple[int, str]:
    """The line of the seed, and the statement; the last of `numbers` is its in a batch."""
    if isinstance(step, CopyFromStdin):
        return _line_of_row(error, step), step.sql
    statements: list[str] = json.loads(step.statements)
    strange = None if numbers else _untranslatable(error)
    if strange:
        index = next((n for n, sql in enumerate(statements) if strange in sql), 0)
    else:
        index = max(0, numbers[-1] - 1) if numbers else 0
    sql = statements[index]
    return step.lines[index] + sql.count("\n", 0, _offset(error, sql, strange)), sql


def _offset(error: psycopg.Error, sql: str, strange: str | None) -> int:
    """Where in the statement it is, or its beginning."""
    if strange:
        return max(0, sql.find(strange))
    position = error.diag.internal_position
    if position and error.diag.internal_query == sql:
        return int(position) - 1
    return 0


def _line_of_row(error: psycopg.Error, step: CopyFromStdin) -> int:
    if match := _ROW.search(error.diag.context or ""):
        rows = step.data.count("\n")
        return step.data_line + max(0, min(int(match[1]), rows) - 1)
    return step.line


def _untranslatable(error: psycopg.Error) -> str | None:
    """The character that the server's encoding has not, by its bytes in the message."""
    if not isinstance(error, errors.UntranslatableCharacter):
        return None
    match = _BYTES.search(error.diag.message_primary or "")
    if match is None:
        return None
    spelt = bytes(int(byte, 16) for byte in match[0].split())
    return spelt.decode("utf-8", "ignore") or None


def explained(error: psycopg.Error, sql: str = "") -> str:
    """What the server said, on one line, and the remedy where it does not say it."""
    parts = [error.diag.message_primary or one_line(error)]
    if error.diag.message_detail and not isinstance(error, _OF_A_ROW):
        parts.append(error.diag.message_detail[:_LONGEST_DETAIL])
    if remedy := _remedy(error, sql) or error.diag.message_hint:
        parts.append(remedy)
    return printable("; ".join(" ".join(part.split()) for part in parts))


def _remedy(error: psycopg.Error, sql: str) -> str | None:
    words = sql.lower().split(maxsplit=1)
    first = words[0].rstrip(";") if words else ""
    match error:
        case errors.FeatureNotSupported() if first in _OF_TRANSACTIONS:
            return "a seed is part of the reset's transaction: leave this out"
        case errors.FeatureNotSupported() if first == "copy":
            return "of COPY, only FROM stdin with the rows below it can be in a seed"
        case errors.FeatureNotSupported() if first in {"select", "with"}:
            return "in place of SELECT … INTO, write CREATE TABLE … AS"
        case errors.ActiveSqlTransaction():
            return "a seed is part of the reset's transaction: do this apart from it"
        case _:
            return None
