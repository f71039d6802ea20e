"""`sequence-agent forecast` as its users run it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.running import Ran, sequence_agent

PREFIX = "sequence-agent: error: "
START = datetime(2026, 1, 1, tzinfo=UTC)
HOURS = 30 * 24


def rows(step: int = 100, hours: int = HOURS) -> list[str]:
    return [
        f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},{step * hour}"
        for hour in range(hours + 1)
    ]


def text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text(text(["timestamp,last_value", *rows()]))
    return file


def answer(file: Path, remaining: int = 24_000) -> dict[str, object]:
    ran = run(file, remaining, "--format", "json")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    assert isinstance(told, dict)
    return told


def run(
    file: Path, remaining: int, *more: str, env: Mapping[str, str] | None = None
) -> Ran:
    return sequence_agent(
        "forecast",
        "--trace",
        str(file),
        "--remaining",
        str(remaining),
        *more,
        env=env or {},
    )


def test_json_is_as_the_contract_says(trace: Path) -> None:
    told = answer(trace)

    assert list(told) == [
        "state",
        "remaining_values",
        "rate_per_second",
        "p10_seconds",
        "p50_seconds",
        "p90_seconds",
    ]
    assert told["state"] == "ok"
    assert told["remaining_values"] == 24_000
    assert told["rate_per_second"] == pytest.approx(100 / 3600, rel=0.05)
    assert told["p50_seconds"] == pytest.approx(10 * 86_400, rel=0.05)


def test_null_is_later_than_ten_years(trace: Path) -> None:
    told = answer(trace, 10**18)

    assert told["state"] == "beyond_horizon"
    assert told["p10_seconds"] is told["p50_seconds"] is told["p90_seconds"] is None


def test_exhausted_is_now(trace: Path) -> None:
    told = answer(trace, 0)

    assert (told["state"], told["p10_seconds"], told["p90_seconds"]) == (
        "exhausted",
        0.0,
        0.0,
    )


ALIKE: Mapping[str, str] = {
    "no header": text(rows()),
    "another header": text(["time, value", *rows()]),
    "carriage returns": text(rows()).replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + text(["timestamp,last_value", *rows()]),
    "blank lines": text(rows()).replace("\n", "\n\n , \n"),
    "from new to old": text(rows()[::-1]),
    "twice": text(rows() * 2),
    "quotes": text(['"' + row.replace(",", '","') + '"' for row in rows()]),
    "blanks": text([f" {row.replace(',', ' , ')} " for row in rows()]),
    "without a zone": text(rows()).replace("Z,", ","),
    "another zone": text(rows()).replace("Z,", "+00:00,"),
    "a blank for the T": text(rows()).replace("T", " "),
    "seconds since 1970": text(
        [
            f"{START.timestamp() + 3600 * hour:.1f},{100 * hour}"
            for hour in range(HOURS + 1)
        ]
    ),
    "values of Prometheus": text([f"{row}.0" for row in rows()]),
    "no end of line": text(rows())[:-1],
}


@pytest.mark.parametrize("content", ALIKE.values(), ids=ALIKE.keys())
def test_a_trace_may_be_written_in_many_ways(
    content: str, trace: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_bytes(content.encode())

    assert answer(other) == answer(trace)


def test_a_restart_three_days_ago_hardly_matters(trace: Path, tmp_path: Path) -> None:
    other = tmp_path / "restarted.csv"
    since = HOURS - 72
    other.write_text(
        text(
            rows()[:since]
            + rows()[since:][:1]
            + [
                f"{row.split(',')[0]},{100 * hour}"
                for hour, row in enumerate(rows()[since + 1 :], start=1)
            ]
        )
    )

    steady, restarted = answer(trace)["p50_seconds"], answer(other)["p50_seconds"]

    assert restarted == pytest.approx(steady, rel=0.05)


@dataclass(frozen=True, kw_only=True)
class Bad:
    """What a file holds, and what is said about it."""

    content: bytes
    says: str


def bad(content: str | bytes, says: str) -> Bad:
    return Bad(
        content=content if isinstance(content, bytes) else content.encode(), says=says
    )


GOOD = "2026-01-01T00:00:00Z,5\n2026-01-02T00:00:00Z,6\n"
BAD: Mapping[str, Bad] = {
    "empty": bad("", "{file}: has no rows of a time and a value"),
    "a header alone": bad("a,b\n", "{file}: has no rows of a time and a value"),
    "one row": bad(GOOD[:23], "{file}: needs rows of at least two different times"),
    "one time": bad(
        GOOD[:23] * 3, "{file}: needs rows of at least two different times"
    ),
    "no time": bad(
        GOOD + "yesterday,7\n",
        "{file}:3: 'yesterday' is no time; write ISO 8601, such as"
        " 2026-01-31T12:00:00Z, or seconds since 1970",
    ),
    "month 13": bad("2026-13-01,7\n", "{file}:1: '2026-13-01' is no time; write ISO"),
    "milliseconds": bad(
        "t,v\n1767225600000,7\n", "{file}:2: '1767225600000' is no time"
    ),
    "no value": bad(
        f"t,v\n\n{GOOD}2026-01-03,many\n",
        "{file}:5: 'many' is not the value of a counter",
    ),
    "NaN": bad(GOOD + "2026-01-03,NaN\n", "{file}:3: 'NaN' is not the value of a"),
    "infinity": bad(GOOD + "2026-01-03,inf\n", "{file}:3: 'inf' is not the value of"),
    "empty value": bad(GOOD + "2026-01-03,\n", "{file}:3: '' is not the value of a"),
    "a long field": bad(f"{'9' * 99},1\n", f"{{file}}:1: '{'9' * 40}…' is no time"),
    "one field": bad(
        "2026-01-01\n",
        "{file}:1: needs a time and a value, such as 2026-01-31T12:00:00Z,4711;"
        " it has 1 field",
    ),
    "three fields": bad(
        GOOD + "2026-01-03,1,2\n", "{file}:3: needs a time and a value"
    ),
    "semicolons": bad("2026-01-01;5\n", "it has 1 field"),
    "an open quote": bad(GOOD + '"2026-01-03,7\n', "{file}: is not a CSV file: "),
    "bytes": bad(b"\xff\xfe\x00\x01", "{file}: is not a text file in UTF-8"),
    "control characters": bad("2026-01-01,\x1b[31m1\n", r"'\x1b[31m1' is not the val"),
    "counts": bad(
        text([f"2026-01-{day:02},{day % 2}" for day in range(1, 32)]),
        "{file}: falls in 15 of 30 steps, so these are counts and not the values of a"
        " counter; add them up first",
    ),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_bad_trace_costs_one_sentence(case: Bad, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(case.content)

    ran = run(file, 5)

    [line] = ran.stderr.splitlines()
    assert ran.returncode == 2
    assert ran.stdout == ""
    assert line.startswith(PREFIX)
    assert line.isprintable()
    assert case.says.replace("{file}", str(file)) in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "--trace {folder}/none.csv --remaining 5",
            "none.csv: cannot be read: no such",
        ),
        ("--trace {folder} --remaining 5", "cannot be read: is a directory"),
        ("--remaining 5", "--remaining goes with --trace, which is missing"),
        ("--trace {trace}", "--trace needs --remaining: how many calls are left"),
        ("--trace {trace} --remaining -1", "'--remaining': "),
        ("--trace {trace} --remaining many", "must be a valid integer"),
        ("--trace {trace} --remaining 5 --format xml", "'xml' is not one of 'table'"),
        ("--trace {trace} --remaining 5 --plot x.txt", "--plot must end in .png, .svg"),
    ],
)
def test_wrong_usage_costs_one_sentence(
    arguments: str, says: str, trace: Path, tmp_path: Path
) -> None:
    filled = arguments.format(folder=tmp_path, trace=trace)

    ran = sequence_agent("forecast", *filled.split())

    [line] = ran.stderr.splitlines()
    assert (ran.returncode, ran.stdout) == (2, "")
    assert line.startswith(PREFIX)
    assert says in line


def test_the_table_says_when_and_how_sure(trace: Path) -> None:
    ran = run(trace, 24_000)

    lines = ran.stdout.splitlines()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert lines[0] == "remaining  24000 calls"
    assert "calls an hour" in lines[1]
    assert lines[2] == "history    4.3 weeks, 721 rows"
    assert lines[3].startswith("           █") or "▇" in lines[3]
    assert lines[5].startswith("runs out   likely 2026-02-")
    assert "UTC, in " in lines[5]
    assert lines[6].startswith("  early    10 %   2026-02-")
    assert lines[7].startswith("  late     90 %   2026-02-")
    assert lines[8].startswith("sure       ")
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("remaining", "says"),
    [(0, "now: nothing is left"), (10**18, "not within ten years")],
)
def test_the_table_says_what_has_no_date(
    remaining: int, says: str, trace: Path
) -> None:
    assert run(trace, remaining).stdout.splitlines()[-1] == f"runs out   {says}"


def test_a_plain_terminal_gets_plain_letters(trace: Path) -> None:
    ran = run(trace, 24_000, env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})

    assert ran.returncode == 0
    assert ran.stdout.isascii()


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("remaining", [0, 24_000, 2400 * 9000, 10**18])
def test_a_plot_is_drawn(kind: str, remaining: int, trace: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = trace.with_name(f"picture.{kind}")

    ran = run(trace, remaining, "--plot", str(picture))

    assert (ran.returncode, ran.stderr) == (0, "")
    assert picture.stat().st_size > 10_000


def test_a_plot_that_cannot_be_written_is_named(trace: Path) -> None:
    pytest.importorskip("matplotlib")

    ran = run(trace, 24_000, "--plot", str(trace.parent / "none" / "x.png"))

    assert ran.returncode == 1
    assert ran.stderr.endswith("x.png: cannot be written: no such file or directory\n")


def test_without_matplotlib_a_plot_says_what_to_install(
    trace: Path, tmp_path: Path
) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError\n")
    without = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"}

    ran = run(trace, 24_000, "--plot", str(tmp_path / "x.png"), env=without)

    assert ran.returncode == 1
    assert ran.stderr == (
        f"{PREFIX}--plot needs matplotlib; install it with"
        " pip install 'pg-sequence-agent[plot]'\n"
    )
