"""`sequence-agent grants`: the SQL that a sampling role needs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agent.cli import streams
from agent.cli.failures import ExitCode, UsageError
from agent.domain import grants as sql

EXAMPLES = """\
Examples:

\b
  sequence-agent grants --role sequence_agent | psql -d app
"""


class Purpose(StrEnum):
    """What the role is to do."""

    SAMPLING = "sampling"


def grants(
    *,
    role: Annotated[
        str,
        typer.Option(metavar="ROLE", help="The role that the agent connects as."),
    ],
    purpose: Annotated[
        Purpose, typer.Option("--for", help="What the role is to do.")
    ] = Purpose.SAMPLING,
) -> int:
    """Print the SQL that lets a role read sequences.

    The role will be able to read nothing else. Run it as a superuser or owner in every database that is to be sampled. It covers
    the schemas and sequences that the roles of today create later.
    """
    match purpose:
        case Purpose.SAMPLING:
            streams.write(_for_sampling(role))
    return ExitCode.DONE


def _for_sampling(role: str) -> str:
    try:
        return sql.grants(role)
    except ValueError as error:
        raise UsageError(f"--role {error}: {role!r}") from None
