"""Rounds of sampling of all servers of a configuration."""

from __future__ import annotations

from collections.abc import Sequence

from agent.scheduling.server_rounds import ServerRounds
from agent.scheduling.shown import Shown
from agent.scheduling.surroundings import Pace, Surroundings
from agent.services.surveying import Target


class Rounds:
    """The rounds of all servers; each has threads of its own, so that none waits."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._servers: dict[str, ServerRounds] = {}

    def apply(self, targets: Sequence[Target], pace: Pace) -> None:
        """Begin, change and end rounds until they are what the configuration says."""
        wanted = {target.server.name: target for target in targets}
        for name in self._servers.keys() - wanted.keys():
            self._servers.pop(name).end()
        for name, target in wanted.items():
            before = self._servers.get(name)
            shown = before.leave() if before else Shown()
            self._servers[name] = ServerRounds(
                target, pace, self._surroundings, shown=shown
            )
            self._servers[name].begin()
