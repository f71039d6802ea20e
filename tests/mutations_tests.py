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


# What a module alone is tried with comes first, then what reaches it through a plan;
# of equals, what takes longer (hypothesis) comes last.
_PLANS = (
    "tests/resets/test_plan_hash.py",
    "tests/resets/test_gates.py",
    "tests/resets/test_plan.py",
    "tests/resets/test_resync.py",
    "tests/resets/test_restarts.py",
    "tests/resets/test_untrusted_code.py",
    "tests/resets/test_production.py",
    "tests/resets/test_runs.py",
    "tests/resets/test_closure.py",
    "tests/resets/test_command.py",
    "tests/resets/test_coverage.py",
)
_SCRIPTS = (
    "tests/resets/test_seeds_lexer.py",
    "tests/resets/test_seeds_script.py",
    "tests/resets/test_seed_files.py",
)
_TARGETS = (
    "tests/resets/test_wrong_targets.py",
    "tests/resets/test_on_a_server.py",
    "tests/resets/test_computed_defaults.py",
    "tests/resets/test_left_behind.py",
    "tests/resets/test_set_off.py",
    "tests/resets/test_measuring.py",
    "tests/resets/test_targets_elsewhere.py",
    "tests/resets/test_untrusted_code.py",
    "tests/resets/test_running.py",
)
_LEDGERS = (
    "tests/resets/test_ledger.py",
    "tests/resets/test_turns.py",
    "tests/resets/test_forged_schema.py",
    "tests/resets/test_lost_commit.py",
)
_EFFECTS = (
    "tests/resets/test_proof.py",
    "tests/resets/test_effects.py",
    "tests/resets/test_names_move.py",
    "tests/resets/test_holders.py",
    "tests/resets/test_locks_needed.py",
)
_RUNS = (
    "tests/resets/test_running.py",
    "tests/resets/test_bounds.py",
    "tests/resets/test_pinned_plan.py",
    *_LEDGERS,
    "tests/resets/test_stopping.py",
    "tests/resets/test_sessions.py",
    "tests/resets/test_waiting_for_others.py",
    "tests/resets/test_session_defaults.py",
    "tests/resets/test_storm.py",
    "tests/resets/test_command.py",
    "tests/daemon/test_jobs.py",
)
_SEEDED = (
    "tests/resets/test_seeds.py",
    "tests/resets/test_seeds_dumps.py",
    "tests/resets/test_seeds_session.py",
    "tests/resets/test_seeds_locks.py",
    "tests/resets/test_seeds_pooler.py",
)
_ENDINGS = ("tests/services/test_endings.py", "tests/services/test_resetting.py")
_TICKS = (
    "tests/domain/test_ticks.py",
    "tests/domain/test_due.py",
    "tests/domain/test_meeting.py",
    "tests/domain/test_any_ticks.py",
    "tests/scheduling/test_jobs.py",
    "tests/scheduling/test_since.py",
)
_DAEMON = ("tests/daemon/test_jobs.py", "tests/daemon/test_stopped_runs.py")
_EXAMPLES = ("agent/domain/resets", "agent/domain/schedules", "agent/scheduling")
_JOBS = (
    "tests/scheduling/test_jobs.py",
    "tests/scheduling/test_since.py",
    "tests/scheduling/test_clocks.py",
)

# The first that fits counts.
# fmt: off
COVERING: tuple[Covering, ...] = (
    Covering(modules="agent/domain/resets/runs.py", pure=("tests/resets/test_runs.py", *_ENDINGS, *_JOBS), server=_RUNS),
    Covering(modules="agent/domain/resets/identity.py", pure=("tests/resets/test_identity.py",), server=_LEDGERS),
    Covering(modules="agent/domain/resets/ledger.py", pure=("tests/resets/test_runs.py", *_ENDINGS, *_JOBS), server=(*_LEDGERS, *_RUNS[:3])),
    Covering(modules="agent/domain/resets/seeds_script.py", pure=_SCRIPTS, server=_SEEDED),
    Covering(modules="agent/domain/resets/seeds*.py", pure=(*_SCRIPTS, "tests/resets/test_plan_hash.py"), server=_SEEDED),
    Covering(modules="agent/domain/resets/document.py", pure=("tests/resets/test_plan.py",), server=("tests/resets/test_left_behind.py", "tests/resets/test_command.py")),
    Covering(modules="agent/domain/resets/resync.py", pure=("tests/resets/test_resync.py", *_PLANS), server=("tests/resets/test_computed_defaults.py", *_TARGETS)),
    Covering(modules="agent/domain/resets/restarts.py", pure=("tests/resets/test_restarts.py", *_PLANS), server=("tests/resets/test_left_behind.py", *_TARGETS)),
    Covering(modules="agent/domain/resets/hints.py", pure=("tests/resets/test_hints.py", *_PLANS), server=_TARGETS),
    Covering(modules="agent/domain/resets/closure.py", pure=_PLANS, server=_TARGETS[:2]),
    Covering(modules="agent/domain/resets/production.py", pure=("tests/resets/test_production.py", *_PLANS), server=_TARGETS[:2]),
    Covering(modules="agent/domain/table_facts.py", pure=_PLANS, server=_TARGETS),
    Covering(modules="agent/domain/resets/*.py", pure=_PLANS, server=_TARGETS),
    Covering(modules="agent/postgres/resets/seed*.py", pure=_SCRIPTS, server=(*_SEEDED, "tests/resets/test_running.py")),
    Covering(modules="agent/postgres/resets/ledger.py", server=(*_LEDGERS, *_RUNS)),
    Covering(modules="agent/postgres/resets/holders.py", server=("tests/resets/test_holders.py", *_RUNS)),
    Covering(modules="agent/postgres/resets/*.py", server=(*_EFFECTS, *_RUNS)),
    Covering(modules="agent/services/resetting.py", pure=_ENDINGS, server=_RUNS),
    Covering(modules="agent/scheduling/*rounds.py", pure=("tests/scheduling/test_rounds.py",), server=("tests/daemon/test_daemon.py",)),
    Covering(modules="agent/scheduling/timer.py", pure=("tests/scheduling/test_timer.py", *_JOBS), server=_DAEMON),
    Covering(modules="agent/scheduling/due.py", pure=(*_JOBS, "tests/scheduling/test_timer.py"), server=_DAEMON),
    Covering(modules="agent/scheduling/*.py", pure=_JOBS, server=_DAEMON),
    Covering(modules="agent/domain/schedules/cron.py", pure=("tests/domain/test_cron.py", "tests/config/test_crontab.py", *_TICKS)),
    Covering(modules="agent/domain/schedules/meeting.py", pure=("tests/domain/test_meeting.py",)),
    Covering(modules="agent/domain/schedules/skew.py", pure=_JOBS, server=_DAEMON),
    Covering(modules="agent/domain/schedules/missed.py", pure=_JOBS, server=_DAEMON),
    Covering(modules="agent/domain/schedules/*.py", pure=_TICKS, server=_DAEMON),
    Covering(modules="agent/postgres/queries/effect_*.sql", server=(*_EFFECTS, *_RUNS[:3])),
    Covering(modules="agent/postgres/queries/seed_*.sql", server=_SEEDED),
    Covering(modules="agent/postgres/queries/links.sql", server=_TARGETS),
    Covering(modules="agent/postgres/queries/target_*.sql", server=_TARGETS),
    Covering(modules="agent/postgres/queries/run_*.sql", server=(*_LEDGERS, *_RUNS[:2], "tests/resets/test_stopping.py")),
)
# fmt: on


def covering(path: str) -> Covering | None:
    """The tests of a file; None of one that is not mutated."""
    found = (each for each in COVERING if fnmatchcase(path, each.modules))
    return next(found, None)


def every(*, servers: bool) -> tuple[str, ...]:
    """All tests that any file is tried with, of one kind."""
    if servers:
        return tuple({path: None for each in COVERING for path in each.server})
    return tuple({path: None for each in COVERING for path in each.pure}) + _EXAMPLES


def targets(root: Path) -> Iterator[str]:
    """The files that are mutated, by their paths below the root."""
    for path in sorted((root / "agent").rglob("*")):
        relative = str(path.relative_to(root))
        if path.suffix in {".py", ".sql"} and covering(relative) is not None:
            yield relative
