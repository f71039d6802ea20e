"""One run of a job while names move, from its beginning to its end, and what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import psycopg

from agent.domain.filters import NameFilter
from agent.domain.resets.job import Allowed, JobKind, ResetJob
from agent.domain.resets.runs import (
    Done,
    Failed,
    Outcome,
    Refused,
    Skipped,
    Tick,
    Uncertain,
    Work,
)
from agent.postgres.resets.worker import open_worker
from agent.services.resetting import Resetter
from tests.resets.killing import work_of
from tests.resets.storm import Storm, Timing
from tests.resets.storm_ground import Ground
from tests.resets.storm_history import History, contents_of, names_at
from tests.resets.storm_repertoire import ALL_MOVES
from tests.resets.storm_truth import Record, complaints, departures, records_of
from tests.resets.target import CLOCK, endpoint, job_for

HARMLESS = "live.archive.harmless"
PATIENCE = timedelta(milliseconds=400)
_TABLES = (
    NameFilter(include=("live.*",)),
    NameFilter(include=("live.*",), exclude=("live.archive",)),
    NameFilter(include=("live.users", "live.orders")),
)
_SEQUENCES = (("live.invoices",), ("live.invoices",), ())


@dataclass(frozen=True, kw_only=True)
class Course:
    """What was done by whom, and all that is wrong with it."""

    job: ResetJob
    seeded: bool
    storm: Storm
    status: str
    reason: str
    wrong: tuple[str, ...]

    @property
    def what(self) -> str:
        return f"seeded {self.job.kind.value}" if self.seeded else self.job.kind.value

    def __str__(self) -> str:
        steps = [
            (at, f"{at * 1000:8.1f} ms  told: {what}") for at, what in self.storm.steps
        ]
        moves = [(made.at, str(made)) for made in self.storm.made]
        job = f"{self.what} of {self.job.tables} and {self.job.sequences}"
        lines = [
            f"{job}: {self.status} {self.reason}",
            f"{self.storm.timing}",
            *(line for _, line in sorted(steps + moves)),
            *(f"WRONG: {complaint}" for complaint in self.wrong),
        ]
        return "\n    ".join(lines)


def course_of(
    ground: Ground, admin: psycopg.Connection[Any], random: Random, *, name: str
) -> Course:
    job = _job(ground.database.name, random)
    behind, armed = job.kind is JobKind.RESYNC, random.random() < 0.3
    history = ground.make_anew(admin, random, behind=behind, armed=armed)
    traces = [ground.traces(admin)[0]]
    storm = Storm(ground, random, history, ALL_MOVES, Timing.any(random))
    tick = Tick(job=job.name, trigger=f"hand:{name}", scheduled_for=CLOCK.now())
    work = _work(job, tick, random)

    def told(what: str) -> None:
        # What a seed runs by name is its own affair, and from here on it does.
        if work.seeds and what.startswith("running"):
            traces.append(ground.traces(admin)[0])
        storm.told(what)

    try:
        outcome: Outcome | Exception = _run(ground, job, tick, work, told)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is wrong
        outcome = error
    finally:
        storm.stop()
    status, reason = _words_of(outcome)
    records = _look_back(admin, tick, history)
    seeded = bool(work.seeds)
    wrong = list(complaints(job, history, records, status, seeded=seeded))
    if isinstance(outcome, Done):
        wrong += departures(outcome.plan, history, records)
    if isinstance(outcome, Exception):
        wrong.append(f"the run raised {outcome!r}")
    before, after, *_ = (*traces, ground.traces(admin)[0])
    if after != before:
        wrong.append(f"code of others ran {after - before} times as the agent")
    return Course(
        job=job,
        seeded=seeded,
        storm=storm,
        status=status,
        reason=reason,
        wrong=tuple(wrong),
    )


def _look_back(
    admin: psycopg.Connection[Any], tick: Tick, history: History
) -> list[Record]:
    """At the ledger and at all relations, as they are at one instant after the run."""
    with admin.transaction():
        admin.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        records = records_of(admin, tick.job, tick.trigger)
        names = names_at(admin, after="the end")
        looks = contents_of(admin, names.relations.values())
    history.add(names, looks, ours=False)
    return records


def _job(database: str, random: Random) -> ResetJob:
    return replace(
        job_for(database),
        kind=random.choice((JobKind.RESET, JobKind.RESET, JobKind.RESYNC)),
        tables=random.choice(_TABLES),
        sequences=random.choice(_SEQUENCES),
        allowed=Allowed(triggers=(HARMLESS,)),
    )


def _work(job: ResetJob, tick: Tick, random: Random) -> Work:
    """The seed is that of the race; where live.users is another, its row is there."""
    seeded = job.kind is JobKind.RESET and random.random() < 0.4
    work = replace(work_of(tick), lock_timeout=PATIENCE, attempts=1)
    return work if seeded else replace(work, seeds=())


def _run(
    ground: Ground,
    job: ResetJob,
    tick: Tick,
    work: Work,
    told: Callable[[str], None],
) -> Outcome:
    dsn, name = ground.target.dsn, ground.database.name
    resetter = Resetter(
        job,
        partial(open_worker, endpoint(dsn), name, agent="storm/1"),
        clock=CLOCK,
        stopping=threading.Event(),
        told=told,
    )
    told("beginning")
    return resetter.run(tick, work)


def _words_of(outcome: Outcome | Exception) -> tuple[str, str]:
    if isinstance(outcome, Done | Refused | Failed | Skipped | Uncertain):
        return outcome.status.value, outcome.reason or ""
    return type(outcome).__name__.lower(), ""


@dataclass
class Report:
    """What came of all runs of a storm."""

    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)
    moves_failed: int = 0
    moved_after: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    wrong: dict[int, Course] = field(default_factory=dict)
    complaints: Counter[str] = field(default_factory=Counter)

    def add(self, number: int, course: Course) -> None:
        storm = course.storm
        done = [made for made in storm.made if made.error is None]
        self.outcomes[f"{course.what} {course.status}"] += 1
        self.moves += Counter(made.move.kind for made in done)
        self.moves_failed += len(storm.made) - len(done)
        self.moved_after += Counter(made.moment for made in done)
        self.reasons[course.reason[:70]] += 1
        if course.wrong:
            self.wrong[number] = course
            self.complaints += Counter(map(_gist, course.wrong))

    @property
    def effects(self) -> int:
        return sum(n for told, n in self.outcomes.items() if "succeeded" in told)

    def figures(self) -> Mapping[str, object]:
        return {
            "seed": self.seed,
            "runs": self.outcomes.total(),
            "outcomes": dict(self.outcomes.most_common()),
            "moves": dict(self.moves.most_common()),
            "moves_failed": self.moves_failed,
            "moved_after": dict(self.moved_after.most_common()),
            "reasons": dict(self.reasons.most_common(20)),
            "complaints": dict(self.complaints.most_common()),
            "wrong_runs": list(self.wrong),
        }

    def account(self, *, most: int) -> str:
        """The first of the runs that went wrong, and how to repeat each."""
        runs = f"{len(self.wrong)} of {self.outcomes.total()} runs are wrong"
        shown = [
            f"run {number} (STORM_SEED={self.seed} STORM_ONLY={number}):\n    {course}"
            for number, course in list(self.wrong.items())[:most]
        ]
        return "\n\n".join([f"{runs}: {list(self.wrong)}", *shown])


def _gist(complaint: str) -> str:
    """Without names and figures."""
    words = complaint.partition(":")[0].replace(",", "").split()
    return " ".join(word for word in words if word.isalpha())[:60]
