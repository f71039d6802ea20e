"""A run that SIGTERM stops in the middle is `failed` in the ledger, never lost."""

from __future__ import annotations

import pytest

from agent.clock import SystemClock
from agent.domain.resets.ledger import Status
from tests.agents import running_agent, until
from tests.daemon.test_jobs import config, records
from tests.postgres_servers import Database
from tests.resets.target import armed_target

CLOCK = SystemClock()
# What becomes of the ticks of the same job that fall into the run, and into its end.
_NEVER_BEGAN = {Status.SKIPPED, Status.MISSED}
_SLEEPING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event = 'PgSleep'"
)


@pytest.mark.parametrize("delay", [0.05, 0.35, 0.65, 0.95])
def test_a_run_that_is_stopped_in_order_has_failed(
    database: Database, delay: float
) -> None:
    """Whenever that comes between two looks of the server at whether we are there."""
    target = armed_target(database)
    seeded = config(target, more="seed: [slow.sql]")
    with running_agent(seeded, files={"slow.sql": "SELECT pg_sleep(90);"}) as agent:
        until(lambda: database.execute(_SLEEPING), "a run in its seed")
        begun = CLOCK.monotonic()
        until(lambda: CLOCK.monotonic() - begun > delay, "some time")
        code, seconds = agent.terminate()
        left = database.execute(_SLEEPING)

    ended = [r for r in records(target) if r.status not in _NEVER_BEGAN]
    assert code == 0
    assert seconds < 2
    assert left == []
    assert [r.status for r in ended] == [Status.FAILED]
    assert "stopping" in (ended[0].reason or "")
    assert target.contents()["public.users"] == (5,)
