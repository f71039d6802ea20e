"""Which databases of a server are shown, as looked at or as left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from agent.domain.databases import Exclusion
from agent.ports import Clock
from agent.services.surveying import Discovery

# What pg_hba.conf says can only be found out by trying, at the cost of a line in the
# server's log.
_LEFT_ALONE = timedelta(hours=1).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The databases of a server that the sinks know: looked at, or left out."""

    watched: frozenset[str] = frozenset()
    excluded: Mapping[str, Exclusion] = field(default_factory=dict)

    @property
    def all(self) -> frozenset[str]:
        return self.watched.union(self.excluded)

    def without(self, datname: str) -> Shown:
        """The same when pg_hba.conf has turned out not to let us into one of them."""
        return Shown(
            watched=self.watched.difference({datname}),
            excluded={**self.excluded, datname: Exclusion.PG_HBA},
        )


class Rejections:
    """Databases that pg_hba.conf does not let us into; none is tried for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, datname: str) -> None:
        self._until[datname] = self._clock.monotonic() + _LEFT_ALONE

    def taken_out(self, discovery: Discovery) -> Shown:
        """What to look at of a discovery, and what not."""
        now = self._clock.monotonic()
        found = frozenset(discovery.found)
        self._until = {
            datname: until
            for datname, until in self._until.items()
            if datname in found and until > now
        }
        rejected = dict.fromkeys(self._until, Exclusion.PG_HBA)
        return Shown(
            watched=found.difference(rejected),
            excluded={**discovery.excluded, **rejected},
        )
