"""`sequence-agent jobs`, as users run it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from rich.segment import Segments

from agent.bootstrap.overview import JobOverview
from agent.bootstrap.resets import Records
from agent.cli.joblist import document, listing
from agent.cli.paper import Paper
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.schedules.cron import parse_cron
from agent.domain.schedules.ticks import CronSchedule, Every, next_ticks
from tests.cli.resettable import JOB, Desk
from tests.goldens import golden
from tests.postgres_servers import Database
from tests.resets import catalogs
from tests.resets.target import armed_target, unarmed_target

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 10, 23, 12, 0, tzinfo=UTC)
AT_THREE = CronSchedule(cron=parse_cron("0 3 * * *"), zone=ZoneInfo("Europe/Berlin"))
RUN = RunRecord(
    run_id=UUID("5e1c9a34-7d9e-4f6b-8a55-0f5d5b3c2a10"),
    job=JOB,
    trigger="schedule",
    scheduled_for=datetime(2026, 10, 23, 1, 0, tzinfo=UTC),
    status=Status.SUCCEEDED,
    reason=None,
    plan_sha256="sha256:0f",
    before={"tables": {"public.users": 5, "public.orders": 3}, "schedule": "0 3 * * *"},
    after={"tables": {"public.users": 0, "public.orders": 0}},
    agent="host/1 0.1.0",
    claimed_at=datetime(2026, 10, 23, 1, 0, 0, 250_000, tzinfo=UTC),
    started_at=datetime(2026, 10, 23, 1, 0, 1, tzinfo=UTC),
    finished_at=datetime(2026, 10, 23, 1, 0, 2, tzinfo=UTC),
    attempts=1,
)
REFUSED = replace(
    RUN,
    trigger="hand:1",
    status=Status.REFUSED,
    reason="rows_limit: 8000000 rows, limits.rows is 5000000; nothing\x1b[31m was done",
    before=None,
    after=None,
)
RECORDS = Records(
    armed_until=datetime(2026, 11, 1, tzinfo=UTC),
    last_success=RUN.finished_at,
    runs=(REFUSED, RUN),
)
NIGHTLY = JobOverview(
    job=catalogs.JOB,
    schedule=AT_THREE,
    next_ticks=next_ticks(AT_THREE, NOW, 5),
    records=RECORDS,
    error=None,
)
SUSPENDED = replace(
    NIGHTLY,
    job=replace(catalogs.JOB, name="suspended", suspended=True),
    next_ticks=(),
    records=Records(unarmed="there is no schema sequence_agent"),
)
BY_HAND = replace(
    NIGHTLY,
    job=replace(catalogs.JOB, name="by-hand"),
    schedule=None,
    next_ticks=(),
    records=None,
    error="cannot connect",
)
EVERY = Every(interval=timedelta(hours=6))
EVEN = replace(
    NIGHTLY,
    job=replace(catalogs.JOB, name="even"),
    schedule=EVERY,
    next_ticks=next_ticks(EVERY, NOW, 5),
    records=Records(),
)
ALL = (NIGHTLY, SUSPENDED, BY_HAND, EVEN)


def written(*found: JobOverview, width: int | None, encoding: str = "utf-8") -> str:
    file = StringIO()
    segments = listing(found, Paper(width=width, encoding=encoding))
    Console(file=file, width=200).print(Segments(segments), soft_wrap=True, end="")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "width", "encoding"),
    [("jobs_pipe", None, "utf-8"), ("jobs_80", 80, "utf-8"), ("jobs_60", 60, "ascii")],
)
def test_jobs_are_written_as_it_was_agreed(
    name: str, width: int | None, encoding: str
) -> None:
    text = written(*ALL, width=width, encoding=encoding)

    assert text == golden(GOLDEN / f"{name}.txt", text)


def test_the_document_is_as_it_was_agreed() -> None:
    text = json.dumps(document(ALL, NOW), indent=2) + "\n"

    assert text == golden(GOLDEN / "jobs.json", text)


def test_a_file_without_jobs_says_so() -> None:
    assert written(width=80) == "there are no jobs in this configuration\n"


def test_only_what_had_an_effect_removed_rows() -> None:
    assert RUN.rows_removed == 8
    assert replace(RUN, status=Status.LOST).rows_removed is None
    assert replace(RUN, before={"schedule": "every 60s"}).rows_removed is None


# As a program.


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(target=armed_target(database), folder=tmp_path)


def other_job(database: str, server: str = "lost") -> str:
    """A second job, after the first one's keys."""
    return (
        f"  - name: other\n    kind: reset\n    server: {server}\n"
        f"    database: {database}\n"
        '    tables: {include: ["public.*"]}'
    )


def with_lost_server(config: str) -> None:
    """A server that nobody answers at, beside the one that is there."""
    file = Path(config)
    lost = (
        "  - name: lost\n    dsn: postgresql://agent@127.0.0.1:1/app\n"
        "    resets: {environment: staging}\njobs:\n"
    )
    file.write_text(file.read_text().replace("jobs:\n", lost))


def test_schedule_and_past_of_a_job(desk: Desk) -> None:
    desk.reset("--yes")
    desk.reset("--yes", more="    limits: {bytes: 1}")

    ran = desk.jobs(more='    schedule: {cron: "0 3 * * *", timezone: Asia/Tokyo}')

    assert (ran.returncode, ran.stderr) == (0, "")
    name = desk.target.database.name
    first, schedule, *upcoming, armed, success, _, refused, succeeded = (
        ran.stdout.splitlines()
    )
    assert first == f"{JOB}: reset of {name} on staging"
    assert schedule == "  schedule      at 03:00 every day, Asia/Tokyo"
    tick = r"[0-9-]{10} 03:00:00 Asia/Tokyo \([0-9-]{10} 18:00:00 UTC\)"
    assert len(upcoming) == 3
    assert re.fullmatch(f"  next          {tick}", upcoming[0])
    assert re.fullmatch(f" {{16}}{tick}", upcoming[2])
    assert armed.startswith("  armed         until 2")
    assert success.startswith("  last success  2")
    assert "  hand  refused" in refused
    assert refused.split("refused")[1].strip().startswith("bytes_limit: ")
    assert re.search("  hand  succeeded +8$", succeeded)


def test_jobs_as_json(desk: Desk) -> None:
    desk.reset("--yes")

    ran = desk.jobs("--format", "json", more="    schedule: {every: 6h}")

    [job] = json.loads(ran.stdout)["jobs"]
    assert ran.returncode == 0
    assert job["schedule"] == {
        "text": "every 21600s",
        "words": "every 6 hours",
        "timezone": "UTC",
    }
    assert len(job["next_ticks"]) == 5
    assert [run["status"] for run in job["runs"]] == ["succeeded"]
    assert job["runs"][0]["rows_removed"] == 8
    assert job["last_success"] == job["runs"][0]["finished_at"]
    assert job["error"] is None


def test_a_suspended_job_has_no_next_tick(desk: Desk) -> None:
    more = "    suspended: true\n    schedule: {every: 6h}"

    ran, as_json = desk.jobs(more=more), desk.jobs("--format", "json", more=more)

    assert "  next          never, it is suspended\n" in ran.stdout
    [job] = json.loads(as_json.stdout)["jobs"]
    assert (job["suspended"], job["next_ticks"]) == (True, [])


def test_a_database_that_nobody_armed_has_no_past(
    database: Database, tmp_path: Path
) -> None:
    desk = Desk(target=unarmed_target(database), folder=tmp_path)

    ran = desk.jobs()

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "  next          only by hand\n" in ran.stdout
    assert "  armed         no: there is no schema sequence_agent\n" in ran.stdout


def test_a_target_that_cannot_be_asked_is_named_and_the_others_are_shown(
    desk: Desk,
) -> None:
    config = desk.config(other_job("app"))
    with_lost_server(config)

    ran = desk.jobs_of(config)

    assert ran.returncode == 4
    assert "  last success  never\n" in ran.stdout
    assert "  ledger        could not be asked\n" in ran.stdout
    assert ran.stderr.startswith("sequence-agent: error: job 'other': cannot connect")
    assert ran.stderr.count("\n") == 1


def test_when_none_can_be_asked_it_has_failed(desk: Desk) -> None:
    config = desk.config(dsn=re.sub(r":\d+/", ":1/", desk.target.dsn))

    ran = desk.jobs_of(config)

    assert ran.returncode == 1
    assert f"{JOB}: reset of" in ran.stdout
    assert "cannot connect" in ran.stderr
