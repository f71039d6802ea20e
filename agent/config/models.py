"""The whole configuration as a person wrote it, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from agent.config.acknowledging import Acknowledge
from agent.config.jobs import Job
from agent.config.rules import DEFAULT_HISTORY, broken_rules
from agent.config.scalars import (
    File,
    HistoryUrl,
    Interval,
    LockCount,
    Name,
    Port,
    Ratio,
    Retention,
    Span,
    Threads,
    Timeout,
    WholeSeconds,
)
from agent.config.section import Listed, NonEmpty, Section
from agent.config.servers import Server
from agent.domain.pace import MAX_LOCKS, Deadlines, Intervals, Thresholds
from agent.secret import Secret


class Listen(Section):
    """Where the HTTP pages are served."""

    host: Name = Field(default="0.0.0.0", description="The address to listen on.")  # noqa: S104 (scrapers are elsewhere)
    port: Port = Field(default=9753, description="The port to listen on.")


class Log(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe events to log."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="`auto` is `console` on a terminal and `json` elsewhere.",
    )


class History(Section):
    """Where consumption is remembered."""

    url: HistoryUrl = Field(
        default=Secret(DEFAULT_HISTORY),
        description=(
            "An SQLAlchemy URL: `sqlite:///file`, from the working directory unless"
            " absolute (`sqlite:////file`), or `postgresql+psycopg://user@host/database`."
        ),
    )
    url_file: File | None = Field(
        default=None,
        description=(
            "A file that holds the URL, in place of `url`; read again at each connection."
        ),
    )
    retention: Retention = Field(
        default=timedelta(days=400), description="How long history is kept."
    )


class Sampling(Section):
    """How often databases are looked at, and with how much care."""

    interval: Interval = Field(
        default=timedelta(seconds=60),
        description="The time between two looks at the values of sequences.",
    )
    inventory_interval: Interval = Field(
        default=Intervals().inventory,
        description="The time between two looks at which sequences there are.",
    )
    column_interval: Interval = Field(
        default=Intervals().columns,
        description=(
            "The time between two looks at how far the columns have come that sequences"
            " feed."
        ),
    )
    concurrency: Threads = Field(
        default=16, description="How many databases are looked at at once."
    )
    connect_timeout: WholeSeconds = Field(
        default=Deadlines().connect, description="How long connecting may take."
    )
    statement_timeout: Timeout = Field(
        default=Deadlines().statement, description="How long one query may take."
    )
    lock_timeout: Timeout = Field(
        default=Deadlines().lock,
        description="How long one query may wait for a lock.",
    )
    max_locks: LockCount = Field(
        default=MAX_LOCKS,
        description=(
            "How many locks one transaction may take of the table that all sessions"
            " of a server share."
        ),
    )


def _used_ratio(default: object = ...) -> Any:
    return Field(default, description="The share of its values that is used up.")


def _exhausts_within(default: object = ...) -> Any:
    return Field(
        default,
        description="The time in which it may run out, by the early edge of its forecast.",
    )


class Threshold(Section):
    """From where on a sequence needs attention; either of the two is enough."""

    used_ratio: Ratio = _used_ratio()
    exhausts_within: Span = _exhausts_within()


class WarningThreshold(Threshold):
    """From where on a sequence is worth a look."""

    used_ratio: Ratio = _used_ratio(Thresholds().warning_used_ratio)
    exhausts_within: Span = _exhausts_within(Thresholds().warning_exhausts_within)


class CriticalThreshold(Threshold):
    """From where on a sequence cannot wait."""

    used_ratio: Ratio = _used_ratio(Thresholds().critical_used_ratio)
    exhausts_within: Span = _exhausts_within(Thresholds().critical_exhausts_within)


class Severity(Section):
    """How bad is bad."""

    warning: WarningThreshold = Field(
        default=WarningThreshold(),
        description="From where on a sequence is worth a look.",
    )
    critical: CriticalThreshold = Field(
        default=CriticalThreshold(),
        validate_default=True,
        description="From where on a sequence cannot wait.",
    )

    @field_validator("critical")
    @classmethod
    def _critical_is_worse(
        cls, critical: CriticalThreshold, info: ValidationInfo
    ) -> CriticalThreshold:
        warning = info.data.get("warning")
        if warning is None:  # it has mistakes of its own
            return critical
        if critical.used_ratio <= warning.used_ratio:
            raise ValueError("used_ratio must be above that of warning")
        if critical.exhausts_within >= warning.exhausts_within:
            raise ValueError("exhausts_within must be below that of warning")
        return critical


class Metrics(Section):
    """How much of it all is exposed."""

    detail: Literal["all", "aggregate"] = Field(
        default="all",
        description="`aggregate` leaves out the series of single sequences.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a configuration stands; the same one elsewhere is still the same."""

    folder: Path = field(compare=False)


class Config(Section):
    """Everything that `sequence-agent run --config FILE` takes from its file."""

    listen: Listen = Field(
        default=Listen(), description="Where the HTTP pages are served."
    )
    log: Log = Field(default=Log(), description="What is logged, and how.")
    history: History = Field(
        default=History(), description="Where consumption is remembered."
    )
    sampling: Sampling = Field(
        default=Sampling(),
        description="How often databases are looked at, and with how much care.",
    )
    severity: Severity = Field(
        default=Severity(), description="From where on a sequence needs attention."
    )
    metrics: Metrics = Field(
        default=Metrics(), description="How much of it all is exposed."
    )
    servers: NonEmpty[Server] = Field(description="The PostgreSQL servers to watch.")
    acknowledge: Listed[Acknowledge] = Field(
        default=(),
        description="Findings that are known and accepted; none by default.",
    )
    jobs: Listed[Job] = Field(
        default=(),
        description=("What is put back, where and when; none by default."),
    )
    suspended: bool = Field(
        default=False, description="`true` lets no job of this file run for now."
    )

    _place: _Place = PrivateAttr(default_factory=lambda: _Place(folder=Path()))

    def model_post_init(self, context: Mapping[str, Path] | None, /) -> None:
        """Remember where the file stands, which its relative paths are meant from."""
        self._place = _Place(folder=(context or {}).get("folder", Path()))

    def written(self, path: Path) -> str:
        """A path as the file names it, if it does so from its own folder."""
        folder = self._place.folder
        return str(path.relative_to(folder) if path.is_relative_to(folder) else path)

    @model_validator(mode="after")
    def _rules_hold(self) -> Self:
        # Loading has asked already, with lines; this is for models built in code.
        for _, message in broken_rules(self.model_dump()):
            raise ValueError(message)
        return self
