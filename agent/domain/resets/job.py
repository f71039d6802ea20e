"""A job as the configuration says it, for those who know nothing of configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agent.domain.filters import NameFilter


class JobKind(StrEnum):
    """What a job does to sequences."""

    RESET = "reset"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a job knows of and accepts, by name; nothing else can be accepted."""

    triggers: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    replication_slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """More than this refuses: rows of all tables together, bytes of the database."""

    rows: int = 5_000_000
    bytes: int = 20 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetJob:
    """A reset or a resync of one database."""

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
