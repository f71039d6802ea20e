from __future__ import annotations

import gzip
import shutil
import subprocess
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.metrics.blocks import EMPTY, block
from tests.metrics.bodies import gzip_text, plain_text

TEXTS = st.lists(st.binary(max_size=2_000), max_size=12)


@settings(deadline=None)
@given(texts=TEXTS)
def test_any_blocks_in_any_order_make_one_gzip_member(texts: list[bytes]) -> None:
    blocks = [block(text) for text in texts]

    unzipped = gzip.decompress(gzip_text(blocks))

    assert unzipped == plain_text(blocks) == b"".join(texts)


@settings(deadline=None)
@given(texts=TEXTS)
def test_a_strict_reader_finds_nothing_after_the_member(texts: list[bytes]) -> None:
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)

    text = reader.decompress(gzip_text([block(each) for each in texts]))

    assert text == b"".join(texts)
    assert reader.eof
    assert reader.unused_data == b""


def test_a_segment_does_not_lean_on_what_stood_before_it() -> None:
    one = block(b"pg_sequence_used_ratio 0.5\n" * 100)
    other = block(b"pg_sequence_used_ratio 0.5\n" * 50)

    assert gzip.decompress(gzip_text([other, one])) == other.text + one.text
    assert gzip.decompress(gzip_text([one, other])) == one.text + other.text


def test_repetitive_lines_are_made_much_smaller() -> None:
    text = b"".join(b'pg_sequences{server="a",n="%d"} 1\n' % i for i in range(1000))

    assert len(gzip_text([block(text)])) < len(text) / 5


def test_nothing_is_an_empty_member() -> None:
    assert block(b"") is EMPTY
    assert gzip.decompress(gzip_text([])) == b""


@pytest.mark.skipif(not shutil.which("gzip"), reason="there is no gzip here")
def test_gzip_itself_finds_it_sound() -> None:
    blocks = [block(b"one\n" * 10_000), EMPTY, block(b"two\n")]

    subprocess.run(["gzip", "-t"], input=gzip_text(blocks), check=True)
    unzipped = subprocess.run(
        ["gzip", "-dc"], input=gzip_text(blocks), check=True, capture_output=True
    )

    assert unzipped.stdout == plain_text(blocks)
