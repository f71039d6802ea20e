"""Databases of a server, and why some of them are left out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DatabaseState(StrEnum):
    """What became of a database in the last round."""

    UP = "up"
    DOWN = "down"
    EXCLUDED = "excluded"


class Exclusion(StrEnum):
    """Why a database is not looked at, unless the configuration names it."""

    TEMPLATE = "template"
    INVALID = "invalid"
    CONNECTIONS_FORBIDDEN = "connections_forbidden"
    CONNECTION_LIMIT = "connection_limit"
    NO_PRIVILEGE = "no_privilege"
    PG_HBA = "pg_hba"

    @property
    def words(self) -> str:
        """For a human.

        >>> Exclusion.CONNECTION_LIMIT.words
        'its connection limit is 0'
        """
        return _WORDS[self]


_WORDS = {
    Exclusion.TEMPLATE: "it is a template",
    Exclusion.INVALID: "its DROP DATABASE was interrupted",
    Exclusion.CONNECTIONS_FORBIDDEN: "it allows no connections",
    Exclusion.CONNECTION_LIMIT: "its connection limit is 0",
    Exclusion.NO_PRIVILEGE: "the role has no CONNECT privilege",
    Exclusion.PG_HBA: "pg_hba.conf does not let the role in",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDatabase:
    """A database that the server has; `exclusion` is None where it can be looked at."""

    datname: str
    exclusion: Exclusion | None = None
