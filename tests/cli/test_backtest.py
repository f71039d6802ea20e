"""`sequence-agent backtest`: how stored predictions, and those of a trace, came out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.cli.paper import Paper
from agent.cli.scores import EXPLANATION, entry, scores, table
from agent.domain.consumption.hindsight import hourly_calls, origins, outcomes
from agent.domain.forecasting.increments import Consumption, Event, consumption
from agent.domain.forecasting.increments import Position as Seen
from agent.domain.forecasting.scoring import HORIZONS, Prediction
from agent.history.store import SqlHistory
from agent.ports import Chapter
from tests.cli.running import Ran, sequence_agent
from tests.goldens import golden
from tests.history.records import PREDICTION, RECORD

GOLDEN = Path(__file__).parent / "golden"
PREFIX = "sequence-agent: error: "
NOW = datetime(2025, 3, 20, 12, 0, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Home:
    """A configuration whose servers are not there, and the file of its history."""

    config: Path
    history: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.history}"

    def run(self, *arguments: str) -> Ran:
        return sequence_agent("backtest", "--config", str(self.config), *arguments)

    def document(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.run("--format", "json").stdout)
        return decoded

    def store(self, *predictions: Prediction, datname: str = "app") -> None:
        chapter = Chapter(records=(RECORD,), predictions=predictions)
        with closing(SqlHistory(self.url, retention=timedelta(days=400))) as history:
            history.save("primary", datname, chapter, seen_at=NOW)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    config, history = tmp_path / "config.yaml", tmp_path / "history.db"
    config.write_text(
        f'history: {{url: "sqlite:///{history}"}}\n'
        "servers:\n  - name: primary\n    dsn: postgresql://agent@127.0.0.1:1/app\n"
        "    databases: {exclude: [gone]}\n"
    )
    return Home(config=config, history=history)


def made(day: int, horizon: int = 7, *, actual: int | None = 21) -> Prediction:
    """So many days ago, of between 10.5 and 41.25 calls."""
    return replace(
        PREDICTION,
        made_at=NOW - timedelta(days=day),
        horizon=horizon,
        actual=actual,
    )


def waiting(days: int, horizon: int = 7) -> Prediction:
    return replace(
        PREDICTION,
        made_at=LATER - timedelta(days=horizon - days),
        horizon=horizon,
        actual=None,
    )


def test_stored_predictions_are_scored_as_the_agent_scores_them(home: Home) -> None:
    home.store(*(made(day) for day in range(8, 12)), made(12, actual=99), waiting(3))

    document = home.document()

    [database] = document["databases"]
    by_days = {each["days"]: each for each in database["horizons"]}
    assert list(document) == ["generated_at", "databases"]
    assert (database["server"], database["datname"]) == ("primary", "app")
    assert tuple(by_days) == HORIZONS
    assert by_days[7]["n"] == 5
    assert by_days[7]["coverage"] == 0.8
    assert by_days[7]["median_error"] == pytest.approx(np.log(21 / 20))
    assert (by_days[7]["waiting"], by_days[7]["overdue"]) == (1, 0)
    assert by_days[7]["next_due_at"] == "2999-01-04T00:00:00Z"
    assert by_days[1] == {
        "days": 1,
        "n": 0,
        "coverage": None,
        "median_error": None,
        "p90_error": None,
        "stretch": 1.0,
        "waiting": 0,
        "overdue": 0,
        "next_due_at": None,
    }


def test_the_table_has_the_horizons_of_which_something_is_known(home: Home) -> None:
    home.store(made(8), waiting(3), waiting(1, 28), made(3, 1, actual=None))

    ran = home.run()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == golden(GOLDEN / "backtest_stored.txt", ran.stdout)


def test_no_server_is_asked_and_nothing_is_written(home: Home) -> None:
    home.store(made(8))
    before = (home.history.read_bytes(), home.history.stat().st_mtime_ns)

    ran = home.run()

    assert ran.returncode == 0
    assert (home.history.read_bytes(), home.history.stat().st_mtime_ns) == before
    assert len(list(home.config.parent.iterdir())) == 2


def test_nothing_scored_yet_is_said_plainly(home: Home) -> None:
    home.store(waiting(3), waiting(5))

    ran = home.run()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        "nothing is scored yet\n"
        "2 predictions waiting, the next due 2999-01-04 00:00 UTC\n"
    )


def test_nothing_predicted_yet_is_said_plainly_and_no_file_is_made(home: Home) -> None:
    ran = home.run()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == (
        f"nothing is predicted yet in the history at {home.url!r}\n"
        "the agent predicts once a day, from two days of history on\n"
    )
    assert home.document()["databases"] == []
    assert not home.history.exists()


def test_databases_that_the_configuration_leaves_out_are_left_out(home: Home) -> None:
    home.store(made(8))
    home.store(made(8), datname="gone")

    assert [each["datname"] for each in home.document()["databases"]] == ["app"]


def test_a_history_of_a_newer_agent_is_one_sentence(home: Home) -> None:
    home.store(made(8))
    with closing(sqlite3.connect(home.history)) as connection, connection:
        connection.execute("UPDATE sequence_agent_version SET version_num = 'r9999'")

    ran = home.run()

    [line] = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert line.startswith(f"{PREFIX}cannot read the history at ")
    assert "only a newer agent knows" in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("", "either --config or --trace is needed"),
        ("--config {file} --trace {file}", "exclude each other; give one of them"),
        ("--config {file}.none", "cannot be read: no such file"),
        ("--trace {file}.none", "cannot be read: no such file"),
    ],
)
def test_wrong_usage_costs_one_sentence(arguments: str, says: str, home: Home) -> None:
    filled = arguments.format(file=home.config)

    ran = sequence_agent("backtest", *filled.split())

    [line] = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert line.startswith(PREFIX)
    assert says in line


def trace(folder: Path, hours: int, step: int = 100) -> Path:
    file = folder / "ids.csv"
    file.write_text(
        "".join(
            f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},{step * hour}\n"
            for hour in range(hours + 1)
        )
    )
    return file


def test_a_steady_trace_is_foretold_almost_exactly(tmp_path: Path) -> None:
    file = trace(tmp_path, 40 * 24)

    ran = sequence_agent("backtest", "--trace", str(file))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == golden(GOLDEN / "backtest_trace.txt", ran.stdout)


def test_json_of_a_trace_has_a_scorecard_for_each_horizon(tmp_path: Path) -> None:
    file = trace(tmp_path, 10 * 24)

    ran = sequence_agent("backtest", "--trace", str(file), "--format", "json")

    horizons = json.loads(ran.stdout)["horizons"]
    assert [(each["days"], each["n"]) for each in horizons] == [
        (1, 8),
        (3, 6),
        (7, 2),
        (14, 0),
        (28, 0),
    ]
    assert list(horizons[0]) == [
        "days",
        "n",
        "coverage",
        "median_error",
        "p90_error",
        "stretch",
    ]


def test_a_trace_that_is_too_short_is_one_sentence(tmp_path: Path) -> None:
    file = trace(tmp_path, 60)

    ran = sequence_agent("backtest", "--trace", str(file))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"{PREFIX}{file}: covers 2.5 days; a backtest needs 3 days: two to learn from,"
        " one to hold against it\n"
    )


def test_a_trace_in_which_nothing_moves_has_nothing_to_score(tmp_path: Path) -> None:
    file = trace(tmp_path, 20 * 24, step=0)

    ran = sequence_agent("backtest", "--trace", str(file))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "nothing is scored, for nothing moves in this trace\n"


def consumed(hourly: list[float], *events: Event) -> Consumption:
    return Consumption(start=START, hourly=np.array(hourly), resets=0, events=events)


def test_jumps_came_too() -> None:
    jump = Event(at=START + timedelta(hours=2), count=1000)

    assert hourly_calls(consumed([1.0, 2.0, 3.0], jump)).tolist() == [1, 1002, 3]


@pytest.mark.parametrize(("hours", "days"), [(71, 0), (72, 1), (24 * 999, 252)])
def test_days_are_predicted_as_far_back_as_they_count(hours: int, days: int) -> None:
    asked = origins(hours)

    assert len(asked) == days
    assert all((hours - origin) % 24 == 0 for origin in asked)


def test_nothing_of_the_future_is_used() -> None:
    positions = [
        Seen(at=START + timedelta(hours=hour), value=hour * (100 + hour % 7))
        for hour in range(0, 24 * 30, 6)
    ]
    past = consumption(positions)
    hourly = hourly_calls(past)
    other = hourly.copy()
    other[480:] *= 50

    def told(calls: np.ndarray[Any, np.dtype[np.float64]]) -> Iterator[object]:
        for each in outcomes(past, calls, 480, seed=1):
            yield each.horizon, each.p10, each.p50, each.p90

    assert list(told(hourly)) == list(told(other))


def test_a_narrow_terminal_keeps_the_scores() -> None:
    rows = scores([made(8), waiting(3)], place="primary/application", now=NOW)

    text = "".join(s.text for s in table(rows, Paper(width=80, encoding="ascii")))

    assert max(map(len, text.splitlines())) <= 80
    assert "waiting" not in text.splitlines()[0] or "stretch" in text.splitlines()[0]
    assert max(map(len, EXPLANATION.splitlines())) <= 80


def test_overdue_predictions_are_no_longer_waited_for() -> None:
    rows = scores([made(30, actual=None)], now=NOW)

    [week] = [entry(row) for row in rows if row.days == 7]
    assert (week["waiting"], week["overdue"], week["next_due_at"]) == (0, 1, None)
