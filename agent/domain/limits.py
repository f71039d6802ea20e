"""How far a sequence can go: ranges of types, and calls left in exact integers.

Everything is counted in successful `nextval` calls, not in values: with INCREMENT
10, a sequence at 2147483641 of an integer range has no call left although six
values are.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.domain.sequences import (
    At,
    FedColumn,
    SequenceDefinition,
    Supply,
    Unused,
    upcoming,
)

_INTEGER_BITS = {"int2": 16, "int4": 32, "int8": 64}
_SEQUENCE_TYPES = {"smallint": "int2", "integer": "int4", "bigint": "int8"}
_OID_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Range:
    """The whole numbers that something can hold, both ends included."""

    low: int
    high: int

    def within(self, other: Range) -> Range:
        """What both can hold.

        >>> Range(1, 100).within(Range(-10, 10))
        Range(low=1, high=10)
        """
        return Range(max(self.low, other.low), min(self.high, other.high))

    def in_direction(self, *, ascending: bool) -> Range:
        """The same range on an axis along which the sequence climbs.

        >>> Range(-100, -1).in_direction(ascending=False)
        Range(low=1, high=100)
        """
        return self if ascending else Range(-self.high, -self.low)


def column_range(base_type: str, typmod: int) -> Range | None:
    """What a column of a built-in type can hold; None where its type sets no bound.

    >>> column_range("int4", -1)
    Range(low=-2147483648, high=2147483647)
    >>> column_range("numeric", numeric_typmod(precision=6, scale=2))
    Range(low=-9999, high=9999)
    >>> column_range("numeric", -1) is column_range("text", -1) is None
    True
    """
    if base_type in _INTEGER_BITS:
        half = 2 ** (_INTEGER_BITS[base_type] - 1)
        return Range(-half, half - 1)
    if base_type == "oid":
        return Range(0, _OID_MAX)
    if base_type == "numeric" and typmod >= 0:
        largest = _largest_numeric(typmod)
        return Range(-largest, largest)
    return None


def numeric_typmod(*, precision: int, scale: int) -> int:
    """The `atttypmod` of numeric(precision, scale).

    Source: `make_numeric_typmod` in PostgreSQL's src/backend/utils/adt/numeric.c.
    """
    return ((precision << 16) | (scale & 0x7FF)) + 4


def _largest_numeric(typmod: int) -> int:
    """The largest whole number that numeric(precision, scale) takes.

    A negative scale (PostgreSQL 15 and newer) rounds to a power of ten, half away
    from zero, so that the last values of the range round out of it:

    >>> _largest_numeric(numeric_typmod(precision=2, scale=-3))
    99499
    >>> _largest_numeric(numeric_typmod(precision=2, scale=4))
    0
    """
    precision = ((typmod - 4) >> 16) & 0xFFFF
    scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024
    fits = int(10 ** max(precision - scale, 0))
    rounded_away = int(5 * 10 ** (-scale - 1)) if scale < 0 else 0
    return fits - rounded_away - 1


def sequence_type_range(data_type: str) -> Range:
    """What a sequence of this type may be set to at most.

    >>> sequence_type_range("smallint")
    Range(low=-32768, high=32767)
    """
    half = 2 ** (_INTEGER_BITS[_SEQUENCE_TYPES[data_type]] - 1)
    return Range(-half, half - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much of one range a sequence has used.

    `limit` is the last value that fits, `total` the calls that fit into the whole
    range and `left` those that still do: negative by the number of calls that went
    past the limit.
    """

    limit: int
    total: int
    left: int

    @property
    def remaining(self) -> int:
        return max(self.left, 0)

    @property
    def used_ratio(self) -> float:
        """1 - calls left / calls in the range; above 1 past the limit."""
        return (self.total - self.left) / self.total if self.total > 0 else 1.0


def calls_in(range_: Range, *, step: int) -> int:
    """The calls that walk through a whole range.

    >>> calls_in(Range(1, 100), step=30)
    4
    >>> calls_in(Range(5, 4), step=1)
    0
    """
    return max((range_.high - range_.low) // step + 1, 0)


def calls_left(range_: Range, *, start: int, step: int) -> int:
    """The calls that fit from `start` on, minus those that are past the end.

    Calls below the range give no usable value and are not counted.

    >>> calls_left(Range(1, 2147483647), start=2147483651, step=10)
    0
    >>> calls_left(Range(1, 10), start=13, step=1)
    -2
    >>> calls_left(Range(1, 10), start=-4, step=2)
    5
    """
    missing = max(range_.low - start, 0)
    first = start + -(-missing // step) * step
    return (range_.high - first) // step + 1


def capacity(sequence: SequenceDefinition, position: Unused | At) -> Capacity:
    """How much is left until the sequence or the first of its columns ends."""
    held = [_held(column) for column in sequence.columns]
    fits = _own(sequence)
    for each in held:
        fits = fits.within(each) if each else fits
    return _capacity(sequence, position, fits)


def column_capacity(
    sequence: SequenceDefinition, position: Unused | At, column: FedColumn
) -> Capacity | None:
    """How much is left until this column ends, were the sequence to go on for ever.

    None where the column's type sets no bound, or other values than the sequence's are
    in it.
    """
    held = _held(column)
    if held is None:
        return None
    own = _own(sequence)
    if sequence.ascending:
        return _capacity(sequence, position, Range(max(own.low, held.low), held.high))
    return _capacity(sequence, position, Range(held.low, min(own.high, held.high)))


def _held(column: FedColumn) -> Range | None:
    """What a column can hold of a sequence's values; None where nothing bounds them."""
    if column.supply not in {Supply.PLAIN, Supply.ROUNDED}:
        return None
    return column_range(column.base_type, column.base_typmod)


def _own(sequence: SequenceDefinition) -> Range:
    return Range(sequence.minimum, sequence.maximum)


def _capacity(
    sequence: SequenceDefinition, position: Unused | At, fits: Range
) -> Capacity:
    ascending, step = sequence.ascending, abs(sequence.increment)
    along = fits.in_direction(ascending=ascending)
    following = upcoming(sequence, position)
    return Capacity(
        limit=fits.high if ascending else fits.low,
        total=calls_in(along, step=step),
        left=calls_left(along, start=following if ascending else -following, step=step),
    )


def column_limit(sequence: SequenceDefinition, column: FedColumn) -> int | None:
    """The last value that a column takes in the sequence's direction."""
    held = _held(column)
    if held is None:
        return None
    return held.high if sequence.ascending else held.low


def limit_in(sequence: SequenceDefinition, limiting: FedColumn | None) -> int:
    """The last value of a sequence that ends at `limiting`, or at its own bound."""
    own = sequence.maximum if sequence.ascending else sequence.minimum
    if limiting is None:
        return own
    limit = column_limit(sequence, limiting)
    return own if limit is None else limit


def limiting_column(sequence: SequenceDefinition) -> FedColumn | None:
    """The column that ends a sequence first; None when its own bound does.

    Of two equal limits the column's is named: it is the one that is hard to widen.
    """
    sign = 1 if sequence.ascending else -1
    bounded = [c for c in sequence.columns if column_limit(sequence, c) is not None]
    tightest = min(bounded, key=lambda c: sign * limit_in(sequence, c), default=None)
    if tightest is None:
        return None
    within = sign * limit_in(sequence, tightest) <= sign * limit_in(sequence, None)
    return tightest if within else None
