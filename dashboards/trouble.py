"""What does not fit together, and what cannot be read: sections of the fleet's dashboard."""

from __future__ import annotations

from dashboards.names import NAMES
from dashboards.panels import Column, Line, Place, Section, Text, lines, rows
from dashboards.queries import (
    DATABASE_LABELS,
    SEQUENCE_LABELS,
    by_database,
    by_sequence,
    of_databases,
)

_MISFITS = of_databases(
    "pg_sequence_finding", 'kind=~"behind_column|sequence_missing",severity!="info"'
)

FITTING = Section(
    title="Sequences and their columns",
    panels=(
        rows(
            Text(
                title="Out of step",
                description="Sequences that are behind what their column holds, so that"
                " inserts fail or will, and columns that have lost theirs.",
                unit="short",
                no_value="none",
            ),
            {
                "found": f"max by ({SEQUENCE_LABELS}, kind, severity, acknowledged)"
                f" ({_MISFITS})",
            },
            {
                **NAMES,
                "kind": Column(title="Finding"),
                "severity": Column(title="Severity"),
                "acknowledged": Column(title="Acknowledged"),
            },
            Place(width=9, height=8),
        ),
        rows(
            Text(
                title="Behind their columns",
                description="Calls of nextval until the sequence is past what its column"
                " holds: as many inserts fail, unless values between are free.",
                unit="short",
                no_value="none",
            ),
            {"behind": f"{by_sequence('pg_sequence_behind_values')} > 0"},
            {**NAMES, "behind": Column(title="Calls behind", unit="short")},
            Place(width=8, height=8),
            sort_by=("Calls behind", True),
        ),
        lines(
            Text(
                title="Columns by state",
                description="Of how many fed columns it is known what they hold (seen),"
                " and why not of the others.",
                unit="none",
            ),
            [
                Line(
                    expr=f"sum by (state) (max by ({DATABASE_LABELS}, state)"
                    f" ({of_databases('pg_sequence_columns')})) > 0",
                    legend="{{state}}",
                )
            ],
            Place(width=7, height=8),
        ),
    ),
)

UNREADABLE = Section(
    title="What cannot be read",
    panels=(
        rows(
            Text(
                title="Unreadable sequences",
                description="Sequences whose value is not known: no privilege, locked,"
                " or unlogged on a standby. sequence-agent grants prints what is missing.",
                unit="none",
                no_value="none",
            ),
            {"readable": f"{by_sequence('pg_sequence_readable')} == 0"},
            dict(NAMES),
            Place(width=9, height=8),
        ),
        rows(
            Text(
                title="Databases",
                description="Whether the last round could read the database, and how"
                " long ago one last could.",
                unit="none",
            ),
            {
                "up": by_database("sequence_agent_database_up"),
                "age": "time() -"
                f" {by_database('sequence_agent_last_sample_timestamp_seconds')}",
            },
            {
                "server": Column(title="Server"),
                "datname": Column(title="Database"),
                "up": Column(
                    title="Up", unit="bool_yes_no", steps=((None, "red"), (1, "green"))
                ),
                "age": Column(title="Last read", unit="s"),
            },
            Place(width=7, height=8),
            sort_by=("Up", False),
        ),
        lines(
            Text(
                title="Sequences by state",
                description="What could be said of them in each round.",
                unit="none",
            ),
            [
                Line(
                    expr=f"sum by (state) (max by ({DATABASE_LABELS}, state)"
                    f" ({of_databases('pg_sequences')}))",
                    legend="{{state}}",
                )
            ],
            Place(width=8, height=8),
        ),
    ),
)
