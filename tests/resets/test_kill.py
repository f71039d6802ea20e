"""Four agents race for the same ticks; they are killed, and the server goes down.

Each tick has one effect or none, of all tables and sequences or of nothing, and in the
end the ledger tells the truth; the same while names move, and then nothing is touched
that is called as the job's tables are for a while. KILL_TICKS, KILL_RESTARTS and
KILL_SEED make it longer or different, KILL_STORM=0 or 1 chooses one of the two;
`make test` runs a short form of both.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import cast

import pytest

from agent.demo.embedded import EmbeddedPostgres
from agent.domain.resets.ledger import RunRecord, Status
from agent.domain.resets.runs import Done, Uncertain
from agent.postgres.resets import ledger
from agent.postgres.resets.worker import open_worker
from tests.eventually import eventually
from tests.postgres_servers import Source, binaries_of, database_on
from tests.resets.killing import Agent, Race, tick
from tests.resets.killing_scene import (
    Application,
    Observer,
    contents_beside,
    differences,
    prepared,
)
from tests.resets.storm_renamer import Renamer
from tests.resets.target import CLOCK, Target, endpoint

TICKS = int(os.environ.get("KILL_TICKS", "20"))
RESTARTS = int(os.environ.get("KILL_RESTARTS", "2"))
SEED = int(os.environ.get("KILL_SEED", "1"))
STORMS = [bool(int(only))] if (only := os.environ.get("KILL_STORM")) else [False, True]
AGENTS = 4


@pytest.fixture
def server(
    postgres_major: int, pytestconfig: pytest.Config
) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped without a warning."""
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    with EmbeddedPostgres(binaries_of(postgres_major, source)) as own:
        yield own


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process only, which looks for lost runs when all agents have ended."""
    monkeypatch.setattr(ledger, "SILENCE", timedelta(seconds=3))


@dataclass
class Aftermath:
    """What is left when all is over."""

    records: tuple[RunRecord, ...]
    ticks: list[datetime]
    transactions: list[str]
    xids: dict[datetime, str]


@pytest.mark.timeout(120 + 4 * TICKS)
@pytest.mark.parametrize(
    "storm", STORMS, ids=lambda storm: "storm" if storm else "calm"
)
def test_each_tick_has_one_effect_or_none_whoever_dies(
    server: EmbeddedPostgres, *, storm: bool
) -> None:
    random = Random(SEED)
    with database_on(server) as database:
        ground, race = prepared(database), Race()
        target = ground.target
        beside = contents_beside(database)
        began = CLOCK.monotonic()
        application = Application(ground.owner)
        observer = Observer(database, application)
        renamers = [Renamer(ground, Random(random.random()))] if storm else []
        agents = [Agent(target, Random(random.random()), race) for _ in range(AGENTS)]

        _race(server, agents, race, random)
        for each in agents:
            each.stop()
        for renamer in renamers:
            renamer.stop()
        observer.stop()
        application.stop()
        lost = _reconciled(target)

        found = _aftermath(target)
        seconds = CLOCK.monotonic() - began
        _tell(found, race, agents, observer, renamers, seconds=seconds)
        assert differences(beside, contents_beside(database)) == []
        calls = max(ground.traced_calls()[0], ground.calls_as_agent())
        assert calls == 0, "code of others ran as the agent"
    _check_ledger(found, storm=storm)
    _check_words(found, race)
    assert observer.wrong() == []
    assert len(observer.sights) >= TICKS
    assert sum(each.kills for each in agents) >= TICKS // 6
    assert len(found.ticks) >= TICKS // (20 if storm else 6)
    assert lost == sum(each.status is Status.LOST for each in found.records)
    assert all(renamer.made.total() >= TICKS for renamer in renamers)


def _race(
    server: EmbeddedPostgres, agents: list[Agent], race: Race, random: Random
) -> None:
    """Announce tick after tick to all; the server goes down during some of them."""
    downs = set(random.sample(range(2, TICKS), RESTARTS))
    restarting: list[threading.Timer] = []
    for number in range(TICKS):
        for each in agents:
            each.announce(number)
        if number in downs:
            for before in restarting:
                before.join()
            soon = random.uniform(0, 0.3)
            restarting = [threading.Timer(soon, server.restart, ["immediate"])]
            restarting[0].start()
        race.await_ending(number, seconds=1)
        threading.Event().wait(random.uniform(0, 0.2))
    for before in restarting:
        before.join()


def _reconciled(target: Target) -> int:
    """Backends of agents that were killed may be at work for a moment still."""
    name, lost = target.database.name, 0

    def all_settled() -> bool:
        nonlocal lost
        with open_worker(endpoint(target.dsn), name, agent="test/1") as worker:
            lost += len(worker.ledger.mark_lost())
            records = worker.ledger.newest("nightly-reset", limit=10_000)
        return all(each.status is not Status.CLAIMED for each in records)

    eventually(all_settled, within=90)
    return lost


def _aftermath(target: Target) -> Aftermath:
    execute = target.database.execute
    with open_worker(
        endpoint(target.dsn), target.database.name, agent="test/1"
    ) as worker:
        records = worker.ledger.newest("nightly-reset", limit=10_000)
    return Aftermath(
        records=records,
        ticks=[at for (at,) in execute("SELECT scheduled_for FROM kept.ticks")],
        transactions=[xid for (xid,) in execute("SELECT xid::text FROM kept.effects")],
        xids=dict(
            execute(
                "SELECT scheduled_for, xid::text FROM sequence_agent.job_run"
                " WHERE status = 'succeeded'"
            )
        ),
    )


def _check_ledger(found: Aftermath, *, storm: bool) -> None:
    """It says that a tick succeeded where there was one effect, and only there."""
    rows = Counter(each.scheduled_for for each in found.records)
    succeeded = [r for r in found.records if r.status is Status.SUCCEEDED]
    statuses = {each.status for each in found.records}

    assert max(rows.values()) == 1
    assert sorted(found.ticks) == sorted(r.scheduled_for for r in succeeded)
    assert sorted(found.transactions) == sorted(found.xids.values())
    assert statuses <= {
        *(Status.SUCCEEDED, Status.FAILED, Status.LOST, Status.SKIPPED),
        *([Status.REFUSED] if storm else []),
    }
    for each in found.records:
        assert (each.after is not None) == (each.status is Status.SUCCEEDED)


def _check_words(found: Aftermath, race: Race) -> None:
    """What an agent lived to tell was true."""
    status = {each.run_id: each.status for each in found.records}
    for number, endings in race.endings.items():
        done = [each for each in endings if isinstance(each, Done)]
        assert len(done) <= 1
        assert not done or tick(number).scheduled_for in found.ticks
        for each in endings:
            if each.run_id is not None and not isinstance(each, Uncertain):
                succeeded = status[each.run_id] is Status.SUCCEEDED
                assert succeeded == isinstance(each, Done)


def _tell(
    found: Aftermath,
    race: Race,
    agents: list[Agent],
    observer: Observer,
    renamers: list[Renamer],
    *,
    seconds: float,
) -> None:
    """For whoever looks on with `pytest -s`."""
    figures = {
        "ticks": TICKS,
        "restarts": RESTARTS,
        "kills": sum(each.kills for each in agents),
        "effects": len(found.ticks),
        **Counter(each.status.value for each in found.records),
        "seen": len(observer.sights),
        "batches": observer.application.batches,
        "told": Counter(
            type(each).__name__ for all_ in race.endings.values() for each in all_
        ),
        "killed_while": sum((each.moments for each in agents), Counter[str]()),
        "reasons": Counter((each.reason or "")[:100] for each in found.records),
        "moves": sum((each.made for each in renamers), Counter[str]()),
        "moves_failed": sum(each.failures for each in renamers),
        "seconds": round(seconds, 1),
    }
    sys.stderr.write(
        "".join(f"\n{key}: {told}" for key, told in figures.items()) + "\n"
    )
