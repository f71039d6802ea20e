"""`sequence-agent forecast --config`: a look at real databases, and what is stored."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.bootstrap.forecasting import Lookout
from agent.config import load
from agent.domain.forecasting.scoring import Prediction
from tests.cli.remembering import CALLS_AN_HOUR, DAY, PREFIX, SCHEMA, Home, home_of
from tests.cli.running import COMMAND, environment
from tests.postgres_servers import Database, database_on


def test_each_sequence_is_told_from_what_is_stored_of_it(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.remember()

    found = home.sequences()

    orders = found["orders_id_seq"]
    assert list(orders) == [
        "schemaname",
        "sequencename",
        "state",
        "remaining_values",
        "rate_per_second",
        "p10_seconds",
        "p50_seconds",
        "p90_seconds",
    ]
    assert (orders["state"], orders["remaining_values"]) == ("ok", 24_000)
    assert orders["rate_per_second"] == pytest.approx(CALLS_AN_HOUR / 3600, rel=0.1)
    assert orders["p50_seconds"] == pytest.approx(10 * DAY, rel=0.1)
    assert orders["p10_seconds"] < orders["p50_seconds"] < orders["p90_seconds"]
    assert found["idle_seq"]["state"] == "idle"
    assert found["idle_seq"]["p50_seconds"] is None
    assert (found["full_seq"]["state"], found["full_seq"]["p50_seconds"]) == (
        "exhausted",
        0,
    )


def test_calls_since_the_history_was_written_count_too(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.remember()
    home.database.execute(
        "SELECT count(nextval('orders_id_seq')) FROM generate_series(1, 23000)"
    )

    orders = home.sequences()["orders_id_seq"]

    assert orders["remaining_values"] == 1000
    assert orders["p50_seconds"] < DAY


def test_the_learned_stretch_is_applied(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.remember()
    plain = home.sequences()["orders_id_seq"]
    home.remember(*missed_by_far(datetime.now(UTC)))  # noqa: TID251 - of the server

    stretched = home.sequences()["orders_id_seq"]

    assert width(stretched) > 1.5 * width(plain)
    assert stretched["p50_seconds"] == pytest.approx(plain["p50_seconds"], rel=0.02)


def width(told: dict[str, Any]) -> float:
    return float(np.log(told["p90_seconds"] / told["p10_seconds"]))


def missed_by_far(now: datetime) -> Iterator[Prediction]:
    """Predictions for 7 and 14 days that were too narrow, one made on each day."""
    for horizon in (7, 14):
        for day in range(horizon + 1, 60):
            yield Prediction(
                schema="public",
                name="orders_id_seq",
                made_at=now - timedelta(days=day),
                horizon=horizon,
                consumed=0,
                p10=90.0,
                p50=100.0,
                p90=110.0,
                actual=200 if day % 2 else 50,
            )


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("orders_id_seq", {"orders_id_seq"}),
        ("public.*_seq", {"orders_id_seq", "idle_seq", "full_seq"}),
        ("[if]*", {"idle_seq", "full_seq"}),
    ],
)
def test_a_pattern_picks_by_name_with_or_without_its_schema(
    pattern: str, names: set[str], home: Home
) -> None:
    home.database.execute(SCHEMA)

    assert set(home.sequences("--sequence", pattern)) == names


def test_a_pattern_that_matches_nothing_is_named(home: Home) -> None:
    home.database.execute(SCHEMA)

    ran = home.run("--sequence", "Orders*")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"{PREFIX}--sequence 'Orders*' matches none of the sequences\n"


def test_one_sequence_is_drawn_from_its_stored_history(home: Home) -> None:
    pytest.importorskip("matplotlib")
    home.database.execute(SCHEMA)
    home.remember()
    picture = home.config.with_name("orders.svg")

    ran = home.run("--sequence", "orders_id_seq", "--plot", str(picture))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert picture.stat().st_size > 10_000


def test_a_plot_is_of_one_sequence(home: Home) -> None:
    home.database.execute(SCHEMA)

    ran = home.run("--plot", str(home.config.with_name("x.png")))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"{PREFIX}--plot draws one sequence, and here are 3: public.full_seq,"
        " public.idle_seq, public.orders_id_seq; name one with --sequence\n"
    )


def test_what_is_drawn_is_all_that_is_stored_and_seen(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.remember()
    home.database.execute(
        "ALTER SEQUENCE orders_id_seq RENAME TO bills_id_seq;"
        "SELECT count(nextval('bills_id_seq')) FROM generate_series(1, 7)"
    )
    lookout = Lookout(load(home.config, {}), {})
    [database] = lookout.look(lambda _done, _all: None)
    [bills] = [s for s in database.sequences if s.sequence.name == "bills_id_seq"]

    track = lookout.track(database, bills.sequence)

    assert track is not None
    assert bills.usage is not None
    assert track.consumed == bills.usage.consumed
    history = track.history(database.sampled_at)
    assert history.hourly.sum() + history.daily.sum() >= 58 * 24 * CALLS_AN_HOUR


def test_a_reader_that_goes_away_is_no_trouble(home: Home) -> None:
    home.database.execute(
        "DO $$ BEGIN FOR i IN 1..2000 LOOP"
        " EXECUTE format('CREATE SEQUENCE s%s', i); END LOOP; END $$"
    )

    process = subprocess.Popen(
        [*COMMAND, "forecast", "--config", str(home.config)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    _, errors = process.communicate()

    assert (errors, process.returncode) == (b"", 141)


def test_every_database_has_its_own_past(database: Database, tmp_path: Path) -> None:
    with database_on(database.server) as other:
        for each in (database, other):
            each.execute(SCHEMA)
        home = home_of(database, tmp_path, more="")
        home.remember()
        text = home.config.read_text()
        home.config.write_text(
            text.replace(f"[{database.name}]", f"[{database.name}, {other.name}]")
        )

        ran = home.run("--sequence", "orders_id_seq")

    lines = ran.stdout.splitlines()
    assert lines[1].split()[:2] == [database.name, "public.orders_id_seq"]
    assert lines[2].split()[0] == other.name
    assert lines[2].endswith("too early to tell")
    assert f"has nothing of primary/{other.name} yet" in ran.stderr
