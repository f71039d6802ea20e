from __future__ import annotations

import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest

from agent.metrics.exposition import Exposition
from agent.metrics.lines import Format
from agent.metrics.own import OwnMetrics
from agent.metrics.scrape import Scraper
from tests.domain.statuses import NOON
from tests.goldens import golden
from tests.metrics.examples import ROUNDS
from tests.metrics.fleet import fleet
from tests.metrics.parsing import PARSE
from tests.stopped_clock import StoppedClock

GOLDEN = Path(__file__).parent / "golden"
# They describe the machine and the interpreter of this very run.
OF_THIS_RUN = re.compile(r"^(# (HELP|TYPE) )?(process|python)_.*\n", re.MULTILINE)


def scraper() -> Scraper:
    exposition, own = Exposition(), OwnMetrics(version="1.2.3")
    own.reloaded(ok=True, at=NOON)
    for status in ROUNDS:
        exposition.publish(status)
        own.publish(status)
    return Scraper(exposition, own, StoppedClock(NOON))


def body(format_: Format) -> str:
    answer = scraper().scrape(accept=format_.value, accept_encoding="")
    return b"".join(answer.pieces).decode()


@pytest.mark.parametrize(
    ("format_", "file"),
    [(Format.TEXT, "metrics.txt"), (Format.OPENMETRICS, "metrics.openmetrics.txt")],
    ids=["text", "openmetrics"],
)
def test_a_small_board_with_every_state_reads_so(format_: Format, file: str) -> None:
    text = OF_THIS_RUN.sub("", body(format_))

    assert text == golden(GOLDEN / file, text)


def test_the_parser_of_the_text_format_accepts_the_body() -> None:
    families = list(PARSE[Format.TEXT](body(Format.TEXT)))

    assert all(family.type != "untyped" for family in families)
    assert all(family.documentation for family in families)


def test_the_parser_of_openmetrics_accepts_the_body() -> None:
    families = list(PARSE[Format.OPENMETRICS](body(Format.OPENMETRICS)))

    assert all(family.type != "unknown" for family in families)
    assert len({family.name for family in families}) == len(families)


@pytest.mark.parametrize("format_", Format, ids=lambda f: f.name)
def test_the_headers_name_the_format_and_what_the_answer_depends_on(
    format_: Format,
) -> None:
    answer = scraper().scrape(accept=format_.value, accept_encoding="identity")

    assert answer.headers == {
        "Content-Type": format_.value,
        "Vary": "Accept, Accept-Encoding",
    }


def test_gzip_is_named_and_holds_the_same_facts() -> None:
    accept = Format.OPENMETRICS.value

    answer = scraper().scrape(accept=accept, accept_encoding="gzip")

    text = gzip.decompress(b"".join(answer.pieces)).decode()
    assert answer.headers["Content-Encoding"] == "gzip"
    assert OF_THIS_RUN.sub("", text) == OF_THIS_RUN.sub("", body(Format.OPENMETRICS))


def test_scrapes_share_their_pieces_until_the_next_publication() -> None:
    exposition, own, clock = (
        Exposition(),
        OwnMetrics(version="1"),
        StoppedClock(NOON),
    )
    exposition.publish(ROUNDS[0])
    scraper = Scraper(exposition, own, clock)
    plain = {"accept": "", "accept_encoding": ""}

    first = scraper.scrape(**plain)
    same = scraper.finished(**plain)
    unzipped = scraper.finished(accept="", accept_encoding="gzip")
    exposition.publish(ROUNDS[0])
    outdated = scraper.finished(**plain)

    assert same is first
    assert unzipped is None
    assert outdated is None


def test_what_the_agent_says_of_itself_is_at_most_a_second_old() -> None:
    own, clock = OwnMetrics(version="1"), StoppedClock(NOON)
    exposition = Exposition()
    exposition.publish(fleet(2_000))
    scraper = Scraper(exposition, own, clock)
    plain = {"accept": "", "accept_encoding": ""}
    first = scraper.scrape(**plain)
    own.history_failed()

    clock.move(timedelta(seconds=1))
    assert scraper.finished(**plain) is None
    second = scraper.scrape(**plain)

    assert b"history_write_failures_total 0.0" in first.pieces[-1]
    assert b"history_write_failures_total 1.0" in second.pieces[-1]
    pairs = zip(first.pieces[:-1], second.pieces[:-1], strict=True)
    assert all(one is other for one, other in pairs)
