"""The SQL of the agent, one statement per file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> bytes:
    """The statement in `<name>.sql`, as psycopg takes text that is not a literal."""
    return files("agent.postgres.queries").joinpath(f"{name}.sql").read_bytes()


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of `<name>.txt`: what a statement is expected to answer."""
    file = files("agent.postgres.queries").joinpath(f"{name}.txt")
    return tuple(file.read_text(encoding="ascii").splitlines())
