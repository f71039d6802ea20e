"""The SQL of the agent: one statement per file, or what several begin with."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def query(*names: str) -> bytes:
    """The statement in `<name>.sql`, as psycopg takes text that is not a literal.

    Of several names, the one statement that their files make, one after the other.
    """
    folder = files("agent.postgres.queries")
    return b"".join(folder.joinpath(f"{name}.sql").read_bytes() for name in names)


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of `<name>.txt`: what a statement is expected to answer."""
    file = files("agent.postgres.queries").joinpath(f"{name}.txt")
    return tuple(file.read_text(encoding="ascii").splitlines())
