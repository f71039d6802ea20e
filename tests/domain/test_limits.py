from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.domain.limits import (
    Range,
    capacity,
    column_capacity,
    column_range,
    limit_in,
    limiting_column,
    numeric_typmod,
)
from agent.domain.sequences import (
    At,
    FedColumn,
    Link,
    SequenceDefinition,
    Unused,
    next_value,
)

INT8 = Range(-(2**63), 2**63 - 1)

SEQUENCE = SequenceDefinition(
    oid=1,
    filenode=1,
    schema="public",
    name="s",
    quoted="public.s",
    quoted_schema="public",
    data_type="bigint",
    start=1,
    minimum=1,
    maximum=INT8.high,
    increment=1,
    cycle=False,
    cache=1,
    unlogged=False,
)
COLUMN = FedColumn(
    table_schema="public",
    table_name="t",
    column="id",
    type_name="integer",
    base_type="int4",
    base_typmod=-1,
    link=Link.OWNED,
    unique=False,
    quoted_table="public.t",
    quoted_column="id",
    table_oid=1,
    unsupplied=False,
    readable=True,
    locks=2,
)

values = st.integers(INT8.low, INT8.high)
small = st.integers(-60, 60)


@st.composite
def sequences(draw: st.DrawFn) -> SequenceDefinition:
    """Sequences of any range and step that PostgreSQL accepts."""
    low, high = sorted((draw(values), draw(values)))
    assume(low < high)
    step = draw(st.integers(1, 2**40)) * draw(st.sampled_from([1, -1]))
    return replace(
        SEQUENCE, minimum=low, maximum=high, increment=step, cycle=draw(st.booleans())
    )


@st.composite
def short_sequences(draw: st.DrawFn) -> SequenceDefinition:
    """Sequences that can be walked through to their end."""
    low, high = sorted((draw(small), draw(small)))
    assume(low < high)
    step = draw(st.integers(1, 20)) * draw(st.sampled_from([1, -1]))
    return replace(SEQUENCE, minimum=low, maximum=high, increment=step)


@st.composite
def columns(draw: st.DrawFn) -> FedColumn:
    """Columns of any built-in type, bounded or not."""
    precision, scale = draw(st.integers(1, 30)), draw(st.integers(-5, 30))
    return replace(
        COLUMN,
        base_type=draw(st.sampled_from(["int2", "int4", "int8", "numeric", "text"])),
        base_typmod=numeric_typmod(precision=precision, scale=scale),
    )


def start_of(sequence: SequenceDefinition) -> Unused:
    return Unused(sequence.minimum if sequence.ascending else sequence.maximum)


def calls_until_failure(
    sequence: SequenceDefinition, position: At | Unused, held: Range
) -> int:
    """Call it for real, and count the values that fit."""
    fitting = 0
    following = next_value(sequence, position)
    while following is not None:
        fitting += held.low <= following <= held.high
        following = next_value(sequence, At(following))
    return fitting


@given(sequences())
def test_a_fresh_sequence_can_be_called_at_least_once(
    sequence: SequenceDefinition,
) -> None:
    fresh = capacity(sequence, start_of(sequence))

    assert fresh.remaining >= 1
    assert fresh.used_ratio == 0


@given(short_sequences(), small)
def test_remaining_is_what_calling_it_until_it_fails_counts(
    sequence: SequenceDefinition, last: int
) -> None:
    assume(sequence.admits(last))

    found = capacity(sequence, At(last))

    everything = Range(sequence.minimum, sequence.maximum)
    assert found.remaining == calls_until_failure(sequence, At(last), everything)


@given(short_sequences(), small, st.integers(1, 2), st.integers(0, 1))
def test_behind_a_column_only_values_that_fit_are_counted(
    sequence: SequenceDefinition, last: int, precision: int, scale: int
) -> None:
    assume(sequence.admits(last))
    typmod = numeric_typmod(precision=precision, scale=scale)
    column = replace(COLUMN, base_type="numeric", base_typmod=typmod)
    held = column_range("numeric", typmod)
    assert held is not None
    limited = replace(sequence, columns=(column,))

    found = capacity(limited, At(last))

    assert found.remaining == calls_until_failure(limited, At(last), held)


@given(sequences(), values)
def test_each_call_takes_exactly_one_from_what_is_left(
    sequence: SequenceDefinition, last: int
) -> None:
    assume(sequence.admits(last))
    following = next_value(sequence, At(last))
    assume(following is not None)
    assert following is not None
    wrapped = (following > last) != sequence.ascending

    before = capacity(sequence, At(last))
    after = capacity(sequence, At(following))

    assert wrapped or before.left - after.left in {1, before.left - after.total}


@given(sequences(), values, columns())
def test_the_ratio_is_one_exactly_when_nothing_is_left(
    sequence: SequenceDefinition, last: int, column: FedColumn
) -> None:
    assume(sequence.admits(last))

    found = column_capacity(sequence, At(last), column)

    assume(found is not None)
    assert found is not None
    assert found.used_ratio >= 0
    assert (found.left <= 0) == (found.remaining == 0)
    if found.remaining == 0:
        assert found.used_ratio >= 1
    if found.left < found.total:
        assert found.used_ratio > 0


@given(sequences(), st.lists(columns(), max_size=4))
def test_the_limit_is_the_tightest_of_all(
    sequence: SequenceDefinition, fed: list[FedColumn]
) -> None:
    sequence = replace(sequence, columns=tuple(fed))
    own = sequence.maximum if sequence.ascending else sequence.minimum
    held = [column_range(c.base_type, c.base_typmod) for c in fed]
    ends = [own, *((r.high if sequence.ascending else r.low) for r in held if r)]

    limit = limit_in(sequence, limiting_column(sequence))

    assert limit == (min(ends) if sequence.ascending else max(ends))


@given(sequences(), values)
def test_downwards_is_upwards_in_a_mirror(
    sequence: SequenceDefinition, last: int
) -> None:
    assume(sequence.admits(last))
    mirrored = replace(
        sequence,
        minimum=-sequence.maximum,
        maximum=-sequence.minimum,
        increment=-sequence.increment,
    )

    here, there = (
        capacity(sequence, At(last)),
        capacity(mirrored, At(-last)),
    )

    assert here is not None
    assert there is not None
    assert (here.total, here.left) == (there.total, there.left)
    assert here.limit == -there.limit


@pytest.mark.parametrize(
    ("base_type", "typmod", "expected"),
    [
        ("int2", -1, Range(-32768, 32767)),
        ("int8", -1, INT8),
        ("oid", -1, Range(0, 4294967295)),
        ("numeric", numeric_typmod(precision=6, scale=0), Range(-999999, 999999)),
        (
            "numeric",
            numeric_typmod(precision=38, scale=0),
            Range(1 - 10**38, 10**38 - 1),
        ),
        ("numeric", numeric_typmod(precision=3, scale=-2), Range(-99949, 99949)),
        ("numeric", numeric_typmod(precision=3, scale=5), Range(0, 0)),
        ("numeric", -1, None),
        ("text", -1, None),
        ("varchar", 9, None),
        ("", -1, None),
    ],
)
def test_a_type_holds_what_it_holds(
    base_type: str, typmod: int, expected: Range | None
) -> None:
    assert column_range(base_type, typmod) == expected


@given(st.integers(1, 1000), st.integers(-1000, 1000))
def test_a_numeric_modifier_is_read_as_it_was_written(
    precision: int, scale: int
) -> None:
    held = column_range("numeric", numeric_typmod(precision=precision, scale=scale))

    assert held is not None
    assert len(str(held.high)) == max(precision - scale, 1)
