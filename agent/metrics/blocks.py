"""Runs of text that are deflated once and joined into many answers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Higher levels take three times as long to leave out another twentieth.
_LEVEL = 1
_RAW_DEFLATE = -zlib.MAX_WBITS

# No file name, no time, any system: RFC 1952, section 2.3.
_GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
# An empty block that carries the final bit; the segments before it never do.
_LAST_SEGMENT = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of text with a segment of raw deflate that stands for the same bytes.

    Each segment starts with an empty window and ends on a whole byte, so that
    segments may follow each other in any order.
    """

    text: bytes
    deflated: bytes


EMPTY = Block(b"", b"")


def block(text: bytes) -> Block:
    if not text:
        return EMPTY
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    return Block(text, deflater.compress(text) + deflater.flush(zlib.Z_SYNC_FLUSH))


def plain(blocks: Iterable[Block]) -> bytes:
    return b"".join([each.text for each in blocks])


def gzipped(blocks: Sequence[Block]) -> bytes:
    """The same as one gzip member, of which only the check sum is computed now."""
    check, size = 0, 0
    for each in blocks:
        check = zlib.crc32(each.text, check)
        size += len(each.text)
    trailer = check.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    segments = [each.deflated for each in blocks]
    return b"".join([_GZIP_HEADER, *segments, _LAST_SEGMENT, trailer])
