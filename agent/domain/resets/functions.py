"""Functions that a run sets off, and functions that the server could run unasked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function; `definition` is a hash of all that decides what it does.

    `signature` has its schema and the types of its arguments; `owner` is quoted.
    """

    oid: int
    signature: str
    owner: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger that TRUNCATE fires; `mode` is `pg_trigger.tgenabled`."""

    table_oid: int
    name: str
    function_oid: int
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger:
    """An event trigger that ALTER SEQUENCE fires; without tags it fires for all DDL."""

    name: str
    event: str
    tags: Sequence[str]
    function_oid: int
    mode: str


def firing(mode: str) -> str:
    """When a trigger of a mode fires, in PostgreSQL's own words.

    >>> [firing(mode) for mode in "OAR"]
    ['enabled', 'always', 'replica']
    """
    return {"A": "always", "R": "replica"}.get(mode, "enabled")
