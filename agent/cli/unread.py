"""Databases that could not be read, among all that were looked at."""

from __future__ import annotations

from collections.abc import Sequence

from agent.cli import streams
from agent.cli.failures import ExitCode
from agent.domain.status import DatabaseStatus
from agent.errors import AgentError
from agent.secret import without_secrets


def exit_code(databases: Sequence[DatabaseStatus]) -> ExitCode:
    """Whether all were read, some or none; raises AgentError where there are none."""
    databases = [each for each in databases if each.exclusion is None]
    if not databases:
        raise AgentError("there is no database to look at: the filters admit none")
    failed = [database for database in databases if database.error]
    if not failed:
        return ExitCode.DONE
    return ExitCode.FAILED if len(failed) == len(databases) else ExitCode.PARTLY


def complain(databases: Sequence[DatabaseStatus]) -> None:
    """Say of each that could not be read why."""
    for database in databases:
        if database.error is not None:
            where = f"{database.server}/{database.datname}"
            streams.complain(without_secrets(f"{where}: {database.error}"))
