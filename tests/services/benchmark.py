"""What following a large database costs: python -m tests.services.benchmark.

20,000 sequences with eight weeks of history, 2,000 of them called in every hour, 500 of
them at risk. Processor time, so that what else the machine does is left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from agent.domain.consumption.buckets import DayCalls, day_of
from agent.domain.consumption.records import Record
from agent.domain.consumption.steps import Mark, terms_of
from agent.domain.sequences import At, SequenceDefinition
from agent.ports import Chapter
from agent.services.tracking import Seen, Tracker
from tests.domain.statuses import BIGINT, NOON

SEQUENCES, ACTIVE, AT_RISK = 20_000, 2_000, 500
DAYS = 56
LINE = "7/00000001"
MINUTE = timedelta(minutes=1)


def main() -> None:
    sys.stdout.writelines(f"{line}\n" for line in report())


def report() -> Iterator[str]:
    definitions = [sequence(number) for number in range(SEQUENCES)]
    left = {s.oid: remaining(number) for number, s in enumerate(definitions)}
    tracker = Tracker("primary", "app")
    tracker.resume(Chapter(records=tuple(map(record, definitions))))
    yield f"{SEQUENCES} sequences, {ACTIVE} of them active, {AT_RISK} at risk"

    def pass_round(number: int, at_hour: int = 0) -> None:
        now = NOON + at_hour * timedelta(hours=1) + number * MINUTE
        tracker.follow(seen(definitions, number, now))
        for each in definitions:
            tracker.usage(each, left[each.oid] - moved(each, number), now)

    yield f"  first round, with forecasts    {seconds(lambda: pass_round(1)):6.2f} s"
    yield f"  a further round                {seconds(lambda: pass_round(2)):6.2f} s"
    yield f"  a further round                {seconds(lambda: pass_round(3)):6.2f} s"
    yield f"  first round of the next hour   {seconds(lambda: pass_round(4, 1)):6.2f} s"


def sequence(number: int) -> SequenceDefinition:
    return replace(BIGINT, oid=16_384 + number, name=f"sequence_{number}")


def is_active(definition: SequenceDefinition) -> bool:
    return (definition.oid - 16_384) % (SEQUENCES // ACTIVE) == 0


def moved(definition: SequenceDefinition, rounds: int) -> int:
    return 10 * rounds if is_active(definition) else 0


def remaining(number: int) -> int:
    """About three months for those at risk, thousands of years for the rest."""
    return 5_400_000 if number % (SEQUENCES // AT_RISK) == 0 else 2**62


def record(definition: SequenceDefinition) -> Record:
    calls = np.random.default_rng(definition.oid).integers(0, 5_000, (DAYS, 24))
    today = day_of(NOON)
    days = tuple(
        DayCalls(day=today - DAYS + 1 + i, calls=int(hours.sum()), hours=hours)
        for i, hours in enumerate(calls)
    )
    return Record(
        schema=definition.schema,
        name=definition.name,
        since=NOON - timedelta(days=DAYS),
        mark=Mark(
            at=NOON,
            oid=definition.oid,
            filenode=definition.filenode,
            terms=terms_of(definition),
            position=At(10**9),
            line=LINE,
        ),
        current=True,
        consumed=10**8,
        fastest=2.0,
        resets={},
        days=days if is_active(definition) else (),
    )


def seen(definitions: list[SequenceDefinition], rounds: int, now: datetime) -> Seen:
    return Seen(
        at=now,
        order=now.timestamp(),
        line=LINE,
        positions=[(s, At(10**9 + moved(s, rounds))) for s in definitions],
    )


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
