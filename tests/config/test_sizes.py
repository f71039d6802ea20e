from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("4096B", 4096),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1KiB", 1024),
        ("500MB", 500_000_000),
        ("20GiB", 21_474_836_480),
        ("20 gib", 21_474_836_480),
        ("1TiB", 2**40),
        ("2PB", 2 * 10**15),
        ("1.073741824e+09", 2**30),
    ],
)
def test_units_are_of_a_thousand_and_of_1024(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "GiB", "-1", "20G", "20Gi", "lots", "1 2MB", "1EB", "٣MB"]
)
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size; write it like 20GiB"):
        parse_size(text)


def test_a_size_is_a_whole_number_of_its_unit() -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        parse_size("1.5GiB")


def test_a_size_fits_a_bigint() -> None:
    with pytest.raises(ValueError, match="must be at most 9223372036854775807 bytes"):
        parse_size("9223372036854775808")


@given(st.integers(0, 2**63 - 1))
def test_what_is_written_reads_as_the_same(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.text())
def test_a_text_is_a_size_or_a_value_error(text: str) -> None:
    try:
        size = parse_size(text)
    except ValueError:
        return
    assert size >= 0
