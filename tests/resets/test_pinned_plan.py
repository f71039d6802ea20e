"""A job may be pinned to the plan that was reviewed; its schedule runs no other."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.bootstrap.ticking import scheduled_jobs
from agent.config import load
from agent.domain.resets.runs import SCHEDULED, Done, Outcome, Refused, Tick
from tests.cli.resettable import JOB, Desk
from tests.cli.running import sequence_agent
from tests.postgres_servers import Database
from tests.resets.target import armed_target

ANOTHER = "sha256:" + "0f" * 32


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(target=armed_target(database), folder=tmp_path)


def planned(desk: Desk, pin: str | None = None) -> dict[str, object]:
    ran = sequence_agent("plan", JOB, "--config", pinned(desk, pin), "--format", "json")
    assert (ran.returncode, ran.stderr) == (0, "")
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def pinned(desk: Desk, pin: str | None) -> str:
    return desk.config(f"    plan: {pin}" if pin else "")


def tick(desk: Desk, pin: str) -> Outcome:
    """What becomes of the job's tick, as the daemon has it."""
    config = load(Path(pinned(desk, pin)), {})
    [job] = scheduled_jobs(config, {}, stopping=threading.Event())
    at = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    tick = Tick(job=JOB, trigger=SCHEDULED, scheduled_for=at)
    return job.target.run(tick, start_by=0)


def test_the_plan_prints_the_line_to_paste(desk: Desk) -> None:
    ran = sequence_agent("plan", JOB, "--config", desk.config())

    line = f"plan: {planned(desk)['hash']}"
    assert f"to let the schedule run no other, write to the job: {line}" in ran.stdout


def test_a_schedule_runs_the_plan_that_its_job_is_pinned_to(desk: Desk) -> None:
    pin = str(planned(desk)["hash"])

    assert isinstance(tick(desk, pin), Done)


def test_a_schedule_runs_no_other_plan(desk: Desk) -> None:
    pin = str(planned(desk)["hash"])
    desk.target.as_agent("CREATE TABLE more (id integer)")
    before = desk.tables()

    outcome = tick(desk, pin)

    assert isinstance(outcome, Refused)
    assert [verdict.gate for verdict in outcome.plan.refusals] == ["plan_changed"]
    assert outcome.plan.refusals[0].detail.startswith(f"the job's plan is {pin}, now")
    assert desk.tables() == before


def test_the_pin_itself_is_not_part_of_the_plan(desk: Desk) -> None:
    assert planned(desk)["hash"] == planned(desk, ANOTHER)["hash"]


def test_the_plan_tells_whether_it_is_the_one_that_the_job_is_pinned_to(
    desk: Desk,
) -> None:
    pin = str(planned(desk)["hash"])

    found = [planned(desk, each)["pinned"] for each in (None, pin, ANOTHER)]
    text = sequence_agent("plan", JOB, "--config", pinned(desk, ANOTHER)).stdout

    assert found == [
        None,
        {"plan": pin, "matches": True},
        {"plan": ANOTHER, "matches": False},
    ]
    assert f"the job's plan is {ANOTHER}" in text.splitlines()


def test_by_hand_any_plan_may_run_that_was_looked_at(desk: Desk) -> None:
    ran = desk.reset("--yes", more=f"    plan: {ANOTHER}")

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "pin", ["sha256:0f", "0f" * 32, ANOTHER.upper(), f"{ANOTHER}0"]
)
def test_a_pin_that_is_no_hash_is_a_mistake_in_the_file(pin: str, desk: Desk) -> None:
    ran = sequence_agent("config", "check", pinned(desk, pin))

    assert ran.returncode == 2
    assert "jobs[0].plan: must be sha256: and 64 hexadecimal digits" in ran.stderr
