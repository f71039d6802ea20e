"""Notices when a column has lost the sequence that it was seen to have."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from agent.domain.lost import Lost, Name, lost_sequences
from agent.domain.remedies import put_back
from agent.ports import DatabaseSession, Inventory
from agent.services.selection import Selection
from agent.services.tracking import Tracker

log = structlog.get_logger()


class LossWatch:
    """The lost sequences of one database; what is mended is forgotten."""

    def __init__(self, tracker: Tracker, selection: Selection) -> None:
        self._tracker = tracker
        self._selection = selection
        self._told: frozenset[Name] = frozenset()

    def look(
        self, session: DatabaseSession, inventory: Inventory
    ) -> Mapping[Name, Lost]:
        """Ask the catalog about the columns that no sequence feeds any more."""
        bereft = self._tracker.bereft(inventory)
        if not bereft:
            return {}
        deprived = {each.number: each for each in session.deprived(bereft)}
        no_loss = [each for i, each in enumerate(bereft) if i not in deprived]
        if no_loss:
            self._tracker.forget(no_loss)
        lost = lost_sequences(
            (each, deprived[i])
            for i, each in enumerate(bereft)
            if i in deprived and self._selection.admits_name(each.schema, each.name)
        )
        self._tell(lost)
        return lost

    def _tell(self, lost: Mapping[Name, Lost]) -> None:
        """Say what would put it back, once: nothing else can know the old definition."""
        for name in lost.keys() - self._told:
            log.error(
                "sequence_missing",
                server=self._tracker.server,
                database=self._tracker.datname,
                sequence=".".join(name),
                remedy=" ".join(
                    put_back(lost[name].sequence, column)
                    for column in lost[name].columns
                ),
            )
        self._told = frozenset(lost)
