"""`sequence-agent forecast --config`: a look at real databases, and what is stored."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from rich.segment import Segments

from agent.bootstrap.forecasting import Lookout
from agent.cli.outlooks import document, summary, table
from agent.cli.paper import Paper
from agent.clock import SystemClock
from agent.config import load
from agent.domain.consumption.buckets import DayCalls, day_of
from agent.domain.consumption.tracks import Record
from agent.domain.forecasting.forecast import Forecast, State
from agent.domain.forecasting.scoring import Prediction
from agent.domain.sequences import At
from agent.domain.status import DatabaseStatus, SequenceStatus
from agent.history.store import SqlHistory
from agent.ports import Chapter
from agent.services.sampling import Sampler, SamplingPlan
from agent.services.tracking import Tracker
from tests.cli.running import COMMAND, Ran, environment, sequence_agent
from tests.domain.statuses import (
    LOCKED,
    NOON,
    USAGE,
    bounded,
    database_of,
    status_of,
    unread,
)
from tests.goldens import golden
from tests.postgres_servers import Database, database_on
from tests.sampled import server_at

GOLDEN = Path(__file__).parent / "golden"
PREFIX = "sequence-agent: error: "
PIPE = Paper(width=None, encoding="utf-8")
DAY = 86_400
CALLS_AN_HOUR = 100
SCHEMA = """
    CREATE SEQUENCE orders_id_seq AS integer;
    SELECT setval('orders_id_seq', 2147483647 - 24000);
    CREATE SEQUENCE idle_seq;
    SELECT setval('idle_seq', 5);
    CREATE SEQUENCE full_seq MAXVALUE 9;
    SELECT setval('full_seq', 9);
"""


@dataclass(frozen=True, kw_only=True)
class Home:
    """A database, the configuration that names it, and the file of its history."""

    database: Database
    config: Path
    history: Path

    def run(self, *arguments: str) -> Ran:
        return sequence_agent("forecast", "--config", str(self.config), *arguments)

    def document(self, *arguments: str) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(
            self.run("--format", "json", *arguments).stdout
        )
        return decoded

    def sequences(self, *arguments: str) -> dict[str, dict[str, Any]]:
        [entry] = self.document(*arguments)["databases"]
        return {each["sequencename"]: each for each in entry["sequences"]}

    def remember(self, *predictions: Prediction) -> None:
        """Store what an agent would that has seen all of it for sixty days."""
        tracker = Tracker("primary", self.database.name)
        Sampler(
            server_at(self.database.dsn),
            None,
            plan=SamplingPlan(),
            clock=SystemClock(),
            tracker=tracker,
        ).sample()
        chapter, seen_at = tracker.changes()
        assert seen_at is not None
        records = tuple(lived(each, seen_at) for each in chapter.records)
        with closing(SqlHistory(self.url, retention=timedelta(days=400))) as history:
            history.save(
                "primary",
                self.database.name,
                Chapter(records=records, predictions=predictions),
                seen_at=seen_at,
            )

    @property
    def url(self) -> str:
        return f"sqlite:///{self.history}"


def lived(record: Record, now: datetime) -> Record:
    """With sixty days behind it; only orders moved on them, evenly."""
    since = now - timedelta(days=60)
    calls = CALLS_AN_HOUR if record.name == "orders_id_seq" else 0
    today = day_of(now)
    days = tuple(
        DayCalls(
            day=day,
            calls=24 * calls,
            hours=np.full(24, calls, np.int64) if day >= today - 56 else None,
        )
        for day in range(today - 59, today)
        if calls
    )
    hours = np.where(np.arange(24) < now.hour, calls, 0)
    so_far = DayCalls(day=today, calls=int(hours.sum()), hours=hours)
    return replace(
        record,
        since=since,
        consumed=sum(each.calls for each in days) + so_far.calls,
        days=(*days, so_far) if calls else (),
    )


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Home:
    return home_of(database, tmp_path, more="")


def home_of(database: Database, folder: Path, *, more: str) -> Home:
    config, history = folder / "config.yaml", folder / "history.db"
    config.write_text(
        f'history: {{url: "sqlite:///{history}"}}\n'
        f"servers:\n  - name: primary\n    dsn: {database.dsn}\n"
        f"    databases: {{include: [{database.name}]}}\n{more}"
    )
    return Home(database=database, config=config, history=history)


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


def test_nothing_is_written(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.remember()
    before = (home.history.read_bytes(), home.history.stat().st_mtime_ns)

    home.run()

    assert (home.history.read_bytes(), home.history.stat().st_mtime_ns) == before
    assert sorted(file.name for file in home.config.parent.iterdir()) == [
        "config.yaml",
        "history.db",
    ]


def test_a_missing_history_is_an_empty_one_and_is_not_made(home: Home) -> None:
    home.database.execute(SCHEMA)

    ran = home.run()

    assert ran.returncode == 0
    assert ran.stderr == (
        f"sequence-agent: the history at {home.url!r} has nothing of"
        f" primary/{home.database.name} yet; `sequence-agent run` fills it\n"
    )
    [orders] = [line for line in ran.stdout.splitlines() if "orders_id_seq" in line]
    told = " ".join(orders.split())
    assert told == "public.orders_id_seq 24.0 k ? too early to tell"
    assert "2 too early to tell, 1 exhausted" in ran.stdout
    assert not home.history.exists()


def test_an_empty_file_is_an_empty_history_too(home: Home) -> None:
    home.database.execute(SCHEMA)
    home.history.touch()

    ran = home.run()

    assert "has nothing of" in ran.stderr
    assert home.history.stat().st_size == 0


def test_a_file_that_is_no_history_is_said_to_be_none(home: Home) -> None:
    home.history.write_text(
        "something else entirely, long enough to be looked at\n" * 99
    )

    ran = home.run()

    [line] = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert line.startswith(f"{PREFIX}cannot read the history at {home.url!r}: the file")


def test_a_history_on_postgres_is_read_too_and_not_made(home: Home) -> None:
    home.database.execute(SCHEMA)
    url = home.database.dsn.replace("postgresql://", "postgresql+psycopg://", 1)
    home.config.write_text(home.config.read_text().replace(home.url, url))

    ran = home.run()

    assert ran.returncode == 0
    assert "has nothing of primary/" in ran.stderr
    assert home.database.execute(
        "SELECT count(*) FROM pg_class WHERE relname LIKE 'sequence_agent%'"
    ) == [(0,)]


def test_what_cannot_be_read_is_said_to_be_unreadable(
    database: Database, tmp_path: Path
) -> None:
    database.execute(SCHEMA)
    blind = database.role("blind")
    home = home_of(database, tmp_path, more="")
    home.config.write_text(home.config.read_text().replace(database.dsn, blind))

    ran = home.run()
    found = home.sequences()

    assert ran.returncode == 0
    assert "3 unreadable" in ran.stdout
    assert found["orders_id_seq"] == {
        "schemaname": "public",
        "sequencename": "orders_id_seq",
        "state": "unreadable",
        "remaining_values": None,
        "rate_per_second": None,
        "p10_seconds": None,
        "p50_seconds": None,
        "p90_seconds": None,
    }


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


def test_one_database_that_cannot_be_read_does_not_hide_the_others(
    database: Database, tmp_path: Path
) -> None:
    database.execute(SCHEMA)
    more = "  - name: dark\n    dsn: postgresql://agent@127.0.0.1:1/app\n"
    home = home_of(database, tmp_path, more=more)

    ran = home.run()

    assert ran.returncode == 4
    assert "orders_id_seq" in ran.stdout
    assert f"{PREFIX}dark/app: " in ran.stderr


@pytest.mark.parametrize("form", ["table", "json"])
def test_when_nothing_can_be_read_the_exit_code_says_so(
    form: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        f'history: {{url: "sqlite:///{tmp_path}/history.db"}}\n'
        "servers:\n  - name: dark\n    dsn: postgresql://agent@127.0.0.1:1/app\n"
    )

    ran = sequence_agent("forecast", "--config", str(file), "--format", form)

    [line] = ran.stderr.splitlines()
    assert ran.returncode == 1
    assert line.startswith(f"{PREFIX}dark/app: ")
    assert ran.stdout == "" if form == "table" else '"error": "' in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--config {file} --trace x.csv", "--config and --trace exclude each other"),
        ("--config {file} --remaining 5", "--remaining goes with --trace"),
        ("--trace x.csv --remaining 5 --sequence a", "--sequence goes with --config"),
        ("--config {file}.none", "config.yaml.none: cannot be read: no such file"),
        ("--config {file} --plot x.txt", "--plot must end in .png, .svg or .pdf"),
        ("", "either --config or --trace is needed"),
    ],
)
def test_wrong_usage_costs_one_sentence(
    arguments: str, says: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("servers:\n  - name: dark\n    dsn: postgresql://a@127.0.0.1:1/a\n")

    ran = sequence_agent("forecast", *arguments.format(file=file).split())

    [line] = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert line.startswith(PREFIX)
    assert says in line


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


def told(
    name: str, state: State, *days: float | None, percents: int = 40
) -> SequenceStatus:
    p10, p50, p90 = [each and each * DAY for each in days] or [None] * 3
    outlook = Forecast(
        state=state,
        rate_per_second=0.0 if state is State.IDLE else 0.5,
        p10_seconds=p10,
        p50_seconds=p50,
        p90_seconds=p90,
    )
    usage = replace(USAGE, outlook=outlook, recent_per_second=None)
    return status_of(bounded(name), At(percents), usage=usage)


APP = database_of(
    told("a_idle", State.IDLE),
    told("b_new", State.INSUFFICIENT_DATA),
    told("c_beyond", State.BEYOND_HORIZON),
    told("d_late", State.OK, 2000.0, None, None),
    told("e_soon", State.OK, 10.0, 20.25, 40.0),
    told("f_today", State.OK, 0.1, 0.5, 1.5),
    told("g_now", State.OK, 0.0, 0.0, 1.0),
    told("h_full", State.EXHAUSTED, 0.0, 0.0, 0.0, percents=100),
    told("i_spring", State.OK, 60.0, 120.0, 900.0),
    unread(name="j_hidden"),
    unread(LOCKED, "k_busy"),
    status_of(bounded("l_unsettled"), At(1)),
)


def written(databases: list[DatabaseStatus], paper: Paper = PIPE) -> str:
    segments = table(databases, paper, NOON)
    lines = [f"{line}\n" for line in summary(databases)]
    return "".join([*(segment.text for segment in segments), *lines])


def coloured(databases: list[DatabaseStatus]) -> str:
    """What a terminal gets, its escapes made visible."""
    screen = Console(
        file=io.StringIO(), force_terminal=True, color_system="standard", width=120
    )
    with screen.capture() as capture:
        screen.print(Segments(table(databases, PIPE, NOON)), soft_wrap=True, end="")
    return capture.get().replace("\x1b", "␛")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("forecast_pipe", written([APP])),
        ("forecast_80", written([APP], Paper(width=80, encoding="utf-8"))),
        (
            "forecast_databases",
            written([APP, replace(database_of(told("x", State.IDLE)), server="two")]),
        ),
        ("forecast_colours", coloured([APP])),
        ("forecast_json", document([APP], NOON)),
    ],
)
def test_the_answer_is_as_it_was_agreed(name: str, text: str) -> None:
    assert text == golden(GOLDEN / f"{name}.txt", text)


def test_an_empty_database_says_so() -> None:
    assert written([database_of()]) == "0 sequences in app\n"
