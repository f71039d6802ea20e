"""Reads a counter's trace: rows of a time and a value, as people export them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from agent.cli.failures import UsageError
from agent.domain.forecasting.increments import Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 40
_FALLS_OF_A_COUNTER = 1 / 3
_JUDGED_FROM = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The positions of a counter in the order of time, and how many rows told them."""

    positions: tuple[Position, ...]
    rows: int


def read_trace(path: Path) -> Trace:
    """The trace in the file; raises UsageError, which names the file and line."""
    read: dict[datetime, Position] = {}
    rows = 0
    try:
        for position in _positions(path, _text(path)):
            read[position.at] = position  # of rows with one time, the last counts
            rows += 1
    except csv.Error as error:
        raise UsageError(f"{path}: is not a CSV file: {error}") from None
    positions = tuple(sorted(read.values(), key=lambda position: position.at))
    _refuse_unusable(path, positions)
    return Trace(positions=positions, rows=rows)


def _text(path: Path) -> str:
    try:
        # utf-8-sig takes away the mark that spreadsheets put at the beginning.
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not a text file in UTF-8") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def _positions(path: Path, text: str) -> Iterator[Position]:
    rows = csv.reader(text.splitlines(), strict=True)
    first = True
    for row in rows:
        fields = [field.strip() for field in row]
        if not any(fields):
            continue
        if not (first and _is_header(fields)):
            yield _position(fields, where=f"{path}:{rows.line_num}")
        first = False


def _is_header(fields: Sequence[str]) -> bool:
    return not any(character.isdigit() for field in fields for character in field)


def _position(fields: Sequence[str], *, where: str) -> Position:
    if len(fields) != 2:
        raise UsageError(
            f"{where}: needs a time and a value, such as 2026-01-31T12:00:00Z,4711;"
            f" it has {len(fields)} field{'s'[: len(fields) != 1]}"
        )
    at = _time(fields[0])
    if at is None:
        raise UsageError(
            f"{where}: {_short(fields[0])} is no time; write ISO 8601, such as"
            " 2026-01-31T12:00:00Z, or seconds since 1970"
        )
    value = _value(fields[1])
    if value is None:
        raise UsageError(f"{where}: {_short(fields[1])} is not the value of a counter")
    return Position(at=at, value=value)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _time(text: str) -> datetime | None:
    """A time without a zone is taken for UTC."""
    try:
        if _is_number(text):
            return _EPOCH + timedelta(seconds=float(text))
        read = datetime.fromisoformat(text)
        return (read.replace(tzinfo=UTC) if read.tzinfo is None else read).astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None


def _is_number(text: str) -> bool:
    # 20260131 is a date to datetime.fromisoformat, and seconds to us.
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _value(text: str) -> int | None:
    """Exact where it is a whole number; Prometheus writes 4.711e+03."""
    try:
        return int(text) if "_" not in text else None
    except ValueError:
        pass
    try:
        return int(float(text)) if "_" not in text else None
    except (ValueError, OverflowError):
        return None


def _refuse_unusable(path: Path, positions: Sequence[Position]) -> None:
    if not positions:
        raise UsageError(f"{path}: has no rows of a time and a value")
    if len(positions) == 1:
        raise UsageError(f"{path}: needs rows of at least two different times")
    falls = sum(later.value < earlier.value for earlier, later in pairwise(positions))
    steps = len(positions) - 1
    if steps >= _JUDGED_FROM and falls > steps * _FALLS_OF_A_COUNTER:
        raise UsageError(
            f"{path}: falls in {falls} of {steps} steps, so these are counts and not"
            " the values of a counter; add them up first"
        )
