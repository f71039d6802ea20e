"""What `sequence-agent reset` says of an outcome; no server is needed."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console
from rich.segment import Segments

from agent.cli.outcome import account, announcement, complaints, document
from agent.cli.paper import Paper
from agent.domain.resets.facts import Measured, Size, Unknown
from agent.domain.resets.job import JobKind
from agent.domain.resets.plan import plan
from agent.domain.resets.runs import Done, Failed, Figures, Skipped, Taken, Uncertain
from agent.domain.sequences import At, Unused
from tests.goldens import golden
from tests.resets import catalogs

GOLDEN = Path(__file__).parent / "golden"
RUN_ID = UUID("5e1c9a34-7d9e-4f6b-8a55-0f5d5b3c2a10")
PLAN = plan(
    catalogs.JOB,
    catalogs.CATALOG,
    Measured(
        sizes={
            1: Size(rows=12, bytes=24_576, exact=True),
            2: Size(rows=130, bytes=1_000_000, exact=False),
        },
        positions={11: At(12), 12: Unused(100)},
        furthest={},
    ),
)
DONE = Done(
    plan=PLAN,
    before=Figures(
        rows={"public.t1": 12, "public.t2": 130},
        values={"public.s11": 12, "public.s12": 100},
    ),
    after=Figures(
        rows={"public.t1": 2, "public.t2": 0},
        values={"public.s11": 2, "public.s12": 100},
    ),
    attempts=2,
    run_id=RUN_ID,
)


def written(done: Done, width: int | None) -> str:
    file = StringIO()
    paper = Paper(width=width, encoding="utf-8")
    Console(file=file, width=200).print(
        Segments(
            [*announcement(done.plan, paper), *account(done, paper, seconds=0.25)]
        ),
        soft_wrap=True,
        end="",
    )
    return file.getvalue()


def test_what_was_done_is_written_as_it_was_agreed() -> None:
    text = written(DONE, width=80)

    assert text == golden(GOLDEN / "reset_done.txt", text)


def test_a_resync_speaks_of_sequences_alone() -> None:
    resync = plan(
        replace(catalogs.JOB, kind=JobKind.RESYNC),
        catalogs.CATALOG,
        Measured(sizes={}, positions={11: At(1)}, furthest={(1, "id"): 99}),
    )
    moved = Figures(values={"public.s11": 99})

    text = written(Done(plan=resync, before=moved, after=moved), width=None)

    assert "\n1 sequence; hash: " in text
    assert "done: 1 sequence moved, in 0.2 s\n\nsequence" in text


def test_rows_that_nobody_could_count_are_not_made_up() -> None:
    unknown = Size(rows=Unknown("permission denied"), bytes=1, exact=False)
    measured = Measured(sizes={1: unknown, 2: unknown}, positions={}, furthest={})
    uncounted = plan(catalogs.JOB, catalogs.CATALOG, measured)

    text = written(replace(DONE, plan=uncounted), width=None)

    assert "2 tables with nobody knows how many rows, 2 sequences; hash" in text


UNCERTAIN = Uncertain(done=DONE, reason="gone", run_id=RUN_ID)
RUN = f" (run {RUN_ID})"
WHAT_TO_DO = (
    "all of it was done, or nothing; look at the ledger, as 'sequence-agent jobs' shows"
    " it, whether it succeeded"
)


@pytest.mark.parametrize(
    ("outcome", "status", "says"),
    [
        (Taken(), "taken", "somebody else has this very run; nothing was changed"),
        (
            Skipped(reason="another run is at work", run_id=RUN_ID),
            "skipped",
            f"another run is at work; nothing was changed, try again later{RUN}",
        ),
        (Failed(reason="no"), "failed", "no; nothing was changed"),
        (
            UNCERTAIN,
            "uncertain",
            f"the answer to COMMIT was lost (gone): {WHAT_TO_DO}{RUN}",
        ),
    ],
)
def test_what_is_not_done_costs_one_sentence(
    outcome: Taken | Skipped | Failed | Uncertain, status: str, says: str
) -> None:
    assert list(complaints(outcome, stopped_by=None)) == [says]
    assert document(outcome, catalogs.JOB, seconds=0)["status"] == status


def test_what_is_done_needs_no_complaint() -> None:
    assert list(complaints(DONE, stopped_by="SIGINT")) == []
