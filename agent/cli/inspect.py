"""`sequence-agent inspect`: one look at every sequence."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import streams, unread
from agent.cli.failures import ExitCode
from agent.cli.looking import AllDatabasesOption, ConfigOption, DsnOption, look_at
from agent.cli.records import csv_lines, json_text
from agent.cli.report import report
from agent.cli.table import rows_by_urgency, table
from agent.clock import SystemClock
from agent.domain.document import document
from agent.domain.status import DatabaseStatus

EXAMPLES = """\
Examples:

\b
  sequence-agent inspect --dsn postgresql://agent@db.staging/app
  sequence-agent inspect --dsn postgresql://agent@db.staging --all-databases
  sequence-agent inspect --config config.yaml --format json | jq .
"""


class Format(StrEnum):
    """How to write what was found."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def inspect(
    *,
    dsn: DsnOption = None,
    config: ConfigOption = None,
    all_databases: AllDatabasesOption = False,
    output_format: Annotated[
        Format,
        typer.Option("--format", help="Numbers are exact in json and csv."),
    ] = Format.TABLE,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help="Below the table, list all findings."),
    ] = False,
) -> int:
    """Look once at every sequence and say how much is left.

    The most urgent come first. Exits with 4 when some databases could not be read, and
    with 1 when none could.
    """
    sight = look_at(dsn, config, all_databases=all_databases).take()
    databases = sight.databases
    code = unread.exit_code(databases)
    if output_format is Format.JSON:
        streams.write(json_text(document(databases, SystemClock().now())))
    elif code is not ExitCode.FAILED:
        _write_lines(databases, output_format, verbose=verbose)
    sys.stdout.flush()
    unread.complain(databases)
    for gap in sight.gaps:
        streams.complain(gap)
    return code


def _write_lines(
    databases: Sequence[DatabaseStatus], output_format: Format, *, verbose: bool
) -> None:
    if output_format is Format.CSV:
        _write_csv(databases)
    else:
        _write_table(databases, verbose=verbose)


def _write_csv(databases: Sequence[DatabaseStatus]) -> None:
    """Exact for programs; a terminal gets no control characters out of names."""
    paper = streams.paper()
    for line in csv_lines(document(databases, SystemClock().now())):
        streams.write(line if paper.width is None else paper.writable(line[:-1]) + "\n")


def _write_table(databases: Sequence[DatabaseStatus], *, verbose: bool) -> None:
    paper = streams.paper()
    readable = [database for database in databases if database.up]
    rows = rows_by_urgency(readable)
    if rows:
        streams.write_styled(table(rows, paper))
        streams.write("\n")
    streams.write_styled(report(databases, rows, paper, verbose=verbose))
