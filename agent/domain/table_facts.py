"""Facts about tables, by their oids, that watching and resets have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Neighbours = Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """A partition or an inheriting table, and what it is emptied with."""

    parent_oid: int
    child_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribedTable:
    """A table that a subscription of this database fills."""

    table_oid: int
    subscription: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedCode:
    """A function that planning a query of a table could run, as whoever asks.

    It belongs neither to a superuser nor to our own role, nor do the checks of a domain
    (`function_oid` 0). `place` is what mentions it, such as an index of the table;
    `code` says in words what it is and whose.
    """

    table_oid: int
    place: str
    code: str
    function_oid: int


def below(inheritance: Iterable[Inheritance]) -> Neighbours:
    """The children of each table."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for edge in inheritance:
        found[edge.parent_oid].append(edge.child_oid)
    return found


def above(inheritance: Iterable[Inheritance]) -> Neighbours:
    """The parents of each table."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for edge in inheritance:
        found[edge.child_oid].append(edge.parent_oid)
    return found


def reached(start: Iterable[int], neighbours: Neighbours) -> Mapping[int, int]:
    """All that can be reached from the start, each with whence it was.

    >>> dict(reached([1], {1: [2], 2: [3]}))
    {2: 1, 3: 2}
    """
    found: dict[int, int] = {}
    waiting = sorted(start, reverse=True)
    while waiting:
        here = waiting.pop()
        for there in sorted(neighbours.get(here, ())):
            if there not in found:
                found[there] = here
                waiting.append(there)
    return found
