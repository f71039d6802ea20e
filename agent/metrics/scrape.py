"""The answer to a scrape: facts about databases and about the agent in one body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.metrics.blocks import block, gzipped, plain
from agent.metrics.exposition import Exposition
from agent.metrics.negotiation import format_for, gzip_welcome
from agent.metrics.own import OwnMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body and the headers that describe it."""

    body: bytes
    headers: Mapping[str, str]


class Scraper:
    """Answers scrapes from memory, in the format and encoding that they ask for."""

    def __init__(self, exposition: Exposition, own: OwnMetrics) -> None:
        self._exposition = exposition
        self._own = own

    def scrape(self, *, accept: str, accept_encoding: str) -> Answer:
        format_ = format_for(accept)
        headers = {
            "Content-Type": format_.value,
            "Vary": "Accept, Accept-Encoding",
        }
        # The own text comes last: in OpenMetrics it brings the one mark of the end.
        blocks = [
            *self._exposition.blocks(format_),
            block(self._own.text(format_)),
        ]
        if not gzip_welcome(accept_encoding):
            return Answer(body=plain(blocks), headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Answer(body=gzipped(blocks), headers=headers)
