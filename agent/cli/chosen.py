"""The job that JOB and --config name, shared by two commands."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Annotated

import typer

from agent import config
from agent.bootstrap.resets import JobTarget, UnknownJobError, job_target
from agent.cli.failures import UsageError

JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="The name of a job in the file.")
]
ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="FILE", help="The configuration.")
]


def chosen(
    job: str, config_file: Path, *, stopping: threading.Event | None = None
) -> JobTarget:
    """Raises ConfigError, and UsageError where there is no such job."""
    loaded = config.load(config_file, os.environ)
    try:
        return job_target(loaded, job, os.environ, stopping=stopping)
    except UnknownJobError as error:
        raise UsageError(str(error)) from None
