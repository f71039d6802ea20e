"""Whether the storm would show what it looks for, done here on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import psycopg
import pytest

from agent.domain.filters import NameFilter
from agent.domain.resets.job import ResetJob
from tests.eventually import eventually
from tests.postgres_servers import Database
from tests.resets.storm_ground import Ground, ground_in
from tests.resets.storm_history import History, contents_of, names_at
from tests.resets.storm_moves import put_back
from tests.resets.storm_repertoire import ONLY_NAMES
from tests.resets.storm_truth import Record, complaints
from tests.resets.target import job_for

TABLES = "live.users, live.orders, live.archive"
RESET = f"TRUNCATE {TABLES} RESTART IDENTITY"
SWAP = "ALTER SCHEMA live RENAME TO other; ALTER SCHEMA keep RENAME TO live"
FAILED = Record(status="failed", reason="", hash=None, before={}, after={})


@pytest.fixture
def ground(database: Database) -> Ground:
    return ground_in(database)


@pytest.fixture
def admin(ground: Ground) -> Iterator[psycopg.Connection[Any]]:
    with ground.database.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    "effect",
    [
        "TRUNCATE keep.archive",
        "TRUNCATE live.users, live.orders RESTART IDENTITY",
        "SELECT setval('keep.invoices', 5000)",
        "ALTER SEQUENCE live.precious RESTART",
    ],
)
def test_an_effect_of_a_run_that_failed_is_noticed(
    ground: Ground, admin: psycopg.Connection[Any], effect: str
) -> None:
    history = ground.make_anew(admin, Random(1))
    _look(admin, history)
    assert list(complaints(job_of(ground), history, [FAILED], "failed")) == []

    admin.execute(effect.encode())
    _look(admin, history)

    assert list(complaints(job_of(ground), history, [FAILED], "failed")) != []


@pytest.mark.parametrize(
    ("effect", "complaint"),
    [
        ("", "but live.archive"),
        (f"TRUNCATE {TABLES}", "but live.users_id_seq"),
        (f"{RESET}; TRUNCATE elsewhere.bills", "changed elsewhere.bills"),
        (f"{RESET}; INSERT INTO live.archive VALUES (7)", "live.archive after, there"),
        (f"{SWAP}; {RESET}", "live.archive before, there was"),
    ],
)
def test_a_success_that_was_none_or_more_is_noticed(
    ground: Ground, admin: psycopg.Connection[Any], effect: str, complaint: str
) -> None:
    history = ground.make_anew(admin, Random(1))
    told = _figures_of_a_reset(history)

    admin.execute(effect.encode())
    _look(admin, history)

    found = list(complaints(job_of(ground), history, [told], "succeeded"))
    assert any(complaint in each for each in found), found


def test_a_right_reset_is_nothing_to_complain_of(
    ground: Ground, admin: psycopg.Connection[Any]
) -> None:
    history = ground.make_anew(admin, Random(1))
    told = _figures_of_a_reset(history)

    admin.execute(RESET.encode())
    _look(admin, history)

    assert list(complaints(job_of(ground), history, [told], "succeeded")) == []


@pytest.mark.parametrize("mode", ["READ WRITE", "READ ONLY"])
def test_code_that_runs_as_the_agent_leaves_a_trace_though_rolled_back(
    ground: Ground, admin: psycopg.Connection[Any], mode: str
) -> None:
    ground.make_anew(admin, Random(1))
    with ground.database.connect(ground.owner) as owner:
        owner.execute("CREATE VIEW live.trap AS SELECT kept.trap()")
    written, others = ground.traces(admin)
    assert written == 0

    with ground.database.connect(ground.target.dsn) as agent:
        agent.execute(f"BEGIN TRANSACTION {mode}".encode())
        agent.execute("SELECT FROM (SELECT * FROM live.trap OFFSET 0) AS t (c)")
        agent.execute("SELECT * FROM live.trap")
        agent.execute("ROLLBACK")

    eventually(lambda: ground.calls_as_agent() > 0)
    assert (ground.traces(admin)[0] > 0) is (mode == "READ WRITE")
    assert ground.traces(admin)[1] == others


def test_names_are_put_back_whatever_was_done_to_them(
    ground: Ground, admin: psycopg.Connection[Any]
) -> None:
    random = Random(1)
    before = ground.make_anew(admin, random).names[0]
    with ground.database.connect(ground.owner) as owner:
        for _ in range(40):
            move = ONLY_NAMES.any(random, locked=False)
            with suppress(psycopg.ProgrammingError):
                owner.execute(ground.filled(move.script))

        owner.execute(ground.filled(put_back().script))

    after = names_at(admin, after="")
    assert {oid: after.relations[oid].qualified for oid in before.relations} == {
        oid: each.qualified for oid, each in before.relations.items()
    }


def job_of(ground: Ground) -> ResetJob:
    return replace(
        job_for(ground.database.name), tables=NameFilter(include=("live.*",))
    )


def _look(admin: psycopg.Connection[Any], history: History) -> None:
    names = names_at(admin, after="the end")
    looks = contents_of(admin, names.relations.values())
    history.add(names, looks, ours=False)


def _figures_of_a_reset(history: History) -> Record:
    """What the ledger would say of a right one."""
    names = history.names[0]
    live = [r for r in names.relations.values() if r.schema == "live"]
    tables = {r.qualified: history.first(r.oid).rows for r in live if r.kind == "r"}
    sequences = {r.qualified: history.first(r.oid).value for r in live if r.owners}
    starts = {
        "live.users_id_seq": 1,
        "live.orders_id_seq": 100,
        "live.archive_id_seq": 1,
    }
    return Record(
        status="succeeded",
        reason="",
        hash=None,
        before={"tables": tables, "sequences": sequences},
        after={"tables": dict.fromkeys(tables, 0), "sequences": starts},
    )
