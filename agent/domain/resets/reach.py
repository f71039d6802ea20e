"""Schemas that no pattern of a job reaches."""

from __future__ import annotations

from agent.domain.resets.facts import LEDGER_SCHEMA


def is_out_of_reach(schema: str) -> bool:
    """Whether a schema is the system's, or the one that keeps the ledger."""
    return schema == LEDGER_SCHEMA or is_system(schema)


def is_system(schema: str) -> bool:
    return schema.startswith("pg_") or schema == "information_schema"
