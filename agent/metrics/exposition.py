"""The facts about databases as a scrape shows them, rendered when a round ends."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from threading import Lock

from agent.domain.status import DatabaseStatus
from agent.metrics.blocks import Block, block
from agent.metrics.families import FAMILIES, DatabaseFamily, Family
from agent.metrics.lines import Format, header
from agent.metrics.rendering import DatabaseText, render


class Detail(StrEnum):
    """How much is exposed; `aggregate` leaves out the series of single sequences."""

    ALL = "all"
    AGGREGATE = "aggregate"


class Exposition:
    """Renders each database in the thread that sampled it; a scrape only joins.

    The mapping of texts is replaced and never changed, so that a scrape needs no lock
    and a round does not wait for one.
    """

    def __init__(self, detail: Detail = Detail.ALL) -> None:
        self._lock = Lock()
        self._families = _families(detail)
        self._databases: Mapping[tuple[str, str], DatabaseText] = {}

    def show(self, detail: Detail) -> None:
        """Change the detail; each database follows in its next round."""
        self._families = _families(detail)

    def publish(self, status: DatabaseStatus) -> None:
        key = (status.server, status.datname)
        text = render(status, self._before(key))
        with self._lock:
            self._databases = {**self._databases, key: text}

    def forget(self, server: str, datname: str) -> None:
        gone = (server, datname)
        with self._lock:
            self._databases = {k: t for k, t in self._databases.items() if k != gone}

    def databases(self) -> Mapping[tuple[str, str], DatabaseText]:
        """The texts as they are now; the same object until the next publication."""
        return self._databases

    def blocks(self, format_: Format) -> list[Block]:
        """Families in the order of their table, databases sorted by name."""
        return blocks_of(self._databases, format_)

    def _before(self, key: tuple[str, str]) -> DatabaseText:
        families = self._families
        before = self._databases.get(key)
        if before is None:
            return DatabaseText(families=families)
        if before.families != families:  # the rows' texts are those of other families
            return DatabaseText(families=families, last_success=before.last_success)
        return before


_HEADERS: Mapping[tuple[str, Format], Block] = {
    (family.name, format_): block(header(family, format_).encode())
    for family in FAMILIES
    for format_ in Format
}


def blocks_of(
    databases: Mapping[tuple[str, str], DatabaseText], format_: Format
) -> list[Block]:
    """Families in the order of their table, databases sorted by name."""
    texts = [text for _, text in sorted(databases.items(), key=_key)]
    blocks: list[Block] = []
    for family in FAMILIES:
        samples = [b for text in texts for b in text.blocks(family.name)]
        if samples:
            blocks += [_HEADERS[family.name, format_], *samples]
    return blocks


def _families(detail: Detail) -> tuple[Family, ...]:
    if detail is Detail.ALL:
        return FAMILIES
    return tuple(family for family in FAMILIES if isinstance(family, DatabaseFamily))


def _key(item: tuple[tuple[str, str], DatabaseText]) -> tuple[str, str]:
    return item[0]
