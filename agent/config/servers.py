"""The PostgreSQL servers to watch, and what to watch on each."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from agent.config.scalars import Dsn, File, Name, QualifiedPattern, VariableName
from agent.config.section import Listed, NonEmpty, Section
from agent.domain.filters import NameFilter
from agent.services.selection import Selection


class Filter(Section):
    """Names to look at: those that `include` matches and `exclude` does not.

    Patterns are shell-style and case-sensitive: `*` any text, `?` one character,
    `[ab]` one of these.
    """

    include: NonEmpty[Name] = Field(
        default=("*",),
        description="Patterns of the names to look at.",
    )
    exclude: Listed[Name] = Field(
        default=(),
        description="Patterns of names to leave out although `include` matches them.",
    )

    @property
    def names(self) -> NameFilter:
        """The same for those who know nothing of configuration."""
        return NameFilter(include=self.include, exclude=self.exclude)

    def admits(self, name: str) -> bool:
        return self.names.admits(name)


class DatabaseFilter(Filter):
    """Databases by name; found on the server, and found again as they come and go.

    Templates, and what nobody can connect to, are left out unless `include` spells out
    their names.
    """


class SchemaFilter(Filter):
    """Schemas by name."""

    exclude: Listed[Name] = Field(
        default=Selection().schemas.exclude,
        description="Patterns of schemas to leave out.",
    )


class SequenceFilter(Filter):
    """Sequences by `schema.name`, unquoted; `*` matches dots too."""

    include: NonEmpty[QualifiedPattern] = Field(
        default=("*",),
        description="Patterns of `schema.name` to look at.",
    )
    exclude: Listed[QualifiedPattern] = Field(
        default=(),
        description="Patterns of `schema.name` to leave out, such as `public.tmp_*`.",
    )


class Resets(Section):
    """Leave for jobs to change this server."""

    environment: Name = Field(
        description=(
            "The name that `sequence-agent arm` wrote into the target; a job runs only"
            " where both are equal."
        ),
    )
    suspended: bool = Field(
        default=False, description="`true` lets no job touch this server for now."
    )


class Server(Section):
    """One PostgreSQL server, reached by exactly one of `dsn`, `dsn_file`, `dsn_env`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["dsn"]},
                {"required": ["dsn_file"]},
                {"required": ["dsn_env"]},
            ]
        }
    )

    name: Name = Field(description="The `server` label of its metrics; unique.")
    dsn: Dsn | None = Field(
        default=None,
        description=(
            "How to connect: `postgresql://user@host:5432/database` or `host=… user=…`."
        ),
    )
    dsn_file: File | None = Field(
        default=None,
        description="A file that holds the DSN; read again at each connection.",
    )
    dsn_env: VariableName | None = Field(
        default=None,
        description="The name of an environment variable that holds the DSN.",
    )
    password_file: File | None = Field(
        default=None,
        description="A file that holds the password; read again at each connection.",
    )
    databases: DatabaseFilter = Field(
        default=DatabaseFilter(), description="Which databases of the server to watch."
    )
    schemas: SchemaFilter = Field(
        default=SchemaFilter(), description="Which schemas of each database to watch."
    )
    sequences: SequenceFilter = Field(
        default=SequenceFilter(),
        description="Which sequences to watch, as `schema.name`.",
    )
    resets: Resets | None = Field(
        default=None,
        description="Without this section, no job may touch the server.",
    )
