"""Which modules are mutated, and which tests are to notice it: the nearest come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Covering:
    """`pure` tests need no server and are run first; what survives them meets the others."""

    modules: str
    pure: tuple[str, ...] = ()
    server: tuple[str, ...] = ()


_PLANS = (
    "tests/resets/test_plan.py",
    "tests/resets/test_gates.py",
    "tests/resets/test_plan_hash.py",
    "tests/resets/test_closure.py",
    "tests/resets/test_restarts.py",
    "tests/resets/test_resync.py",
    "tests/resets/test_production.py",
    "tests/resets/test_runs.py",
    "tests/domain/test_defaults.py",
)
_SEEDS = (
    "tests/resets/test_seeds_lexer.py",
    "tests/resets/test_seed_files.py",
    "tests/resets/test_plan_hash.py",
)
_SEEDS_ON_SERVERS = (
    "tests/resets/test_seeds.py",
    "tests/resets/test_seeds_session.py",
    "tests/resets/test_seeds_dumps.py",
)
_TARGETS = (
    "tests/resets/test_wrong_targets.py",
    "tests/resets/test_on_a_server.py",
    "tests/resets/test_running.py",
)
_RUNS = (
    "tests/resets/test_bounds.py",
    "tests/resets/test_running.py",
    "tests/resets/test_stopping.py",
    "tests/resets/test_lost_commit.py",
    "tests/resets/test_sessions.py",
    "tests/resets/test_storm.py",
    "tests/resets/test_command.py",
    "tests/daemon/test_jobs.py",
)
_TICKS = (
    "tests/domain/test_due.py",
    "tests/domain/test_ticks.py",
    "tests/domain/test_cron.py",
    "tests/domain/test_meeting.py",
    "tests/scheduling/test_jobs.py",
    "tests/scheduling/test_since.py",
    "tests/domain/test_any_ticks.py",
)
_ROUNDS_AND_JOBS = (
    "tests/scheduling/test_jobs.py",
    "tests/scheduling/test_since.py",
    "tests/scheduling/test_clocks.py",
    "tests/scheduling/test_timer.py",
    "tests/scheduling/test_rounds.py",
)
_SERVED = (
    "tests/daemon/test_jobs.py",
    "tests/daemon/test_restarts.py",
)

# The first that fits counts.
# fmt: off
COVERING: tuple[Covering, ...] = (
    Covering(modules="agent/domain/resets/runs.py", pure=_PLANS, server=_RUNS),
    Covering(modules="agent/domain/resets/ledger.py", pure=_PLANS, server=_RUNS),
    Covering(modules="agent/domain/resets/job.py", pure=_PLANS, server=_TARGETS),
    Covering(modules="agent/domain/resets/seeds*.py", pure=_SEEDS, server=_SEEDS_ON_SERVERS),
    Covering(modules="agent/domain/resets/*.py", pure=_PLANS, server=_TARGETS),
    Covering(modules="agent/postgres/resets/seed*.py", server=_SEEDS_ON_SERVERS),
    Covering(modules="agent/postgres/resets/*.py", server=_RUNS),
    Covering(modules="agent/services/resetting.py", pure=("tests/services/test_endings.py", "tests/services/test_resetting.py"), server=_RUNS),
    Covering(modules="agent/scheduling/*.py", pure=_ROUNDS_AND_JOBS, server=_SERVED),
    Covering(modules="agent/domain/schedules/*.py", pure=_TICKS, server=_SERVED),
    Covering(modules="agent/postgres/queries/target_*.sql", server=_TARGETS),
    Covering(modules="agent/postgres/queries/run_*.sql", server=_RUNS),
)
# fmt: on


def covering(path: str) -> Covering | None:
    """The tests of a file; None of one that is not mutated."""
    found = (each for each in COVERING if fnmatchcase(path, each.modules))
    return next(found, None)


def targets(root: Path) -> Iterator[str]:
    """The files that are mutated, by their paths below the root."""
    for path in sorted((root / "agent").rglob("*")):
        relative = str(path.relative_to(root))
        if path.suffix in {".py", ".sql"} and covering(relative) is not None:
            yield relative
