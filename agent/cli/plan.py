"""`sequence-agent plan`: what a job would do now, and whether it may."""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.cli import streams
from agent.cli.chosen import ConfigOption, JobArgument, chosen
from agent.cli.failures import ExitCode
from agent.cli.interrupting import leaving_at_once
from agent.cli.planned import planned
from agent.cli.progress import progress
from agent.domain.resets.document import document
from agent.domain.resets.plan import Plan

EXAMPLES = """\
Examples:

\b
  sequence-agent plan nightly-reset --config config.yaml
  sequence-agent plan nightly-reset --config config.yaml --format json | jq .
"""


class Format(StrEnum):
    """How to write the plan."""

    TEXT = "text"
    JSON = "json"


def plan(
    *,
    job: JobArgument,
    config_file: ConfigOption,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to write the plan.")
    ] = Format.TEXT,
) -> int:
    """Show what a job would do, and what every gate says.

    Changes nothing. Rows that could not be counted in time are estimates, marked with
    ~. Exits with 0 when the job would run, and with 3 when a gate refuses.
    """
    found = chosen(job, config_file)
    with leaving_at_once(), progress("looking at the database"):
        made = found.plan()
    if output_format is Format.JSON:
        streams.write(json.dumps(document(made), indent=2) + "\n")
    else:
        run_it = _run_it(made, config_file)
        streams.write_styled(planned(made, streams.paper(), run_it=run_it))
    return ExitCode.DONE if made.allowed else ExitCode.REFUSED


def _run_it(made: Plan, config_file: Path) -> str:
    name, file = shlex.quote(made.job.name), shlex.quote(str(config_file))
    return f"sequence-agent reset {name} --config {file} --plan {made.hash}"
