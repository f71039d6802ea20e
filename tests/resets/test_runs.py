"""What a run tells of itself, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.plan import plan
from agent.domain.resets.runs import (
    Done,
    Failed,
    Figures,
    Refused,
    Skipped,
    Uncertain,
    Work,
)
from tests.resets.catalogs import CATALOG, JOB
from tests.resets.wrong_catalogs import MEASURED

PLAN = plan(JOB, CATALOG, MEASURED)
DONE = Done(
    plan=PLAN,
    before=Figures(rows={"public.t1": 7, "public.t2": 4}, values={"public.s11": 9}),
    after=Figures(),
)


def test_figures_are_kept_by_tables_and_sequences() -> None:
    assert DONE.before.document() == {
        "tables": {"public.t1": 7, "public.t2": 4},
        "sequences": {"public.s11": 9},
    }


def test_rows_of_all_tables_were_removed() -> None:
    assert DONE.rows_removed == 11


@pytest.mark.parametrize(
    ("ending", "status", "attempts"),
    [
        (DONE, Status.SUCCEEDED, 1),
        (Refused(plan=PLAN), Status.REFUSED, 1),
        (Failed(reason="gone"), Status.FAILED, 0),
        (Skipped(reason="busy"), Status.SKIPPED, 0),
        (Uncertain(done=DONE, reason="lost"), Status.CLAIMED, 1),
    ],
)
def test_an_ending_has_the_status_that_is_written(
    ending: Done | Refused | Failed | Skipped | Uncertain, status: Status, attempts: int
) -> None:
    assert (ending.status, ending.attempts) == (status, attempts)


def test_a_refusal_names_every_gate_that_refuses() -> None:
    refused = plan(JOB, CATALOG, MEASURED, expected_hash="sha256:0")

    assert Refused(plan=refused).reason.startswith(
        "plan_changed: the plan was sha256:0"
    )
    assert Refused(plan=PLAN).reason == ""


def test_a_run_is_tried_once_unless_more_is_asked_for() -> None:
    assert Work(lock_timeout=timedelta(seconds=1)).attempts == 1


DONE_AT = datetime(2026, 3, 1, 3, tzinfo=UTC)


def _record(status: Status, before: Mapping[str, object] | None) -> RunRecord:
    return RunRecord(
        run_id=UUID(int=1),
        job="nightly-reset",
        trigger="schedule",
        scheduled_for=DONE_AT,
        status=status,
        reason=None,
        plan_sha256=None,
        before=before,
        after=None,
        agent="test/1",
        claimed_at=DONE_AT,
        started_at=DONE_AT,
        finished_at=DONE_AT,
        attempts=1,
    )


@pytest.mark.parametrize(
    ("status", "before", "removed"),
    [
        (Status.SUCCEEDED, {"tables": {"a": 7, "b": 4}}, 11),
        (Status.SUCCEEDED, {"tables": {"a": 7, "b": "many"}}, 7),
        (Status.SUCCEEDED, {"tables": {}}, 0),
        (Status.SUCCEEDED, {"tables": "none"}, None),
        (Status.SUCCEEDED, {}, None),
        (Status.SUCCEEDED, None, None),
        (Status.FAILED, {"tables": {"a": 7}}, None),
    ],
)
def test_only_a_run_that_succeeded_has_removed_rows(
    status: Status, before: Mapping[str, object] | None, removed: int | None
) -> None:
    assert _record(status, before).rows_removed == removed
