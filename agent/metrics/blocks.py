"""Runs of text that are deflated once and joined into many answers."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# Higher levels take three times as long to leave out another twentieth.
_LEVEL = 1
_RAW_DEFLATE = -zlib.MAX_WBITS

# Bytes; a page of 256 sequences has more in most families.
_SMALL = 8 * 1024

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainBody:
    """Blocks one after the other, in pieces that are sent as they are.

    Large pieces are those of the blocks, so that a body costs next to no memory.
    """

    pieces: tuple[bytes, ...]

    def ended_by(self, last: Block) -> tuple[bytes, ...]:
        """All pieces, with one more block."""
        return (*self.pieces, last.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class GzipBody:
    """The same as the begin of a gzip member, with check sum and size of its text."""

    pieces: tuple[bytes, ...]
    check: int
    size: int

    def ended_by(self, last: Block) -> tuple[bytes, ...]:
        """All pieces of the member, with one more block."""
        check = zlib.crc32(last.text, self.check)
        size = (self.size + len(last.text)) % 2**32
        trailer = check.to_bytes(4, "little") + size.to_bytes(4, "little")
        return (*self.pieces, last.deflated, _LAST_SEGMENT + trailer)


def plain(blocks: Sequence[Block]) -> PlainBody:
    return PlainBody(pieces=_gathered(each.text for each in blocks))


def gzipped(blocks: Sequence[Block]) -> GzipBody:
    """Only the check sum is computed now."""
    check, size = 0, 0
    for each in blocks:
        check = zlib.crc32(each.text, check)
        size += len(each.text)
    segments = _gathered(each.deflated for each in blocks)
    return GzipBody(pieces=(_GZIP_HEADER, *segments), check=check, size=size)


def _gathered(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    """Small ones joined, for each piece costs a call; large ones as they are."""
    pieces: list[bytes] = []
    small: list[bytes] = []
    gathered = 0
    for text in texts:
        if len(text) >= _SMALL:
            pieces += [*_joined(small), text]
            small, gathered = [], 0
            continue
        small.append(text)
        gathered += len(text)
        if gathered >= _SMALL:
            pieces += _joined(small)
            small, gathered = [], 0
    return (*pieces, *_joined(small))


def _joined(texts: Sequence[bytes]) -> Iterator[bytes]:
    if texts:
        yield b"".join(texts)
