"""Numbers as a table shows them; JSON and CSV have the exact ones."""

from __future__ import annotations

_UNITS = ("", " k", " M", " G", " T", " P", " E")
_EIGHTHS = " ▏▎▍▌▋▊▉"


def compact(number: int) -> str:
    """Four digits or fewer as they are, more with a unit and one decimal.

    >>> [compact(n) for n in (9999, 107374182, -2147483648, 2**63 - 1)]
    ['9999', '107.4 M', '-2.1 G', '9.2 E']
    >>> compact(999_999)
    '1.0 M'
    """
    sign, size = "-" if number < 0 else "", abs(number)
    if size < 10_000:
        return str(number)
    power = min((len(str(size)) - 1) // 3, len(_UNITS) - 1)
    tenths = _tenths(size, power)
    if tenths >= 10_000 and power < len(_UNITS) - 1:
        power += 1
        tenths = _tenths(size, power)
    return f"{sign}{tenths // 10}.{tenths % 10}{_UNITS[power]}"


def _tenths(size: int, power: int) -> int:
    return int((size * 10 + 1000**power // 2) // 1000**power)


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
