"""Bodies of scrapes as a client sees them: the pieces joined."""

from __future__ import annotations

from collections.abc import Sequence

from agent.metrics.blocks import EMPTY, Block, gzipped, plain


def plain_text(blocks: Sequence[Block]) -> bytes:
    return b"".join(plain(blocks).ended_by(EMPTY))


def gzip_text(blocks: Sequence[Block]) -> bytes:
    return b"".join(gzipped(blocks).ended_by(EMPTY))
