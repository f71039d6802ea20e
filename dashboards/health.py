"""The agent itself: does it see its databases, how long that takes, how well it foretells."""

from __future__ import annotations

from dashboards.boards import AGENT, DATABASES, Board, Marks
from dashboards.panels import (
    BAD_FROM_ONE,
    Column,
    Line,
    Place,
    Section,
    Text,
    lines,
    number,
    rows,
)
from dashboards.queries import DATABASE_LABELS, by_database, of_agents, of_databases

_SMALL = Place(width=4, height=4)
_THIRD = Place(width=8, height=8)
_BUCKETS = of_databases("sequence_agent_sample_duration_seconds_bucket")
_STARTED = of_agents("process_start_time_seconds")

_NOW = Section(
    title="Now",
    panels=(
        number(
            Text(
                title="Agents scraped",
                description="Agents that are scraped.",
                unit="none",
            ),
            f"count({of_agents('sequence_agent_build_info')})",
            _SMALL,
        ),
        number(
            Text(
                title="Configuration",
                description="Whether the last change of the configuration is in force.",
                unit="none",
            ),
            f"min({of_agents('sequence_agent_config_reload_success')})",
            _SMALL,
            words={0: ("broken", "red"), 1: ("in force", "green")},
        ),
        number(
            Text(
                title="Refused configurations",
                description="Broken configurations that were not taken in the time"
                " range.",
                unit="short",
            ),
            "sum(increase("
            f"{of_agents('sequence_agent_config_reload_failures_total')}[$__range]))",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="History failures",
                description="How often the history could not be read or written in the"
                " time range.",
                unit="short",
            ),
            "sum(increase("
            f"{of_agents('sequence_agent_history_write_failures_total')}[$__range]))",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Databases not readable",
                description="Databases that could not be read in the last round.",
                unit="none",
            ),
            f"count({by_database('sequence_agent_database_up')} == 0) or vector(0)",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Oldest sample",
                description="The longest time since a database was read.",
                unit="s",
            ),
            "time() -"
            f" min({by_database('sequence_agent_last_sample_timestamp_seconds')})",
            _SMALL,
            steps=((None, "green"), (300, "orange"), (900, "red")),
        ),
    ),
)

_AGENTS = Section(
    title="Agents",
    panels=(
        rows(
            Text(
                title="Agents",
                description="Which version runs where, since when, and when its"
                " configuration was loaded.",
                unit="none",
            ),
            {
                "build": "max by (instance, version)"
                f" ({of_agents('sequence_agent_build_info')})",
                # In milliseconds, as Grafana wants dates.
                "started": f"1000 * max by (instance) ({_STARTED})",
                "loaded": "1000 * max by (instance) ("
                + of_agents(
                    "sequence_agent_config_last_reload_success_timestamp_seconds"
                )
                + ")",
            },
            {
                "instance": Column(title="Instance"),
                "version": Column(title="Version"),
                "started": Column(title="Started", unit="dateTimeFromNow"),
                "loaded": Column(title="Configuration loaded", unit="dateTimeFromNow"),
            },
            Place(width=24, height=5),
        ),
    ),
)

_SAMPLING = Section(
    title="Sampling",
    panels=(
        lines(
            Text(
                title="Duration of rounds",
                description="How long rounds took, over all databases: the median, and"
                " what one in a hundred exceeds.",
                unit="s",
            ),
            [
                Line(
                    expr=f"histogram_quantile({quantile},"
                    f" sum by (le) (rate({_BUCKETS}[$__rate_interval])))",
                    legend=name,
                )
                for quantile, name in ((0.5, "median"), (0.99, "p99"))
            ],
            _THIRD,
        ),
        lines(
            Text(
                title="Slowest databases",
                description="The mean duration of their rounds.",
                unit="s",
            ),
            [
                Line(
                    expr=f"topk(5, sum by ({DATABASE_LABELS}) (rate("
                    f"{of_databases('sequence_agent_sample_duration_seconds_sum')}"
                    f"[$__rate_interval])) / sum by ({DATABASE_LABELS}) (rate("
                    f"{of_databases('sequence_agent_sample_duration_seconds_count')}"
                    "[$__rate_interval])))",
                    legend="{{server}}/{{datname}}",
                )
            ],
            _THIRD,
        ),
        lines(
            Text(
                title="Rounds per second",
                description="Looks at databases, whether or not they could be read.",
                unit="ops",
            ),
            [
                Line(
                    expr="sum(rate("
                    f"{of_databases('sequence_agent_sample_duration_seconds_count')}"
                    "[$__rate_interval]))",
                    legend="rounds",
                )
            ],
            _THIRD,
        ),
    ),
)


def _score(metric: str) -> list[Line]:
    return [
        Line(expr=f"avg by (horizon) ({of_databases(metric)})", legend="{{horizon}}")
    ]


_FORECASTS = Section(
    title="Forecasts",
    panels=(
        lines(
            Text(
                title="Coverage",
                description="The share of outcomes that fell between early and late, as"
                " predicted; 80 % was promised.",
                unit="percentunit",
            ),
            _score("sequence_agent_forecast_coverage_ratio"),
            Place(width=6, height=8),
            most=1,
        ),
        lines(
            Text(
                title="Error",
                description="The median of |ln(consumed / predicted)|: 0.1 is off by a"
                " tenth, 0.7 by a factor of two.",
                unit="none",
            ),
            _score("sequence_agent_forecast_error"),
            Place(width=6, height=8),
        ),
        lines(
            Text(
                title="Stretch",
                description="What intervals are stretched by to cover what they"
                " promise; 1 is not at all.",
                unit="none",
            ),
            _score("sequence_agent_forecast_stretch_ratio"),
            Place(width=6, height=8),
        ),
        lines(
            Text(
                title="Outcomes",
                description="Predictions whose day has come and that count.",
                unit="none",
            ),
            [
                Line(
                    expr="sum by (horizon) ("
                    + of_databases("sequence_agent_forecast_scored_predictions")
                    + ")",
                    legend="{{horizon}}",
                )
            ],
            Place(width=6, height=8),
        ),
    ),
)

_PROCESS = Section(
    title="Process",
    panels=(
        lines(
            Text(
                title="Processor",
                description="Processor seconds per second.",
                unit="percentunit",
            ),
            [
                Line(
                    expr="sum by (instance) (rate("
                    f"{of_agents('process_cpu_seconds_total')}[$__rate_interval]))",
                    legend="{{instance}}",
                )
            ],
            _THIRD,
        ),
        lines(
            Text(title="Memory", description="Resident memory.", unit="bytes"),
            [
                Line(
                    expr="max by (instance)"
                    f" ({of_agents('process_resident_memory_bytes')})",
                    legend="{{instance}}",
                )
            ],
            _THIRD,
        ),
        lines(
            Text(
                title="Open files",
                description="Open file descriptors, connections among them.",
                unit="none",
            ),
            [
                Line(
                    expr=f"max by (instance) ({of_agents('process_open_fds')})",
                    legend="{{instance}}",
                )
            ],
            _THIRD,
        ),
    ),
)

HEALTH_BOARD = Board(
    uid=AGENT,
    title="Sequences / Agent health",
    description="Does the agent see its databases, how long does that take, how well"
    " does it foretell.",
    since="now-24h",
    variables=DATABASES,
    marks=(
        Marks(
            name="Starts of the agent",
            expr=f"changes({_STARTED}[$__rate_interval]) > 0",
            text="Agent started: {{instance}}",
            colour="blue",
        ),
    ),
    sections=(_NOW, _AGENTS, _SAMPLING, _FORECASTS, _PROCESS),
)
