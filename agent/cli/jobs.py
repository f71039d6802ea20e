"""`sequence-agent jobs`: when each job runs, and what became of its runs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent import config
from agent.bootstrap.overview import JobOverview, job_overviews
from agent.cli import streams
from agent.cli.failures import ExitCode
from agent.cli.interrupting import leaving_at_once
from agent.cli.joblist import document, listing
from agent.cli.progress import progress
from agent.clock import SystemClock
from agent.secret import without_secrets

EXAMPLES = """\
Examples:

\b
  sequence-agent jobs --config config.yaml
  sequence-agent jobs --config config.yaml --format json | jq .jobs
"""

_TICKS = 5
_RUNS = 5


class Format(StrEnum):
    """How to write the jobs."""

    TABLE = "table"
    JSON = "json"


def jobs(
    *,
    config_file: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="The configuration.")
    ],
    output_format: Annotated[
        Format, typer.Option("--format", help="How to write them.")
    ] = Format.TABLE,
) -> int:
    """Show when each job runs next, and how its last runs ended.

    The past of a job is in the ledger of its database. Exits with 4 when some databases
    could not be asked, and with 1 when none could.
    """
    loaded = config.load(config_file, os.environ)
    now = SystemClock().now()
    with leaving_at_once(), progress("asking ledgers"):
        found = job_overviews(loaded, os.environ, now=now, ticks=_TICKS, runs=_RUNS)
    if output_format is Format.JSON:
        streams.write(json.dumps(document(found, now), indent=2) + "\n")
    else:
        streams.write_styled(listing(found, streams.paper()))
    sys.stdout.flush()
    for each in found:
        if each.error is not None:
            streams.complain(without_secrets(f"job {each.job.name!r}: {each.error}"))
    return _exit_code(found)


def _exit_code(found: Sequence[JobOverview]) -> ExitCode:
    failed = [each for each in found if each.error is not None]
    if not failed:
        return ExitCode.DONE
    return ExitCode.FAILED if len(failed) == len(found) else ExitCode.PARTLY
