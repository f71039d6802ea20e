"""Names move while jobs run: nothing outside a plan is touched, and the ledger is true.

A second session, the owner of the schemas, renames and swaps tables, sequences and
schemas, puts views that run code in their places, drops and creates them and more, at
random against the steps of a run. All that is looked at is looked at by oid. STORM_RUNS
and STORM_SEED make it longer or different, STORM_ONLY=17 repeats the seventeenth run
alone; `make test` runs a short form of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import psycopg
import pytest

from tests.postgres_servers import Database
from tests.resets.storm_course import Report, course_of
from tests.resets.storm_ground import Ground, ground_in
from tests.resets.target import CLOCK

RUNS = int(os.environ.get("STORM_RUNS", "40"))
SEED = int(os.environ.get("STORM_SEED", "33"))
ONLY = os.environ.get("STORM_ONLY")
NUMBERS = range(RUNS) if ONLY is None else range(int(ONLY), int(ONLY) + 1)


@pytest.fixture
def ground(database: Database) -> Ground:
    return ground_in(database)


@pytest.fixture
def admin(ground: Ground) -> Iterator[psycopg.Connection[Any]]:
    with ground.database.connect() as connection:
        yield connection


@pytest.mark.timeout(60 + 3 * RUNS)
def test_nothing_outside_the_plan_is_touched_however_names_move(
    ground: Ground, admin: psycopg.Connection[Any]
) -> None:
    report, began = Report(seed=SEED), CLOCK.monotonic()

    for number in NUMBERS:
        random = Random(f"{SEED}:{number}")
        report.add(number, course_of(ground, admin, random, name=f"run {number}"))

    seconds = round(CLOCK.monotonic() - began, 1)
    _tell({**report.figures(), "seconds": seconds})
    if report.wrong:
        pytest.fail(
            report.account(most=int(os.environ.get("STORM_SHOWN", "3"))), pytrace=False
        )
    # More would have been counted in transactions that may only read.
    assert ground.calls_as_agent() <= ground.traces(admin)[0]
    if len(NUMBERS) >= 40:
        assert report.effects >= len(NUMBERS) // 10
        assert len(report.moves) >= 10


def _tell(figures: dict[str, object]) -> None:
    """For whoever looks on with `pytest -s`."""
    lines = "".join(f"\n{key}: {told}" for key, told in figures.items())
    sys.stderr.write(f"{lines}\n")
