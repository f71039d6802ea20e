"""What remembering costs: python -m tests.history.benchmark.

90 days of 20,000 sequences in an SQLite file, 2,000 of them called in every hour.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from agent.clock import SystemClock
from agent.domain.consumption.buckets import DAYS_KEPT_FOR, DayCalls, day_of
from agent.domain.consumption.records import Record
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.history.records import NOW, RECORD

SEQUENCES = 20_000
ACTIVE = 2_000
DAYS = 90
RUNS = 5

CLOCK = SystemClock()


def main() -> None:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "history.db"
        sys.stdout.writelines(f"{line}\n" for line in report(file))


def report(file: Path) -> Iterator[str]:
    history = SqlHistory(f"sqlite:///{file}", retention=DAYS_KEPT_FOR)
    yield f"{DAYS} days of {SEQUENCES} sequences, {ACTIVE} of them active"
    yield f"  first save, all sequences      {seconds(lambda: begin(history)):6.2f} s"
    rounds = [seconds(partial(pass_day, history, day)) for day in range(DAYS)]
    yield f"  save of {ACTIVE} that changed      {median(rounds):6.2f} s (median)"
    yield f"  prune, {DAYS - 56} days to downsample   {prune(history):6.2f} s"
    yield f"  prune, nothing to do           {prune(history):6.2f} s"
    yield f"  size on disk                   {megabytes(file):6.1f} MB"
    loads = [seconds(lambda: history.load("main", "app")) for _ in range(RUNS)]
    yield f"  load                           {median(loads):6.2f} s (median of {RUNS})"
    history.close()


def begin(history: SqlHistory, sequences: int = SEQUENCES) -> None:
    """Save all of them for the first time."""
    records = tuple(sequence(number) for number in range(sequences))
    history.save("main", "app", Chapter(records=records), seen_at=NOW)


def pass_day(history: SqlHistory, day: int, active: int = ACTIVE) -> None:
    """Save the day of that number, on which the active ones were called."""
    at = NOW - timedelta(days=DAYS - 1 - day)
    calls = np.random.default_rng(day).integers(0, 5_000, (active, 24))
    records = tuple(
        replace(
            sequence(number * 10),
            consumed=(day + 1) * 60_000,
            days=(DayCalls(day=day_of(at), calls=int(hours.sum()), hours=hours),),
        )
        for number, hours in enumerate(calls)
    )
    history.save("main", "app", Chapter(records=records), seen_at=at)


def sequence(number: int) -> Record:
    return replace(
        RECORD,
        name=f"a_table_of_the_application_{number}_id_seq",
        mark=replace(RECORD.mark, oid=16_384 + number),
    )


def prune(history: SqlHistory) -> float:
    return seconds(lambda: history.prune(NOW))


def megabytes(file: Path) -> float:
    """With the journal, as far as there is one."""
    return sum(each.stat().st_size for each in file.parent.iterdir()) / 1e6


def seconds(work: Callable[[], object]) -> float:
    started = CLOCK.monotonic()
    work()
    return CLOCK.monotonic() - started


if __name__ == "__main__":
    main()
