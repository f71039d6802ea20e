"""The kinds of single values in a configuration, each read from the text in the file.

The file is not asked what a scalar is: YAML would read `1:30` as 90, `no` as false and
`0644` as 420. Each type here takes the text as written and knows what it wants, and
takes the finished value too, so that Python code can build the same models.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from agent.config import crontab, dsns, durations, numbers, sizes, timezones
from agent.secret import Secret

T = TypeVar("T")

_DAY = timedelta(days=1)
_LONGEST_INTERVAL = 366 * _DAY
_SHORTEST_DEADLINE = timedelta(seconds=5)


def _parsed(kind: type[T], parse: Callable[[str], T]) -> BeforeValidator:
    """Parse text; let a finished value of `kind` pass."""

    def read(value: object) -> T:
        if isinstance(value, kind):
            return value
        return parse(_text(value))

    return BeforeValidator(read)


def _text(value: object) -> str:
    if value is None:
        raise ValueError("has no value")
    if not isinstance(value, str | int | float):
        raise ValueError("must be a single value")  # noqa: TRY004 (pydantic wants ValueError)
    return str(value)


def _secret(checked: Callable[[str], str]) -> tuple[object, ...]:
    """Text that may hold a password, and shows itself to nobody."""

    def read(value: object) -> Secret:
        if isinstance(value, Secret):
            return value
        return Secret(checked(_text(value)))

    return (
        PlainValidator(read),
        PlainSerializer(str, return_type=str, when_used="json"),
        WithJsonSchema({"type": "string"}),
    )


def _between(low: timedelta, high: timedelta) -> AfterValidator:
    def check(duration: timedelta) -> timedelta:
        if not low <= duration <= high:
            raise ValueError(
                f"must be from {durations.format_duration(low)}"
                f" to {durations.format_duration(high)}"
            )
        return duration

    return AfterValidator(check)


def _deadline(duration: timedelta) -> timedelta:
    if duration < _SHORTEST_DEADLINE:
        raise ValueError(
            f"must be at least {durations.format_duration(_SHORTEST_DEADLINE)},"
            " for ticks are looked for once a second"
        )
    if duration > _LONGEST_INTERVAL:
        raise ValueError(
            f"must be at most {durations.format_duration(_LONGEST_INTERVAL)}"
        )
    return duration


def _one_line(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("must not be empty")
    if not text.isprintable():
        raise ValueError("must be one line of printable text")
    return text


def _qualified(pattern: str) -> str:
    # 'tmp_*' would match nothing, ever, and say nothing about it.
    if "." not in pattern and not pattern.startswith("*"):
        raise ValueError("is compared with schema.name; write *.name or public.name")
    return pattern


def _full_name(name: str) -> str:
    if "." not in name.strip("."):
        raise ValueError("must be schema.name")
    return name


def _plan_hash(text: str) -> str:
    if not re.fullmatch(_PLAN_HASH, text):
        raise ValueError("must be sha256: and 64 hexadecimal digits, as plan prints it")
    return text


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("must be the bare name of an environment variable")
    return name


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("must be a day, such as 2027-06-30") from None


def _file(value: object, info: ValidationInfo) -> Path:
    path = value if isinstance(value, Path) else Path(_one_line(_text(value)))
    folder = info.context["folder"] if info.context else Path()
    return Path(folder, path)


_PLAN_HASH = "^sha256:[0-9a-f]{64}$"
_DURATION_SCHEMA = {
    "title": "Duration",
    "type": "string",
    "pattern": durations.PATTERN,
}
_RATIO_SCHEMA = {
    "title": "Share",
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? *%$"},
    ],
}
_SIZE_SCHEMA = {
    "title": "Size",
    "anyOf": [
        {"type": "integer", "minimum": 1},
        {"type": "string", "pattern": sizes.PATTERN},
    ],
}

_Duration = Annotated[
    timedelta,
    _parsed(timedelta, durations.parse_duration),
    PlainSerializer(durations.format_duration, return_type=str, when_used="json"),
    WithJsonSchema(_DURATION_SCHEMA),
]
_COUNT = _parsed(int, numbers.parse_count)

Interval = Annotated[
    _Duration, _between(timedelta(milliseconds=100), _LONGEST_INTERVAL)
]
StartDeadline = Annotated[_Duration, AfterValidator(_deadline)]
Timeout = Annotated[_Duration, _between(timedelta(milliseconds=1), _DAY)]
"""PostgreSQL itself stops at 24 days."""
WholeSeconds = Annotated[_Duration, _between(timedelta(seconds=1), _DAY)]
Span = Annotated[_Duration, _between(timedelta(seconds=1), 36_500 * _DAY)]
Retention = Annotated[_Duration, _between(_DAY, 36_500 * _DAY)]

Ratio = Annotated[
    float,
    Field(gt=0, le=1),
    _parsed(float, numbers.parse_ratio),
    WithJsonSchema(_RATIO_SCHEMA),
]
Size = Annotated[
    int,
    Field(ge=1),
    _parsed(int, sizes.parse_size),
    PlainSerializer(sizes.format_size, return_type=str, when_used="json"),
    WithJsonSchema(_SIZE_SCHEMA),
]
Port = Annotated[int, Field(ge=1, le=65_535), _COUNT]
Rows = Annotated[int, Field(ge=0), _COUNT]
Attempts = Annotated[int, Field(ge=1, le=100), _COUNT]
Threads = Annotated[int, Field(ge=1, le=1000), _COUNT]
LockCount = Annotated[int, Field(ge=64), _COUNT]
"""The reader keeps some of these for the catalogs."""

Name = Annotated[
    str, AfterValidator(_one_line), Field(json_schema_extra={"minLength": 1})
]
QualifiedPattern = Annotated[Name, AfterValidator(_qualified)]
QualifiedName = Annotated[Name, AfterValidator(_full_name)]
PlanHash = Annotated[
    Name,
    AfterValidator(_plan_hash),
    WithJsonSchema({"title": "Hash", "type": "string", "pattern": _PLAN_HASH}),
]
VariableName = Annotated[Name, AfterValidator(_variable)]
Day = Annotated[
    date,
    _parsed(date, _day),
    WithJsonSchema({"title": "Day", "type": "string", "format": "date"}),
]
Dsn = Annotated[Secret, *_secret(dsns.checked_dsn)]
HistoryUrl = Annotated[Secret, *_secret(dsns.checked_history_url)]
Cron = Annotated[str, AfterValidator(crontab.checked_cron)]
TimeZone = Annotated[str, AfterValidator(timezones.checked_timezone)]
File = Annotated[Path, BeforeValidator(_file)]
