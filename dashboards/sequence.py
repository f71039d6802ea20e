"""One sequence: its value and limit, the band of its forecast, and its resets."""

from __future__ import annotations

from dataclasses import replace

from dashboards.boards import DATABASES, SEQUENCE, Board, Marks, Variable
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
from dashboards.queries import of_agents, of_databases, of_sequence

_SMALL = Place(width=3, height=4)
_ENDS = "pg_sequence_time_to_exhaustion_seconds"
_RESETS = of_sequence("pg_sequence_resets_total")


def _end(percentile: int) -> str:
    end = of_sequence(_ENDS, f'percentile="{percentile}"')
    return f"max({end}) < Inf"


def _date(percentile: int) -> str:
    """In milliseconds, as Grafana wants dates."""
    return f"1000 * (time() + ({_end(percentile)}))"


_NOW = Section(
    title="$sequencename",
    panels=(
        number(
            Text(
                title="Used",
                description="The share of its values that is used up; above 100 %"
                " values do not fit the column any more.",
                unit="percentunit",
            ),
            f"max({of_sequence('pg_sequence_used_ratio')})",
            _SMALL,
            steps=USED,
        ),
        number(
            Text(
                title="Calls left",
                description="Calls of nextval that still give a usable value.",
                unit="short",
            ),
            f"min({of_sequence('pg_sequence_remaining_values')})",
            _SMALL,
        ),
        *(
            number(
                Text(
                    title=f"Runs out, {name}",
                    description=f"In {chance} of ten cases it is gone by then.",
                    unit="s",
                    no_value="not within ten years, or not known yet",
                ),
                _end(percentile),
                _SMALL,
                steps=LEAD_TIME,
            )
            for name, percentile, chance in (
                ("early", 10, "one"),
                ("likely", 50, "five"),
                ("late", 90, "nine"),
            )
        ),
        number(
            Text(
                title="Behind its column",
                description="Calls until it is past what its column holds: inserts fail"
                " meanwhile. 0 is healthy.",
                unit="short",
                no_value="not known",
            ),
            f"max({of_sequence('pg_sequence_behind_values')})",
            _SMALL,
            steps=BAD_FROM_ONE,
        ),
        number(
            Text(
                title="Times put back",
                description="How often it was put back in the time range.",
                unit="short",
            ),
            f"sum(increase({_RESETS}[$__range]))",
            _SMALL,
        ),
    ),
)

_COURSE = Section(
    title="Course",
    panels=(
        lines(
            Text(
                title="Value and limit",
                description="The last value, and the tightest bound of the sequence and"
                " of the columns that it feeds. Resets are marked.",
                unit="short",
            ),
            [
                Line(
                    expr=f"max({of_sequence('pg_sequence_last_value')})", legend="value"
                ),
                Line(
                    expr=f"max({of_sequence('pg_sequence_limit_value')})",
                    legend="limit",
                ),
            ],
            Place(width=12, height=9),
            least=None,
        ),
        lines(
            Text(
                title="When it runs out",
                description="The date that was forecast at each time: early and late"
                " hold eight of ten cases between them. A level band is a good one;"
                " one that falls says that consumption grows.",
                unit="dateTimeAsIso",
            ),
            [
                Line(expr=_date(10), legend="early"),
                Line(expr=_date(50), legend="likely"),
                Line(expr=_date(90), legend="late"),
            ],
            Place(width=12, height=9),
            band=("late", "early"),
            least=None,
        ),
        lines(
            Text(
                title="Calls per second",
                description="Calls of nextval, counted across resets: as scraped, and"
                " over the windows that the agent keeps.",
                unit="cps",
            ),
            [
                Line(
                    expr=f"max(rate({of_sequence('pg_sequence_consumed_values_total')}"
                    "[$__rate_interval]))",
                    legend="now",
                ),
                Line(
                    expr="max by (window)"
                    f" ({of_sequence('pg_sequence_consumption_values_per_second')})",
                    legend="{{window}}",
                ),
            ],
            Place(width=12, height=9),
        ),
        lines(
            Text(
                title="Used, by column",
                description="How much of its own range each column has used, beside"
                " what counts for the sequence.",
                unit="percentunit",
            ),
            [
                Line(
                    expr=f"max({of_sequence('pg_sequence_used_ratio')})",
                    legend="sequence",
                ),
                Line(
                    expr="max by (table, column, link)"
                    f" ({of_sequence('pg_sequence_column_used_ratio')})",
                    legend="{{table}}.{{column}} ({{link}})",
                ),
            ],
            Place(width=12, height=9),
        ),
    ),
)

_DEFINITION = (
    "data_type, increment_by, cycle, cache_size, owner_table, owner_column,"
    " column_type, limited_by"
)
_DETAILS = Section(
    title="Details",
    panels=(
        rows(
            Text(
                title="Definition",
                description="How the sequence is defined, and what limits it.",
                unit="none",
            ),
            {"info": f"max by ({_DEFINITION}) ({of_sequence('pg_sequence_info')})"},
            {
                "data_type": Column(title="Type"),
                "increment_by": Column(title="Increment"),
                "cycle": Column(title="Cycles"),
                "cache_size": Column(title="Cache"),
                "owner_table": Column(title="Table"),
                "owner_column": Column(title="Column"),
                "column_type": Column(title="Type of the column"),
                "limited_by": Column(title="Limited by", width=320),
            },
            Place(width=24, height=4),
        ),
        rows(
            Text(
                title="Findings",
                description="What a human should know about it; the status page of the"
                " agent has the remedies.",
                unit="none",
                no_value="none",
            ),
            {
                "finding": "max by (kind, severity, acknowledged)"
                f" ({of_sequence('pg_sequence_finding')})"
            },
            {
                "kind": Column(title="Finding"),
                "severity": Column(title="Severity"),
                "acknowledged": Column(title="Acknowledged"),
            },
            Place(width=8, height=6),
        ),
        lines(
            Text(
                title="Resets",
                description="How often it was put back, by how: restart, setval, or"
                " dropped and made again.",
                unit="short",
            ),
            [
                Line(
                    expr=f"max by (reason) (increase({_RESETS}[$__rate_interval]))",
                    legend="{{reason}}",
                )
            ],
            Place(width=16, height=6),
            bars=True,
        ),
    ),
)

_SERVER, _DATABASE = DATABASES
SEQUENCE_BOARD = Board(
    uid=SEQUENCE,
    title="Sequences / One sequence",
    description="Its value and limit, the band of its forecast, and its resets.",
    since="now-30d",
    variables=(
        replace(_SERVER, several=False),
        replace(
            _DATABASE,
            several=False,
            of=of_agents("sequence_agent_database_up", 'server="$server"'),
        ),
        Variable(
            name="schemaname",
            label="Schema",
            several=False,
            of=of_databases("pg_sequence_readable"),
        ),
        Variable(
            name="sequencename",
            label="Sequence",
            several=False,
            of=of_databases("pg_sequence_readable", 'schemaname="$schemaname"'),
        ),
    ),
    marks=(
        Marks(
            name="Resets",
            expr=f"max by (reason) (increase({_RESETS}[$__rate_interval])) > 0",
            text="Reset: {{reason}}",
            colour="orange",
        ),
    ),
    sections=(_NOW, _COURSE, _DETAILS),
)
