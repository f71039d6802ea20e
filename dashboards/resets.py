"""Resets: when jobs ran and run next, what refused them, what they removed, and arming."""

from __future__ import annotations

from dashboards.boards import RESETS, Board, Variable
from dashboards.panels import (
    BAD_FROM_ONE,
    GOOD,
    Column,
    Line,
    Panel,
    Place,
    Section,
    Text,
    lines,
    number,
    rows,
)
from dashboards.queries import DATABASE_LABELS, of_agents, of_jobs

_SMALL = Place(width=6, height=4)
_HALF = Place(width=12, height=8)
_RUNS = "sequence_agent_job_runs_total"
_SUCCEEDED = of_jobs(_RUNS, 'outcome="succeeded"')
_OTHERS = of_jobs(_RUNS, 'outcome!="succeeded"')
_ARMED = (
    f"max by ({DATABASE_LABELS})"
    f" ({of_agents('sequence_agent_target_armed_until_timestamp_seconds')})"
)


def _by_job(metric: str) -> str:
    return f"max by (exported_job) ({of_jobs(metric)})"


def _counted(metric: str, by: str, *, over: str, more: str = "") -> str:
    return f"sum by ({by}) (increase({of_jobs(metric, more)}[{over}]))"


def _bars(text: Text, metric: str, by: str, place: Place, *, shown: str = "") -> Panel:
    """How much of it came in each step of time, by a label."""
    expr = _counted(metric, by, over="$__rate_interval") + shown
    return lines(text, [Line(expr=expr, legend=f"{{{{{by}}}}}")], place, bars=True)


_NOW = Section(
    title="Now",
    panels=(
        number(
            Text(
                title="Succeeded",
                description="Runs in the time range that did what the job says.",
                unit="short",
            ),
            f"sum(increase({_SUCCEEDED}[$__range]))",
            _SMALL,
            steps=GOOD,
        ),
        number(
            Text(
                title="Did not succeed",
                description="Runs in the time range that failed, were refused, missed,"
                " skipped or lost. None of these changed anything half.",
                unit="short",
            ),
            f"sum(increase({_OTHERS}[$__range]))",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Rows removed",
                description="Rows that jobs removed in the time range.",
                unit="short",
            ),
            "sum(increase("
            f"{of_jobs('sequence_agent_job_truncated_rows_total')}[$__range]))",
            _SMALL,
        ),
        number(
            Text(
                title="Targets not armed",
                description="Databases of jobs that nobody has armed, or whose time is"
                " over: their jobs are refused.",
                unit="none",
            ),
            f"count({_ARMED} <= time()) or vector(0)",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
    ),
)

_JOBS = Section(
    title="Jobs and targets",
    panels=(
        rows(
            Text(
                title="Jobs",
                description="When each last succeeded, by any agent, and when it is to"
                " run next. Empty is never; counts are those of the time range.",
                unit="none",
            ),
            {
                # In milliseconds, as Grafana wants dates.
                "last": "1000 * ("
                f"{_by_job('sequence_agent_job_last_success_timestamp_seconds')} > 0)",
                "next": "1000 * ("
                f"{_by_job('sequence_agent_job_next_run_timestamp_seconds')} > 0)",
                "succeeded": _counted(
                    _RUNS,
                    "exported_job",
                    over="$__range",
                    more='outcome="succeeded"',
                ),
                "refused": _counted(
                    _RUNS, "exported_job", over="$__range", more='outcome="refused"'
                ),
                "failed": _counted(
                    _RUNS,
                    "exported_job",
                    over="$__range",
                    more='outcome=~"failed|lost"',
                ),
                "missed": _counted(
                    _RUNS,
                    "exported_job",
                    over="$__range",
                    more='outcome=~"missed|skipped"',
                ),
            },
            {
                "exported_job": Column(title="Job"),
                "last": Column(title="Last success", unit="dateTimeFromNow"),
                "next": Column(title="Next run", unit="dateTimeFromNow"),
                "succeeded": Column(title="Succeeded", unit="short"),
                "refused": Column(title="Refused", unit="short", steps=BAD_FROM_ONE),
                "failed": Column(
                    title="Failed or lost", unit="short", steps=BAD_FROM_ONE
                ),
                "missed": Column(
                    title="Missed or skipped", unit="short", steps=BAD_FROM_ONE
                ),
            },
            Place(width=15, height=8),
        ),
        rows(
            Text(
                title="Arming",
                description="Until when the target of each job is armed; below zero it"
                " has ended. A database that was never armed is not listed.",
                unit="none",
                no_value="none",
            ),
            {
                "until": f"1000 * ({_ARMED} > 0)",
                "left": f"({_ARMED} > 0) - time()",
            },
            {
                "server": Column(title="Server"),
                "datname": Column(title="Database"),
                "until": Column(title="Armed until", unit="dateTimeAsIso"),
                "left": Column(
                    title="Left",
                    unit="s",
                    steps=((None, "red"), (0, "orange"), (3 * 86_400, "green")),
                ),
            },
            Place(width=9, height=8),
            sort_by=("Left", False),
        ),
    ),
)

_OVER_TIME = Section(
    title="Over time",
    panels=(
        _bars(
            Text(
                title="Runs by outcome",
                description="What became of the ticks of the jobs.",
                unit="short",
            ),
            _RUNS,
            "outcome",
            _HALF,
        ),
        _bars(
            Text(
                title="Refused, by gate",
                description="Which gates said no; one run may be refused by several."
                " sequence-agent plan shows why.",
                unit="short",
            ),
            "sequence_agent_job_refusals_total",
            "gate",
            _HALF,
            shown=" > 0",
        ),
        _bars(
            Text(
                title="Rows removed, by job",
                description="Rows that TRUNCATE removed, counted under its locks.",
                unit="short",
            ),
            "sequence_agent_job_truncated_rows_total",
            "exported_job",
            Place(width=8, height=8),
        ),
        _bars(
            Text(
                title="Sequences put back, by job",
                description="Sequences that were restarted, or moved on by a resync.",
                unit="short",
            ),
            "sequence_agent_job_restarted_sequences_total",
            "exported_job",
            Place(width=8, height=8),
        ),
        lines(
            Text(
                title="Duration of runs",
                description="From the claim of a tick to its ending, waiting for locks"
                " included: the median, and what one run in twenty exceeds.",
                unit="s",
            ),
            [
                Line(
                    expr=f"histogram_quantile({quantile}, sum by (le, exported_job)"
                    f" (rate({of_jobs('sequence_agent_job_duration_seconds_bucket')}"
                    "[$__rate_interval])))",
                    legend=f"{{{{exported_job}}}} {name}",
                )
                for quantile, name in ((0.5, "median"), (0.95, "p95"))
            ],
            Place(width=8, height=8),
        ),
    ),
)

RESETS_BOARD = Board(
    uid=RESETS,
    title="Sequences / Resets",
    description="When jobs ran and run next, what refused them, what they removed, and"
    " how long their targets are armed.",
    since="now-7d",
    variables=(
        Variable(
            name="reset_job",
            label="Job of the agent",
            of=of_agents(_RUNS),
            from_label="exported_job",
        ),
    ),
    sections=(_NOW, _JOBS, _OVER_TIME),
)
