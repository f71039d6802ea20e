"""Who holds what a run waited for, as far as this may be seen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import psycopg

from agent.domain.wording import printable
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

_NAMED = 3
# The modes of pg_locks, the weakest first.
_MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


class WantedLock(StrEnum):
    """The lock that was waited for."""

    ROW_EXCLUSIVE = "to write rows"
    SHARE_ROW_EXCLUSIVE = "to keep writers out"
    ACCESS_EXCLUSIVE = "to keep everybody out"

    @property
    def conflicting_modes(self) -> list[str]:
        """The modes that stand in its way."""
        match self:
            case WantedLock.ACCESS_EXCLUSIVE:
                return list(_MODES)
            case WantedLock.SHARE_ROW_EXCLUSIVE:
                return list(_MODES[2:])
            case WantedLock.ROW_EXCLUSIVE:
                return list(_MODES[4:])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """A row of effect_holders.sql."""

    pid: int | None
    gid: str | None
    role: str | None
    backend_type: str | None
    application: str | None
    state: str | None
    since: datetime | None

    @property
    def words(self) -> str:
        since = (
            f"since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            if self.since
            else ""
        )
        if self.pid is None:
            who = (
                f"prepared transaction {self.gid!r}"
                if self.gid
                else "a prepared transaction"
            )
            about = [f"role {self.role}" if self.role else "", since]
        else:
            who = f"pid {self.pid}"
            about = [
                f"role {self.role}" if self.role else self.backend_type or "",
                f"application {self.application!r}" if self.application else "",
                " ".join(filter(None, [self.state, since])),
            ]
        details = ", ".join(filter(None, about))
        return printable(f"{who} ({details})" if details else who)


def holders_of(
    reading: ReadOnly,
    oids: Collection[int],
    *,
    wanted: WantedLock = WantedLock.ACCESS_EXCLUSIVE,
) -> tuple[str, ...]:
    """Who holds relations so that a lock cannot be had, the longest first; at most three are named.

    What they run is not told. Empty when nobody does by now, or it cannot be asked.
    """
    parameters = {"oids": list(oids), "modes": wanted.conflicting_modes}
    try:
        rows = reading.rows(query("effect_holders"), _Holder, parameters)
    except psycopg.Error:
        return ()
    words = [row.words for row in rows]
    more = len(words) - _NAMED
    return (*words[:_NAMED], *([f"{more} more"] if more > 0 else []))
