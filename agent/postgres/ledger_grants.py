"""What the agent's role may do in the schema `sequence_agent`: never write the marker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from agent.postgres.administering import (
    Administration,
    ArmingError,
    ArmingRefusedError,
)
from agent.postgres.queries import query

# Whatever the role had before goes first: it ends up with exactly this.
_STATEMENTS: tuple[LiteralString, ...] = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA sequence_agent FROM {role}",
    "REVOKE ALL ON ALL ROUTINES IN SCHEMA sequence_agent FROM {role}",
    "REVOKE ALL ON SCHEMA sequence_agent FROM {role}",
    "GRANT USAGE ON SCHEMA sequence_agent TO {role}",
    "GRANT SELECT ON sequence_agent.version TO {role}",
    "GRANT SELECT ON sequence_agent.environment TO {role}",
    "GRANT SELECT, INSERT, UPDATE ON sequence_agent.job_run TO {role}",
    "GRANT EXECUTE ON FUNCTION sequence_agent.hold_marker() TO {role}",
    "GRANT EXECUTE ON FUNCTION sequence_agent.prune_runs() TO {role}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """A row of arm_writers.sql."""

    through: str
    itself: bool
    because: str


def grant(doing: Administration, role: str) -> None:
    """Let a role keep the ledger and hold the marker."""
    if not doing.rows(query("arm_role"), _Role, {"role": role}):
        raise ArmingError(
            f"there is no role {role!r} to grant to: create it first, with CREATE ROLE"
            " … LOGIN, or correct its name"
        )
    for statement in _STATEMENTS:
        doing.run(sql.SQL(statement).format(role=sql.Identifier(role)))


def grantees(doing: Administration) -> tuple[str, ...]:
    return tuple(each.role for each in doing.rows(query("arm_grantees"), _Role))


def refuse_writer(doing: Administration, role: str) -> None:
    """Raise ArmingRefusedError if the role could write the marker, whatever we grant."""
    for writer in doing.rows(query("arm_writers"), _Writer, {"role": role}):
        way = "" if writer.itself else f"is a member of {writer.through!r}, which "
        raise ArmingRefusedError(
            f"role {role!r} could arm this database itself: it {way}{writer.because};"
            " take that from it, or give resets a role of their own"
        )
