from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.running import sequence_agent

SERVERS = "servers:\n  - {name: a, dsn: 'postgresql://agent:s3cret@db/app'}\n"


def check(tmp_path: Path, text: str) -> tuple[int, str, str]:
    """The exit code, and both outputs with the file's folder taken out."""
    file = tmp_path / "config.yaml"
    file.write_text(text)
    ran = sequence_agent("config", "check", str(file))
    return (
        ran.returncode,
        ran.stdout.replace(f"{tmp_path}/", ""),
        ran.stderr.replace(f"{tmp_path}/", ""),
    )


def test_a_good_file_is_counted(tmp_path: Path) -> None:
    assert check(tmp_path, SERVERS) == (0, "config.yaml: ok (1 server, 0 jobs)\n", "")


def test_a_secret_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    text = "servers:\n  - {name: a, dsn: host=db, password_file: none}\n"

    code, told, errors = check(tmp_path, text)

    assert (code, told) == (2, "")
    assert errors.startswith(
        "config.yaml:2: servers[0].password_file: file 'none' cannot be read"
    )


def test_jobs_are_announced_as_not_run_yet(tmp_path: Path) -> None:
    text = (
        "servers:\n  - name: a\n    dsn: postgresql://agent@db/app\n"
        "    resets: {environment: staging}\n"
        "jobs:\n  - name: nightly\n    kind: reset\n    server: a\n    database: app\n"
        "    tables: {include: ['public.*']}\n    limits: {rows: 10, bytes: 1MiB}\n"
    )

    code, told, errors = check(tmp_path, text)

    assert errors == ""
    assert code == 0
    assert told.splitlines() == [
        "config.yaml: ok (1 server, 1 job)",
    ]


def with_jobs(*jobs: str, server: str = "") -> str:
    """A file with jobs of these names and keys, all about one database."""
    head = (
        "servers:\n  - name: a\n    dsn: postgresql://agent@db/app\n"
        f"    resets: {{environment: staging{server}}}\njobs:\n"
    )
    common = "kind: reset, server: a, tables: {include: ['*.*']}"
    return head + "".join(f"  - {{{common}, {job}}}\n" for job in jobs)


NIGHTLY = "name: nightly, database: app, schedule: {cron: '0 3 24 12 *'}"
QUARTERS = "name: quarters, database: app, schedule: {cron: '*/15 * * * *'}"


def test_jobs_that_are_due_at_the_same_time_are_told_with_the_remedy(
    tmp_path: Path,
) -> None:
    code, told, warned = check(tmp_path, with_jobs(NIGHTLY, QUARTERS))

    (line,) = warned.splitlines()
    assert (code, told) == (0, "config.yaml: ok (1 server, 2 jobs)\n")
    assert re.sub("[0-9]{4}-", "2026-", line) == (
        "config.yaml: warning: jobs 'nightly' and 'quarters' are both due at"
        " 2026-12-24 03:00:00 UTC, and a/app lets one run at a time: the other waits"
        " until its start_deadline, and is skipped then; let one begin later, by cron"
    )


def test_each_of_many_jobs_is_told_once(tmp_path: Path) -> None:
    jobs = [QUARTERS.replace("quarters", f"job {n}") for n in range(4)]

    _, _, warned = check(tmp_path, with_jobs(*jobs))

    assert len(warned.splitlines()) == 3


APART = [
    (NIGHTLY, QUARTERS.replace("app", "other")),
    (NIGHTLY, QUARTERS.replace("*/15", "7-59/15")),
    (NIGHTLY, f"{QUARTERS}, suspended: true"),
    (NIGHTLY, "name: by hand, database: app"),
]


@pytest.mark.parametrize("jobs", APART)
def test_jobs_that_never_meet_are_not_told(
    tmp_path: Path, jobs: tuple[str, str]
) -> None:
    assert check(tmp_path, with_jobs(*jobs))[2] == ""


def test_jobs_that_are_all_suspended_do_not_meet(tmp_path: Path) -> None:
    on_server = with_jobs(NIGHTLY, QUARTERS, server=", suspended: true")
    everywhere = f"suspended: true\n{with_jobs(NIGHTLY, QUARTERS)}"

    assert check(tmp_path, on_server)[2] == ""
    assert check(tmp_path, everywhere)[2] == ""


def test_every_problem_is_told_at_once_on_a_line_of_its_own(tmp_path: Path) -> None:
    code, told, errors = check(tmp_path, f"listen: {{port: 0}}\nlogg: 1\n{SERVERS}")

    first, second = errors.splitlines()
    assert (code, told) == (2, "")
    assert first.startswith("config.yaml:1: listen.port: ")
    assert second.startswith("config.yaml:2: logg: unknown key; did you mean 'log'?")


def test_the_schema_is_json() -> None:
    ran = sequence_agent("config", "schema")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "servers" in json.loads(ran.stdout)["properties"]


@pytest.mark.parametrize("name", ["with space.yaml", "größe.yaml", "a\nb.yaml"])
def test_odd_file_names_stay_on_one_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(SERVERS)

    ran = sequence_agent("config", "check", str(file))

    assert ran.stdout.count("\n") == 1
    assert ran.stdout.endswith(": ok (1 server, 0 jobs)\n")
