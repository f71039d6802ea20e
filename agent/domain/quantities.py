"""Numbers, rates and lengths of time as people read them; JSON and CSV are exact."""

from __future__ import annotations

_DAY = 86_400
_UNITS = ("", " k", " M", " G", " T", " P", " E")


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


def rate(per_second: float) -> str:
    """In the unit that makes it a number to remember.

    >>> rate(12.5), rate(0.5), rate(0.0)
    ('12.5 calls a second', '1800 calls an hour', 'nothing')
    """
    if per_second == 0:
        return "nothing"
    if per_second >= 1:
        number = (
            f"{per_second:.1f}" if per_second < 1000 else compact(round(per_second))
        )
        return f"{number} calls a second"
    if per_second * 3600 >= 10:
        return f"{per_second * 3600:.0f} calls an hour"
    return f"{per_second * _DAY:.3g} calls a day"


def span(seconds: float) -> str:
    """A length of time with two digits, for nobody knows more.

    >>> [span(s) for s in (90, 5400, 180_000, 2_000_000, 40_000_000, 90_000_000)]
    ['1.5 minutes', '1.5 hours', '2.1 days', '3.3 weeks', '15 months', '2.9 years']
    """
    for unit, size, most in (
        ("minutes", 60, 90),
        ("hours", 3600, 48),
        ("days", _DAY, 14),
        ("weeks", 7 * _DAY, 13),
        ("months", 30.44 * _DAY, 24),
    ):
        if seconds / size < most:
            return f"{_two_digits(seconds / size)} {unit}"
    return f"{_two_digits(seconds / (365.25 * _DAY))} years"


def _two_digits(number: float) -> str:
    return f"{number:.1f}" if number < 9.95 else f"{number:.0f}"
