"""`sequence-agent config`: is a file right, and what may be in one."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.bootstrap.meeting import Meeting, meetings
from agent.cli import streams
from agent.cli.failures import ExitCode, sentences
from agent.clock import SystemClock
from agent.config import ConfigError
from agent.config import check as checked
from agent.config.schema import json_schema
from agent.domain.wording import counted, printable

EXAMPLES = """\
Examples:

\b
  sequence-agent config check config.yaml
  sequence-agent config schema > sequence-agent.schema.json
"""

CHECK_EXAMPLES = """\
Examples:

\b
  sequence-agent config check config.yaml
"""

SCHEMA_EXAMPLES = """\
Examples:

\b
  sequence-agent config schema > sequence-agent.schema.json
"""


def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The configuration, in YAML.")
    ],
) -> int:
    """Report all mistakes of a file at once.

    Each comes with its line and path; secrets that cannot be read now are mistakes too. Exits with 0 when there are none and with 2 otherwise. No server is contacted.
    Jobs of one database that are due at the same time are no mistake, and are told all the same.
    """
    try:
        config = checked(file, os.environ)
    except ConfigError as error:
        for sentence in sentences(error):
            streams.write_error(sentence)
        return ExitCode.USAGE
    has = (
        f"{counted(len(config.servers), 'server')}, {counted(len(config.jobs), 'job')}"
    )
    streams.write(f"{printable(str(file))}: ok ({has})\n")
    sys.stdout.flush()
    for meeting in meetings(config, after=SystemClock().now()):
        streams.write_error(f"{file}: {_advice(meeting)}")
    return ExitCode.DONE


def _advice(meeting: Meeting) -> str:
    job, earlier = meeting.job, meeting.earlier
    at = f"{meeting.at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"warning: jobs {earlier.name!r} and {job.name!r} are both due at {at}, and"
        f" {job.server}/{job.database} lets one run at a time: the other waits until its"
        " start_deadline, and is skipped then; let one begin later, by cron"
    )


def schema() -> int:
    """Print the JSON Schema of the file.

    Editors can complete and check with it.
    """
    streams.write(json.dumps(json_schema(), indent=2) + "\n")
    return ExitCode.DONE
