"""Sequences that are gone, and the columns that miss them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.domain.consumption.steps import Terms
from agent.domain.sequences import (
    FedColumn,
    Place,
    SequenceDefinition,
    Unreadability,
    Unreadable,
)

MISSING = Unreadable(Unreadability.MISSING)

# Of a sequence: schema and name.
Name = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bereft:
    """A column that was fed by a sequence when that was last seen, and is not now."""

    schema: str
    name: str
    oid: int
    terms: Terms
    column: FedColumn

    @property
    def key(self) -> Name:
        return self.schema, self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprived:
    """A column that is there, must have a value, and has nothing that gives it one.

    `number` is its place among those that were asked about; `quoted` is the name that
    the sequence had, and `quoted_schema` that of its schema.
    """

    number: int
    quoted: str
    quoted_schema: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A sequence as it was, and the columns that miss it."""

    sequence: SequenceDefinition
    columns: tuple[FedColumn, ...]


def lost_sequences(found: Iterable[tuple[Bereft, Deprived]]) -> Mapping[Name, Lost]:
    """The sequences that columns miss, by their names."""
    lost: dict[Name, Lost] = {}
    for bereft, deprived in found:
        before = lost.get(bereft.key)
        columns = (*(before.columns if before else ()), bereft.column)
        lost[bereft.key] = Lost(sequence=_definition(bereft, deprived), columns=columns)
    return lost


def _definition(lost: Bereft, deprived: Deprived) -> SequenceDefinition:
    terms = lost.terms
    return SequenceDefinition(
        oid=lost.oid,
        filenode=0,
        schema=lost.schema,
        name=lost.name,
        quoted=deprived.quoted,
        quoted_schema=deprived.quoted_schema,
        data_type=terms.data_type,
        start=terms.start,
        minimum=terms.minimum,
        maximum=terms.maximum,
        increment=terms.increment,
        cycle=terms.cycle,
        cache=terms.cache,
        unlogged=terms.unlogged,
    )


def places(sequences: tuple[SequenceDefinition, ...]) -> frozenset[Place]:
    """All columns that are fed."""
    return frozenset(c.place for s in sequences for c in s.columns)
