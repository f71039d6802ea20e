"""Fleet overview: what runs out first, when and where; who consumes; what cannot be read."""

from __future__ import annotations

from dashboards.boards import DATABASES, FLEET, Board
from dashboards.names import NAMES
from dashboards.panels import (
    BAD_FROM_ONE,
    LEAD_TIME,
    USED,
    Column,
    Line,
    Place,
    Section,
    Text,
    lines,
    number,
    rows,
)
from dashboards.queries import (
    DATABASE_LABELS,
    SEQUENCE_LABELS,
    by_database,
    by_sequence,
    of_databases,
)
from dashboards.trouble import FITTING, UNREADABLE

_SMALL = Place(width=4, height=4)
_SHOWN = 25
_ENDS = "pg_sequence_time_to_exhaustion_seconds"


def _end(percentile: int) -> str:
    """Infinite is left out: Grafana cannot tell it from a gap."""
    ends = by_sequence(_ENDS, f'percentile="{percentile}"')
    return f"{ends} < Inf"


_KNOWN = of_databases("pg_sequences", 'state=~"ok|unused"')
_FIRST = f"bottomk({_SHOWN}, {_end(10)})"
_FULLEST = f"topk({_SHOWN}, {by_sequence('pg_sequence_used_ratio')})"


def _among(expr: str, chosen: str) -> str:
    return f"({expr}) and on ({SEQUENCE_LABELS}) {chosen}"


_NOW = Section(
    title="Now",
    panels=(
        number(
            Text(
                title="Databases watched",
                description="Databases that the agents look at.",
                unit="none",
            ),
            f"count({by_database('sequence_agent_database_up')})",
            _SMALL,
        ),
        number(
            Text(
                title="Not readable",
                description="Databases that could not be read in the last round.",
                unit="none",
            ),
            f"count({by_database('sequence_agent_database_up')} == 0) or vector(0)",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Sequences",
                description="Sequences whose values are known, those that were never"
                " called among them.",
                unit="none",
            ),
            f"sum(max by ({DATABASE_LABELS}, state) ({_KNOWN}))",
            _SMALL,
        ),
        number(
            Text(
                title="Exhausted",
                description="Sequences whose next call fails.",
                unit="none",
            ),
            f"count({by_sequence('pg_sequence_remaining_values')} == 0) or vector(0)",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Highest use",
                description="The largest share of its values that any sequence has used.",
                unit="percentunit",
            ),
            f"max({of_databases('pg_sequence_max_used_ratio')})",
            _SMALL,
            steps=USED,
        ),
        number(
            Text(
                title="First end",
                description="The time until the first sequence runs out, by the early"
                " edge of its forecast.",
                unit="s",
                no_value="not within ten years",
            ),
            f"min({of_databases('pg_sequence_min_time_to_exhaustion_seconds')} < Inf)",
            _SMALL,
            steps=LEAD_TIME,
        ),
    ),
)

_RUNNING_OUT = Section(
    title="What runs out",
    panels=(
        rows(
            Text(
                title="First to run out",
                description="By the early edge of the forecast: in one case of ten it"
                " is gone by then. Empty is later than ten years. A click on a sequence"
                " leads to it.",
                unit="short",
                no_value="-",
            ),
            {
                "early": _FIRST,
                "likely": _among(_end(50), _FIRST),
                "late": _among(_end(90), _FIRST),
                "left": _among(by_sequence("pg_sequence_remaining_values"), _FIRST),
                "used": _among(by_sequence("pg_sequence_used_ratio"), _FIRST),
                "rate": _among(
                    by_sequence(
                        "pg_sequence_consumption_values_per_second", 'window="1d"'
                    ),
                    _FIRST,
                ),
            },
            {
                **NAMES,
                "early": Column(title="Early", unit="s", steps=LEAD_TIME),
                "likely": Column(title="Likely", unit="s"),
                "late": Column(title="Late", unit="s"),
                "left": Column(title="Calls left", unit="short"),
                "rate": Column(title="Calls per second, 1 d", unit="cps"),
                "used": Column(
                    title="Used", unit="percentunit", steps=USED, gauge=True
                ),
            },
            Place(width=24, height=9),
            sort_by=("Early", False),
        ),
        rows(
            Text(
                title="Fullest",
                description="The largest shares of their values used, whatever the"
                " forecast says. Above 100 % values do not fit the column any more.",
                unit="short",
            ),
            {
                "used": _FULLEST,
                "left": _among(by_sequence("pg_sequence_remaining_values"), _FULLEST),
                "limit": _among(by_sequence("pg_sequence_limit_value"), _FULLEST),
            },
            {
                **NAMES,
                "used": Column(
                    title="Used", unit="percentunit", steps=USED, gauge=True
                ),
                "left": Column(title="Calls left", unit="short"),
                "limit": Column(title="Limit", unit="short"),
            },
            Place(width=14, height=9),
            sort_by=("Used", True),
        ),
        rows(
            Text(
                title="Findings",
                description="How many sequences have a finding of each kind; and"
                " sequence-agent inspect has the remedy for each.",
                unit="none",
            ),
            {
                "sequences": "count by (kind, severity, acknowledged) (max by"
                f" ({SEQUENCE_LABELS}, kind, severity, acknowledged)"
                f" ({of_databases('pg_sequence_finding')}))"
            },
            {
                "kind": Column(title="Finding"),
                "severity": Column(title="Severity"),
                "acknowledged": Column(title="Acknowledged"),
                "sequences": Column(title="Sequences"),
            },
            Place(width=10, height=9),
            sort_by=("Sequences", True),
        ),
    ),
)

_CONSUMING = Section(
    title="Who consumes",
    panels=(
        lines(
            Text(
                title="Top consumers",
                description="Calls of nextval per second of the ten busiest sequences,"
                " counted across resets.",
                unit="cps",
            ),
            [
                Line(
                    expr=f"topk(10, max by ({SEQUENCE_LABELS}) (rate("
                    f"{of_databases('pg_sequence_consumed_values_total')}"
                    "[$__rate_interval])))",
                    legend="{{server}}/{{datname}} {{schemaname}}.{{sequencename}}",
                )
            ],
            Place(width=14, height=9),
        ),
        rows(
            Text(
                title="Calls in this time range",
                description="Calls of nextval of the busiest sequences since the"
                " beginning of the time range.",
                unit="short",
            ),
            {
                "calls": f"topk({_SHOWN}, max by ({SEQUENCE_LABELS}) (increase("
                f"{of_databases('pg_sequence_consumed_values_total')}[$__range])))"
            },
            {
                **NAMES,
                "calls": Column(title="Calls", unit="short"),
            },
            Place(width=10, height=9),
            sort_by=("Calls", True),
        ),
    ),
)

FLEET_BOARD = Board(
    uid=FLEET,
    title="Sequences / Fleet",
    description="What runs out first, when and where; who consumes; what cannot be read.",
    since="now-7d",
    variables=DATABASES,
    sections=(_NOW, _RUNNING_OUT, _CONSUMING, FITTING, UNREADABLE),
)
