"""What a large database costs: python -m tests.metrics.benchmark [SEQUENCES].

Processor time and the best of several runs: what else the machine does is left out.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from prometheus_client.exposition import generate_latest

from agent.domain.status import DatabaseStatus
from agent.metrics.blocks import gzipped, plain
from agent.metrics.exposition import Exposition
from agent.metrics.lines import Format
from tests.metrics.bodies import gzip_text, plain_text
from tests.metrics.fleet import assessed_again, fleet, next_round
from tests.metrics.reference import ReferenceCollector

RUNS = 5


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    sys.stdout.writelines(f"{line}\n" for line in report(fleet(size)))


def report(status: DatabaseStatus) -> Iterator[str]:
    exposition = published(status)
    blocks = exposition.blocks(Format.TEXT)
    text, zipped = plain_text(blocks), gzip_text(blocks)
    yield (
        f"{len(status.sequences)} sequences: {text.count(bytes([10]))} lines,"
        f" {len(text):,} bytes, {len(zipped):,} gzipped"
    )
    cold = best(lambda: published(status))
    yield f"publish, cold:          {cold * 1e3:8.1f} ms"
    for name, later in (
        ("same objects", status),
        ("equal objects", assessed_again(status)),
        ("1 % moved on", next_round(status, every=100)),
        ("all moved on", next_round(status, every=1)),
    ):
        yield f"publish, {name + ':':15}{publish_after(status, later) * 1e3:8.1f} ms"
    scrape = best(lambda: plain(exposition.blocks(Format.TEXT)))
    yield f"scrape, plain:          {scrape * 1e3:8.1f} ms"
    scrape_gzipped = best(lambda: gzipped(exposition.blocks(Format.TEXT)))
    yield f"scrape, gzip:           {scrape_gzipped * 1e3:8.1f} ms"
    collector = ReferenceCollector([status])
    library = best(lambda: generate_latest(collector))
    yield f"generate_latest:        {library * 1e3:8.1f} ms"
    yield (
        f"generate_latest is {library / cold:.1f} cold publications,"
        f" {library / scrape:.0f} plain and {library / scrape_gzipped:.0f} gzip scrapes"
    )


def published(status: DatabaseStatus) -> Exposition:
    exposition = Exposition()
    exposition.publish(status)
    return exposition


def publish_after(status: DatabaseStatus, later: DatabaseStatus) -> float:
    """The best time for `later`, each run with `status` published before it."""
    expositions = [published(status) for _ in range(RUNS)]
    return min(seconds(partial(each.publish, later)) for each in expositions)


def best(action: Callable[[], object]) -> float:
    return min(seconds(action) for _ in range(RUNS))


def seconds(action: Callable[[], object]) -> float:
    gc.collect()
    begun = time.process_time()
    action()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
