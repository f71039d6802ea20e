"""`sequence-agent grants`: the SQL that the agent's roles need."""

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
  sequence-agent grants --role sequence_agent --for columns | psql -d app
  sequence-agent grants --role sequence_agent_reset --for resets | psql -d app
"""


class Purpose(StrEnum):
    """What the role is to do."""

    SAMPLING = "sampling"
    COLUMNS = "columns"
    RESETS = "resets"


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
    """Print the SQL that lets a role read sequences, their columns, or reset them.

    For sampling, the role will be able to read positions and nothing else. Run it as a
    superuser or owner in every database that is to be sampled. It covers the schemas and
    sequences that the roles of today create later.

    For columns, the role will besides be able to read the columns that sequences feed
    today, and no other: that tells whether a sequence has fallen behind its column.

    For resets, the role becomes a member of the owners of the tables and sequences, for
    nothing less restarts a sequence. Run it in the database that is to be reset;
    'sequence-agent arm --grant' gives the role the rest.
    """
    try:
        streams.write(_script(role, purpose))
    except ValueError as error:
        raise UsageError(f"--role {error}: {role!r}") from None
    return ExitCode.DONE


def _script(role: str, purpose: Purpose) -> str:
    match purpose:
        case Purpose.SAMPLING:
            return sql.grants(role)
        case Purpose.COLUMNS:
            return sql.column_grants(role)
        case Purpose.RESETS:
            return sql.reset_grants(role)
