"""`sequence-agent reset`, as users run it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.domain.resets.ledger import Status
from tests.cli.resettable import JOB, Desk
from tests.cli.running import COMMAND, environment, sequence_agent
from tests.cli.terminal import typed
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.target import Target, armed_target, unarmed_target

PREFIX = "sequence-agent: error: "
EMPTY = {
    "public.users": (0,),
    "public.users_id_seq": (1, False),
    "public.orders": (0,),
    "public.orders_id_seq": (100, False),
}


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(target=armed_target(database), folder=tmp_path)


def told(ran_stderr: str) -> list[str]:
    return [line.removeprefix(PREFIX) for line in ran_stderr.splitlines()]


# Done.


def test_yes_runs_the_job_and_tells_what_it_did(desk: Desk) -> None:
    ran = desk.reset("--yes")

    assert (ran.returncode, ran.stderr) == (0, "")
    first, second, done, *rest = ran.stdout.splitlines()
    name = desk.target.database.name
    assert first.startswith(f"{JOB}: reset of {name} on staging (PostgreSQL ")
    assert re.fullmatch(
        r"2 tables with 8 rows, 2 sequences; hash: sha256:[0-9a-f]{64}", second
    )
    assert re.fullmatch(
        r"done: 8 rows removed from 2 tables, 2 sequences restarted, in \d+\.\d s", done
    )
    figures = [line.split() for line in rest]
    assert ["public.orders", "3", "0"] in figures
    assert ["public.orders_id_seq", "102", "100"] in figures
    assert desk.tables() == EMPTY


def test_a_run_by_hand_is_in_the_ledger_as_such(desk: Desk) -> None:
    ran = desk.reset("--yes")

    [record] = desk.records()
    assert record.status is Status.SUCCEEDED
    assert re.fullmatch(r"hand:[0-9a-f-]{36}", record.trigger)
    assert ran.stdout.splitlines()[-1] == f"run: {record.run_id}"


def test_each_run_by_hand_is_one_of_its_own(desk: Desk) -> None:
    desk.reset("--yes")
    again = desk.reset("--yes")

    assert again.returncode == 0
    assert "done: 0 rows removed from 2 tables" in again.stdout
    assert len({record.trigger for record in desk.records()}) == 2


def test_the_outcome_as_json(desk: Desk) -> None:
    ran = desk.reset("--yes", "--format", "json")

    found = json.loads(ran.stdout)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (found["job"], found["status"], found["reason"]) == (JOB, "succeeded", None)
    assert found["rows_removed"] == 8
    assert {gate["passed"] for gate in found["gates"]} == {True}
    assert {"table": "public.users", "rows_before": 5, "rows_after": 0} in found[
        "tables"
    ]
    assert {"sequence": "public.users_id_seq", "before": 5, "after": 1} in found[
        "sequences"
    ]


def test_seeds_are_run_and_sequences_follow_them(desk: Desk) -> None:
    (desk.folder / "users.sql").write_text("INSERT INTO users (id) VALUES (1), (50)")

    ran = desk.reset("--yes", more="    seed: [users.sql]")

    figures = [line.split() for line in ran.stdout.splitlines()]
    assert ran.returncode == 0
    assert ["public.users", "5", "2"] in figures
    assert ["public.users_id_seq", "5", "50"] in figures


def test_a_seed_that_cannot_be_read_begins_nothing(desk: Desk) -> None:
    before = desk.tables()
    os.mkfifo(desk.folder / "users.sql")

    ran = desk.reset("--yes", more="    seed: [users.sql]")

    reason = (
        f"seed '{desk.folder / 'users.sql'}' cannot be read: it is a FIFO; name a"
        " regular file"
    )
    assert ran.returncode == 1
    assert told(ran.stderr) == [reason]
    assert desk.records() == ()
    assert desk.tables() == before


def test_a_resync_is_run_too(desk: Desk) -> None:
    desk.target.as_agent("INSERT INTO users (id) VALUES (70)")
    config = Path(desk.config())
    config.write_text(config.read_text().replace("kind: reset", "kind: resync"))

    ran = sequence_agent("reset", JOB, "--config", str(config), "--yes")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "done: 1 sequence moved, in " in ran.stdout
    assert desk.tables()["public.users_id_seq"] == (70, True)


# The plan that somebody agreed to.


def test_the_plan_that_was_looked_at_is_run(desk: Desk) -> None:
    planned = sequence_agent("plan", JOB, "--config", desk.config(), "--format", "json")

    ran = desk.reset("--plan", json.loads(planned.stdout)["hash"])

    assert (ran.returncode, ran.stderr) == (0, "")
    assert desk.tables() == EMPTY


def test_another_plan_than_the_one_that_was_looked_at_is_refused(desk: Desk) -> None:
    before = desk.tables()

    ran = desk.reset("--plan", "sha256:0f")

    assert ran.returncode == 3
    gate, nothing = told(ran.stderr)
    assert gate.startswith("refused by plan_changed: the plan was sha256:0f, now it is")
    assert gate.endswith(f"; look at it again: sequence-agent plan {JOB}")
    assert nothing.startswith("nothing was changed (run ")
    assert desk.tables() == before


# Refused.


def test_a_refusal_names_each_gate_and_what_would_mend_it(desk: Desk) -> None:
    before = desk.tables()

    ran = desk.reset("--yes", more="    limits: {rows: 7}\n    suspended: true")

    assert ran.returncode == 3
    suspended, limit, nothing = told(ran.stderr)
    assert suspended.startswith("refused by suspended: ")
    assert limit.startswith("refused by rows_limit: 8 rows, limits.rows is 7; ")
    assert nothing == f"nothing was changed (run {desk.records()[0].run_id})"
    assert desk.tables() == before
    assert desk.records()[0].status is Status.REFUSED


def test_a_refusal_as_json(desk: Desk) -> None:
    ran = desk.reset("--yes", "--format", "json", more="    limits: {rows: 7}")

    found = json.loads(ran.stdout)
    assert ran.returncode == 3
    assert found["status"] == "refused"
    assert [g["gate"] for g in found["gates"] if not g["passed"]] == ["rows_limit"]
    assert found["tables"] == found["sequences"] == []


def test_a_database_that_nobody_armed_is_refused(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(target=unarmed_target(database), folder=tmp_path)
    before = desk.tables()

    ran = desk.reset("--yes")

    assert ran.returncode == 3
    gate, nothing = told(ran.stderr)
    assert gate.startswith("refused by marker_missing: ")
    assert "sequence-agent arm --environment staging" in gate
    assert nothing == "nothing was changed"
    assert desk.tables() == before


def test_a_refusal_has_the_hash_of_the_plan_also_where_nobody_armed(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(target=unarmed_target(database), folder=tmp_path)
    (tmp_path / "users.sql").write_text("INSERT INTO users (name) VALUES ('root')")
    config = desk.config("    seed: [users.sql]")
    as_json = ("--config", config, "--format", "json")

    planned = json.loads(sequence_agent("plan", JOB, *as_json).stdout)
    refused = json.loads(sequence_agent("reset", JOB, "--yes", *as_json).stdout)

    assert refused["status"] == "refused"
    assert refused["hash"] == planned["hash"]


# Asked.


def test_the_name_of_the_database_lets_it_run(desk: Desk) -> None:
    name = desk.target.database.name

    ran = typed(f"{name}\n".encode(), "reset", JOB, "--config", desk.config())

    assert ran.returncode == 0
    assert "allowed; nothing was changed" in ran.stdout
    assert "to run it, type the name of the database: " in ran.stdout
    assert "to run it: sequence-agent reset" not in ran.stdout
    assert "done: 8 rows removed from 2 tables" in ran.stdout
    assert desk.tables() == EMPTY


@pytest.mark.parametrize("answer", [b"\n", b"yes\n", b"\x04", b"\xff\n", b"TEST_\n"])
def test_any_other_answer_changes_nothing(desk: Desk, answer: bytes) -> None:
    before = desk.tables()

    ran = typed(answer, "reset", JOB, "--config", desk.config())

    assert ran.returncode == 3
    assert f"{PREFIX}that is not its name; nothing was changed" in ran.stdout
    assert desk.tables() == before
    assert desk.records() == ()


def test_who_would_be_refused_is_not_asked(desk: Desk) -> None:
    config = desk.config("    limits: {rows: 7}")

    ran = typed(b"", "reset", JOB, "--config", config)

    assert ran.returncode == 3
    assert "refused by rows_limit; nothing was changed" in ran.stdout
    assert "type the name" not in ran.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "there is no terminal to ask on: add --yes, or --plan with the hash that"),
        (("--format", "json"), "--format json asks nothing: add --yes or --plan HASH"),
        (("--yes", "--plan", "x"), "--yes and --plan exclude each other"),
    ],
)
def test_wrong_usage_changes_nothing(
    desk: Desk, options: tuple[str, ...], says: str
) -> None:
    before = desk.tables()

    ran = desk.reset(*options)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(PREFIX + says)
    assert ran.stderr.count("\n") == 1
    assert desk.tables() == before


# Failed.


def test_a_job_that_does_not_exist(desk: Desk) -> None:
    ran = sequence_agent("reset", "nightly", "--config", desk.config(), "--yes")

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "there is no job 'nightly'; did you mean 'nightly-reset'?" in ran.stderr


def test_a_server_that_does_not_answer(desk: Desk) -> None:
    config = desk.config(dsn=re.sub(r":\d+/", ":1/", desk.target.dsn))

    ran = sequence_agent("reset", JOB, "--config", config, "--yes")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert "cannot connect" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_lock_that_cannot_be_had_fails(desk: Desk) -> None:
    with busy(desk.target, "SELECT count(*) FROM users"):
        ran = desk.reset("--yes")

    assert ran.returncode == 1
    assert "; gave up after 1 attempt; nothing was changed (run " in ran.stderr
    assert desk.tables()["public.users"] == (5,)
    assert desk.records()[0].status is Status.FAILED


def test_another_run_at_work_is_not_disturbed(desk: Desk) -> None:
    lock = "pg_try_advisory_xact_lock(hashtextextended('sequence_agent:run', 0))"
    with busy(desk.target, f"SELECT {lock}"):
        ran = desk.reset("--yes")

    assert ran.returncode == 1
    [sentence] = told(ran.stderr)
    assert sentence.startswith(
        "another job is at work in this database; nothing was changed, try again later"
    )
    assert desk.records()[0].status is Status.SKIPPED


@contextmanager
def busy(target: Target, statement: str) -> Iterator[None]:
    """Another session that has something locked."""
    with target.database.connect(target.dsn) as other:
        other.autocommit = False
        other.execute(statement.encode())
        yield
        other.rollback()


# Stopped.


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_run_that_is_stopped_has_no_effect_and_is_written_down(
    desk: Desk, number: signal.Signals, code: int
) -> None:
    before = desk.tables()
    (desk.folder / "slow.sql").write_text(
        "INSERT INTO users DEFAULT VALUES;SELECT pg_sleep(100)"
    )
    config = desk.config("    seed: [slow.sql]")
    process = subprocess.Popen(
        [*COMMAND, "reset", JOB, "--yes", "--config", config],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(lambda: asleep(desk.target.database))

    process.send_signal(number)
    _, errors = process.communicate(timeout=30)

    assert process.returncode == code
    [record] = desk.records()
    assert told(errors) == [
        f"stopped by {number.name}; nothing was changed (run {record.run_id})"
    ]
    assert record.status is Status.FAILED
    assert record.reason is not None
    assert record.reason.endswith("the agent is stopping")
    assert desk.tables() == before


def asleep(database: Database) -> bool:
    found = database.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event = 'PgSleep'"
    )
    return bool(found)
