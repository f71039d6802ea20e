"""The answer to a scrape: facts about databases and about the agent in one body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.metrics.blocks import GzipBody, PlainBody, block, gzipped, plain
from agent.metrics.exposition import Exposition, blocks_of
from agent.metrics.lines import Format
from agent.metrics.negotiation import format_for, gzip_welcome
from agent.metrics.own import OwnMetrics
from agent.metrics.rendering import DatabaseText
from agent.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body in pieces and the headers that describe it."""

    pieces: tuple[bytes, ...]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finished:
    """An answer and what it was made from."""

    databases: Mapping[tuple[str, str], DatabaseText]
    body: PlainBody | GzipBody
    second: int
    answer: Answer


class Scraper:
    """Answers scrapes from memory, in the format and encoding that they ask for.

    All scrapes get the same pieces until something is published. What the agent says
    of itself, such as the processor time it used, is at most a second old.
    """

    def __init__(self, exposition: Exposition, own: OwnMetrics, clock: Clock) -> None:
        self._exposition = exposition
        self._own = own
        self._clock = clock
        self._finished: Mapping[tuple[Format, bool], _Finished] = {}

    def finished(self, *, accept: str, accept_encoding: str) -> Answer | None:
        """The answer that a scrape of before got; None if it is not true any more."""
        kept = self._finished.get((format_for(accept), gzip_welcome(accept_encoding)))
        if kept is None or kept.second != self._second():
            return None
        true = kept.databases is self._exposition.databases()
        return kept.answer if true else None

    def scrape(self, *, accept: str, accept_encoding: str) -> Answer:
        format_, gzip = format_for(accept), gzip_welcome(accept_encoding)
        second = self._second()
        databases, body = self._body(format_, gzip=gzip)
        # The own text comes last: in OpenMetrics it brings the one mark of the end.
        own = block(self._own.text(format_))
        pieces = body.ended_by(own)
        answer = Answer(pieces=pieces, headers=_headers(format_, gzip=gzip))
        finished = _Finished(
            databases=databases, body=body, second=second, answer=answer
        )
        self._finished = {**self._finished, (format_, gzip): finished}
        return answer

    def _body(
        self, format_: Format, *, gzip: bool
    ) -> tuple[Mapping[tuple[str, str], DatabaseText], PlainBody | GzipBody]:
        """What databases there are, and their part of the body."""
        databases = self._exposition.databases()
        kept = self._finished.get((format_, gzip))
        if kept is not None and kept.databases is databases:
            return databases, kept.body
        blocks = blocks_of(databases, format_)
        return databases, gzipped(blocks) if gzip else plain(blocks)

    def _second(self) -> int:
        return int(self._clock.monotonic())


def _headers(format_: Format, *, gzip: bool) -> Mapping[str, str]:
    headers = {"Content-Type": format_.value, "Vary": "Accept, Accept-Encoding"}
    return {**headers, "Content-Encoding": "gzip"} if gzip else headers
