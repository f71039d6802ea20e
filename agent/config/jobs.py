"""The jobs that put sequences and tables back, and when they run."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict, Field

from agent.config.scalars import (
    Attempts,
    Cron,
    File,
    Interval,
    Name,
    PlanHash,
    QualifiedName,
    QualifiedPattern,
    Rows,
    Size,
    StartDeadline,
    Timeout,
    TimeZone,
)
from agent.config.section import Listed, NonEmpty, Section
from agent.config.servers import Filter
from agent.domain.resets import job


class Schedule(Section):
    """When a job runs: `cron` or `every`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["cron"]}, {"required": ["every"]}]}
    )

    cron: Cron | None = Field(
        default=None,
        description=(
            "Minute, hour, day of month, month, weekday; weekdays are 0-7 with Sunday"
            " as 0 and 7, or names."
        ),
        examples=["0 3 * * *"],
    )
    every: Interval | None = Field(
        default=None,
        description="The time between two runs.",
        examples=["6h"],
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="The IANA name of the zone in which `cron` is meant.",
        examples=["Europe/Berlin"],
    )


class TableFilter(Filter):
    """Tables by `schema.name`, unquoted; `include` has no default here."""

    include: NonEmpty[QualifiedPattern] = Field(
        description="Patterns of `schema.name` of the tables that the job is about.",
    )
    exclude: Listed[QualifiedPattern] = Field(
        default=(),
        description="Patterns of tables to leave alone, such as `public.alembic_version`.",
    )


_LIMITS = job.Limits()


class Limits(Section):
    """What a reset may remove at most; more than this refuses it."""

    rows: Rows = Field(
        default=_LIMITS.rows, description="Rows in all the tables together."
    )
    bytes: Size = Field(
        default=_LIMITS.bytes,
        description="Size of the database.",
        json_schema_extra={"default": "20GiB"},
    )


class Locks(Section):
    """How patiently a job waits for tables that are in use."""

    timeout: Timeout = Field(
        default=timedelta(seconds=2),
        description="How long one attempt waits for a lock, and others behind it.",
    )
    attempts: Attempts = Field(
        default=5, description="How often the whole transaction is tried."
    )


class Allow(Section):
    """What a reset would set off beside its tables, and is to set off all the same."""

    triggers: Listed[QualifiedName] = Field(
        default=(),
        description="TRUNCATE triggers that may run, as `schema.table.trigger`.",
    )
    publications: Listed[Name] = Field(
        default=(),
        description="Publications whose subscribers may be emptied too.",
    )
    subscriptions: Listed[Name] = Field(
        default=(),
        description="Subscriptions that the database may have.",
    )
    replication_slots: Listed[Name] = Field(
        default=(),
        description="Logical replication slots that the database may have.",
    )
    untrusted_code: Listed[QualifiedName] = Field(
        default=(),
        description=(
            "Tables, as `schema.table`, that may be counted though functions of roles"
            " that are no superusers could run then."
        ),
    )
    computed_defaults: Listed[QualifiedName] = Field(
        default=(),
        description=(
            "Columns, as `schema.table.column`, whose defaults compute with a sequence;"
            " none is moved to follow them."
        ),
    )


class Job(Section):
    """A reset or a resync of one database, by schedule or by hand."""

    name: Name = Field(description="The `job` label of its metrics; unique.")
    kind: Literal["reset", "resync"] = Field(
        description=(
            "`reset` empties tables and restarts their sequences; `resync` moves"
            " sequences to follow the rows that are there."
        ),
    )
    server: Name = Field(description="The name of a server above that has `resets`.")
    database: Name = Field(description="The database on that server.")
    schedule: Schedule | None = Field(
        default=None, description="Without this section, the job runs only by hand."
    )
    start_deadline: StartDeadline = Field(
        default=timedelta(minutes=15),
        description=(
            "A tick that could not start for this long is recorded as missed; at least `5s`."
        ),
    )
    suspended: bool = Field(
        default=False, description="`true` keeps the job and lets no tick start it."
    )
    tables: TableFilter | None = Field(
        default=None, description="The tables that the job is about, as `schema.name`."
    )
    sequences: Listed[QualifiedPattern] = Field(
        default=(),
        description=(
            "Patterns of `schema.name` of sequences that no listed table owns and that"
            " are restarted all the same."
        ),
    )
    limits: Limits = Field(
        default=Limits(), description="What the job may remove at most."
    )
    allow: Allow = Field(
        default=Allow(),
        description="What the job knows of and accepts; everything else refuses.",
    )
    locks: Locks = Field(
        default=Locks(), description="How patiently the job waits for tables in use."
    )
    seed: Listed[File] = Field(
        default=(),
        description=(
            "SQL files to run after a reset, in the same transaction; sequences then"
            " follow the rows."
        ),
    )
    plan: PlanHash | None = Field(
        default=None,
        description=(
            "The only plan that may run by schedule, as `sequence-agent plan` prints"
            " it; any other is refused."
        ),
        examples=[
            "sha256:a572c03ab96449228db3bccd78c5b2ea70c9726e328982877dfd18519ac14f6a"
        ],
    )
