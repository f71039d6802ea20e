"""A job as the configuration says it, for those who know nothing of configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from agent.domain.filters import NameFilter
from agent.domain.resets.reach import is_out_of_reach


class JobKind(StrEnum):
    """What a job does to sequences."""

    RESET = "reset"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a job knows of and accepts, by name; nothing else can be accepted.

    `untrusted_code` are tables, `computed_defaults` columns as schema.table.column.
    """

    triggers: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    replication_slots: tuple[str, ...] = ()
    untrusted_code: tuple[str, ...] = ()
    computed_defaults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """More than this refuses: rows of all tables together, bytes of the database."""

    rows: int = 5_000_000
    bytes: int = 20 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetJob:
    """A reset or a resync of one database.

    `pinned_plan` is the hash of the only plan that may run by schedule, if any is.
    """

    name: str
    kind: JobKind
    server: str
    database: str
    environment: str
    tables: NameFilter | None = None
    sequences: tuple[str, ...] = ()
    limits: Limits = Limits()
    allowed: Allowed = Allowed()
    suspended: bool = False
    seed_names: tuple[str, ...] = ()
    pinned_plan: str | None = None

    @property
    def exact_sequences(self) -> tuple[str, ...]:
        """The names among the patterns of `sequences`."""
        return tuple(each for each in self.sequences if not is_wildcard(each))

    def lists_sequence(self, schema: str, name: str) -> bool:
        """Whether `sequences` names it; no pattern reaches the system or the ledger."""
        qualified = f"{schema}.{name}"
        if qualified in self.sequences:
            return True
        return not is_out_of_reach(schema) and any(
            fnmatchcase(qualified, pattern) for pattern in self.sequences
        )

    @property
    def exact_tables(self) -> tuple[str, ...]:
        """The names among the patterns of `tables.include`."""
        included = self.tables.include if self.tables else ()
        return tuple(pattern for pattern in included if not is_wildcard(pattern))


def is_wildcard(pattern: str) -> bool:
    """Whether a pattern may match more than one name.

    >>> is_wildcard("public.*"), is_wildcard("public.users")
    (True, False)
    """
    return not set("*?[").isdisjoint(pattern)
