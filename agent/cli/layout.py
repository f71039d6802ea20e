"""Cells in aligned columns. rich's own tables take ten seconds for 20,000 rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

_GAP = "  "
_HEADER = Style(dim=True)
_SHORTEST = 16

Cell = tuple[Segment, ...]


class Align(Enum):
    """Which side of a column its cells keep to."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column, and what becomes of it where width is short.

    Of the dispensable ones the highest goes first; one that can be shortened is, when
    that was not enough.
    """

    title: str
    align: Align = Align.LEFT
    dispensable: int | None = None
    shortened: bool = False


def cell(text: str, style: Style | None = None) -> Cell:
    return (Segment(text, style),)


def aligned(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    width: int | None,
    ellipsis: str,
) -> Iterator[Segment]:
    """The table as segments, line by line; a width of None is as wide as needed."""
    header = [cell(column.title, _HEADER) for column in columns]
    widths = [max(map(_width, cells)) for cells in zip(header, *rows, strict=True)]
    kept = list(range(len(columns)))
    if width is not None:
        kept = _kept(columns, widths, width)
        widths = _narrowed(columns, widths, excess=_total(widths, kept) - width)
    for row in (header, *rows):
        yield from _line(
            [_fitted(row[i], widths[i], ellipsis) for i in kept],
            [columns[i].align for i in kept],
            [widths[i] for i in kept],
        )


def _width(cell: Cell) -> int:
    return sum(cell_len(segment.text) for segment in cell)


def _total(widths: Sequence[int], kept: Sequence[int]) -> int:
    return sum(widths[i] for i in kept) + len(_GAP) * (len(kept) - 1)


def _kept(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The columns that there is room for."""
    kept = list(range(len(columns)))
    ranked = [(c.dispensable, i) for i, c in enumerate(columns) if c.dispensable]
    for _, dispensable in sorted(ranked, reverse=True):
        if _total(widths, kept) <= width:
            break
        kept.remove(dispensable)
    return kept


def _narrowed(
    columns: Sequence[Column], widths: Sequence[int], *, excess: int
) -> list[int]:
    return [
        max(width - max(excess, 0), min(width, _SHORTEST))
        if column.shortened
        else width
        for column, width in zip(columns, widths, strict=True)
    ]


def _fitted(cell: Cell, width: int, ellipsis: str) -> Cell:
    if _width(cell) <= width:
        return cell
    return tuple(
        Segment(_shortened(segment.text, width, ellipsis), segment.style)
        for segment in cell
    )


def _shortened(text: str, width: int, ellipsis: str) -> str:
    """Both ends of a text: names often differ at the end.

    >>> _shortened("tenant_0001.order_lines_id_seq", 16, "~")
    'tenant_0~_id_seq'
    """
    head = width // 2
    tail = width - head - cell_len(ellipsis)
    return _within(text, head) + ellipsis + _within(text[::-1], tail)[::-1]


def _within(text: str, width: int) -> str:
    """As much of the beginning as fits; a wide character takes two cells."""
    end = width
    while cell_len(text[:end]) > width:
        end -= 1
    return text[:end]


def _line(
    cells: Sequence[Cell], aligns: Sequence[Align], widths: Sequence[int]
) -> Iterator[Segment]:
    """One line without blanks at its end."""
    due = ""
    for each, align, width in zip(cells, aligns, widths, strict=True):
        filling = " " * (width - _width(each))
        if align is Align.RIGHT:
            due += filling
        if any(segment.text for segment in each):
            yield Segment(due)
            yield from each
            due = ""
        if align is Align.LEFT:
            due += filling
        due += _GAP
    yield Segment("\n")
