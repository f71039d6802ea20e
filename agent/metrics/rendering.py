"""The text of one database, made anew only where something changed since its last round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agent.domain.sequences import SequenceDefinition
from agent.domain.status import DatabaseStatus, SequenceStatus, State
from agent.metrics.blocks import Block, block
from agent.metrics.families import DatabaseFamily, Family, Round, SequenceFamily
from agent.metrics.lines import label_text, sample_line

# One changed value costs the joining and deflating of its page, so pages are small;
# each page deflates without knowing the one before it, so they are not tiny.
_PAGE_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A sequence with its label text and its lines, one text per family.

    Rows compare by identity: the same row has the same text.
    """

    status: SequenceStatus
    labels: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    """Some rows and their joined lines by the name of the family."""

    rows: tuple[_Row, ...] = ()
    blocks: Mapping[str, Block] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseText:
    """All sample lines of one database, and what the next round may take over."""

    families: tuple[Family, ...]
    last_success: datetime | None = None
    pages: tuple[_Page, ...] = ()
    totals: Mapping[str, Block] = field(default_factory=dict)

    def blocks(self, family: str) -> list[Block]:
        found = [page.blocks.get(family) for page in self.pages]
        return [each for each in (*found, self.totals.get(family)) if each is not None]


def render(status: DatabaseStatus, before: DatabaseText) -> DatabaseText:
    """The text of `status` in the families of `before`."""
    readable = status.up
    last_success = status.sampled_at if readable else before.last_success
    labels = label_text((("server", status.server), ("datname", status.datname)))
    return DatabaseText(
        families=before.families,
        last_success=last_success,
        pages=_pages(status, labels, before) if readable else (),
        totals=_totals(Round(status=status, last_success=last_success), labels, before),
    )


def _pages(
    status: DatabaseStatus, labels: str, before: DatabaseText
) -> tuple[_Page, ...]:
    families = [f for f in before.families if isinstance(f, SequenceFamily)]
    if not families:
        return ()
    known = {row.status.sequence.oid: row for page in before.pages for row in page.rows}
    # A sequence that vanished during the round has left the exposition; of one that a
    # column misses, that is all there is to say.
    rows = [
        _row(each, labels, families, known.get(each.sequence.oid))
        for each in status.sequences
        if each.state is not State.VANISHED
    ]
    starts = range(0, len(rows), _PAGE_ROWS)
    blank = _Page()
    return tuple(
        _page(
            tuple(rows[start : start + _PAGE_ROWS]),
            families,
            before.pages[i] if i < len(before.pages) else blank,
        )
        for i, start in enumerate(starts)
    )


def _row(
    status: SequenceStatus,
    labels: str,
    families: Sequence[SequenceFamily],
    before: _Row | None,
) -> _Row:
    if before is not None and (before.status is status or before.status == status):
        return before
    labels = _sequence_labels(status.sequence, labels, before)
    texts = [
        "".join([sample_line(f.name, labels, s) for s in f.samples(status)])
        if status.state is not State.MISSING or f.of_missing
        else ""
        for f in families
    ]
    return _Row(status, labels, tuple(texts))


def _sequence_labels(
    sequence: SequenceDefinition, labels: str, before: _Row | None
) -> str:
    if before is not None and before.status.sequence == sequence:
        return before.labels
    own = (("schemaname", sequence.schema), ("sequencename", sequence.name))
    return f"{labels},{label_text(own)}"


def _page(
    rows: tuple[_Row, ...], families: Sequence[SequenceFamily], before: _Page
) -> _Page:
    if rows == before.rows:
        return before
    texts = zip(*(row.texts for row in rows), strict=True)
    joined = {f.name: "".join(text) for f, text in zip(families, texts, strict=True)}
    return _Page(rows, _blocks(joined, before.blocks))


def _totals(round_: Round, labels: str, before: DatabaseText) -> Mapping[str, Block]:
    lines = {
        f.name: "".join([sample_line(f.name, labels, s) for s in f.samples(round_)])
        for f in before.families
        if isinstance(f, DatabaseFamily)
    }
    return _blocks(lines, before.totals)


def _blocks(
    texts: Mapping[str, str], before: Mapping[str, Block]
) -> Mapping[str, Block]:
    return {
        name: _block(text, before.get(name)) for name, text in texts.items() if text
    }


def _block(text: str, before: Block | None) -> Block:
    # A lone surrogate is no text in UTF-8; one odd name must not cost the scrape.
    encoded = text.encode("utf-8", "replace")
    return before if before is not None and before.text == encoded else block(encoded)
