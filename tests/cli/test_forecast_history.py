"""`sequence-agent forecast --config`, where history or databases are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.remembering import PREFIX, SCHEMA, Home, home_of
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database


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
