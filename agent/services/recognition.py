"""Which track goes on with which sequence of a round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from agent.domain.consumption.tracks import Track
from agent.domain.sequences import Position, SequenceDefinition


class Finder:
    """Knows a sequence again: by its oid, or by its name where it was made anew."""

    def __init__(
        self,
        known: Sequence[Track],
        positions: Sequence[tuple[SequenceDefinition, Position]],
        *,
        line: str,
    ) -> None:
        cluster = _cluster(line)
        lines = {line for line in {t.line for t in known} if _cluster(line) == cluster}
        # Another cluster has other oids, which may mean anything.
        self._by_oid = {t.oid: t for t in known if t.line in lines}
        self._known, self._positions = known, positions
        self._taken: set[int] = set()

    def __call__(self, sequence: SequenceDefinition) -> Track | None:
        track = self._by_oid.get(sequence.oid)
        if track is None:
            track = self._by_key.get((sequence.schema, sequence.name))
        if track is not None:
            self._taken.add(id(track))
        return track

    @cached_property
    def _by_key(self) -> Mapping[tuple[str, str], Track]:
        """Those that no oid tells; made when first asked for, which is in few rounds."""
        # What was found by its oid until then may have another name now. It is not here.
        present = {sequence.oid for sequence, _ in self._positions}
        return {
            t.key: t
            for t in self._known
            if not (t.oid in present and self._by_oid.get(t.oid) is t)
        }

    def left(self) -> Iterable[Track]:
        """Those that no sequence of the round continues."""
        return (track for track in self._known if id(track) not in self._taken)


def _cluster(line: str) -> str:
    return line.partition("/")[0]
