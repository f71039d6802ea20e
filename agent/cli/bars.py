"""Bars of a table, in blocks and in plain letters."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(ratio: float, *, cells: int) -> str:
    """The filled part of a bar, in eighths of a cell; something is never nothing.

    >>> bar(0.5, cells=4), bar(0.0001, cells=4), bar(1.7, cells=4)
    ('██', '▏', '████')
    """
    if ratio <= 0:
        return ""
    eighths = min(max(int(ratio * cells * 8), 1), cells * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def ascii_bar(ratio: float, *, cells: int) -> str:
    """The same where there are no blocks.

    >>> ascii_bar(0.5, cells=4)
    '##'
    """
    if ratio <= 0:
        return ""
    return "#" * min(max(int(ratio * cells), 1), cells)
