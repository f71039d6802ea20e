"""A sequence as the catalog defines it, and where it stood when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Schema, table and column.
Place = tuple[str, str, str]


class Link(StrEnum):
    """How the catalog ties a column to the sequence that feeds it.

    `computed` is what people are shown instead of the others, see `FedColumn.shown_link`.
    """

    IDENTITY = "identity"
    OWNED = "owned"
    DEFAULT = "default"
    COMPUTED = "computed"


class Supply(StrEnum):
    """How a column comes by the values of a sequence that it is tied to.

    `plain`: it holds them as they are. `computed`: its default makes something else of
    them. `rounded`: its type makes hundreds or thousands of them. `handed_over`: its default is a function that may call the sequence or not.
    `leftover`: it owns the sequence, and takes its values from elsewhere.
    """

    PLAIN = "plain"
    COMPUTED = "computed"
    ROUNDED = "rounded"
    HANDED_OVER = "handed_over"
    LEFTOVER = "leftover"


@dataclass(frozen=True, slots=True, kw_only=True)
class FedColumn:
    """A column that takes its values from a sequence.

    `base_type` and `base_typmod` are those of the type under all domains;
    `type_name` is what the column was declared as. `quoted_table` and
    `quoted_column` are fit to be pasted into SQL. `unsupplied`: it must have a value,
    and nothing in the catalog gives it one. `readable`: this role may look into it.
    `row_security`: policies would hide rows from this role. `untrusted`: to plan a
    question about its table could run code that belongs to no superuser.
    `subscription` of logical replication fills its table.
    `locks` is how many relations a look at its furthest value locks; None where no
    index leads to that.
    """

    table_schema: str
    table_name: str
    column: str
    type_name: str
    base_type: str
    base_typmod: int
    link: Link
    unique: bool
    quoted_table: str
    quoted_column: str
    table_oid: int
    unsupplied: bool
    readable: bool
    locks: int | None
    supply: Supply = Supply.PLAIN
    row_security: bool = False
    untrusted: bool = False
    subscription: str | None = None

    @property
    def table(self) -> str:
        return f"{self.table_schema}.{self.table_name}"

    @property
    def place(self) -> Place:
        """Where it is; its table may have been made anew."""
        return self.table_schema, self.table_name, self.column

    @property
    def shown_link(self) -> Link:
        """The link in the words of the public contract."""
        computes = self.supply in {Supply.COMPUTED, Supply.HANDED_OVER}
        return Link.COMPUTED if computes else self.link


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceDefinition:
    """A sequence as `pg_sequence` and its neighbours describe it.

    `quoted` (with its schema) and `quoted_schema` are fit to be pasted into SQL.
    `filenode` changes when the sequence is restarted or altered, not by setval.
    """

    oid: int
    filenode: int
    schema: str
    name: str
    quoted: str
    quoted_schema: str
    data_type: str
    start: int
    minimum: int
    maximum: int
    increment: int
    cycle: bool
    cache: int
    unlogged: bool
    columns: tuple[FedColumn, ...] = ()

    @property
    def ascending(self) -> bool:
        return self.increment > 0

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"

    def admits(self, value: int) -> bool:
        return self.minimum <= value <= self.maximum

    @property
    def holders(self) -> tuple[FedColumn, ...]:
        """The columns that hold its values as they are."""
        return tuple(c for c in self.columns if c.supply is Supply.PLAIN)

    @property
    def leftover(self) -> bool:
        """Whether all columns that it is tied to take their values from elsewhere."""
        return bool(self.columns) and all(
            column.supply is Supply.LEFTOVER for column in self.columns
        )

    @property
    def surely_called(self) -> bool:
        """False where functions of users decide whether anybody calls it, or nobody does."""
        unsure = {Supply.LEFTOVER, Supply.HANDED_OVER}
        return not self.columns or any(c.supply not in unsure for c in self.columns)

    @property
    def repeats_freely(self) -> bool:
        """Whether it starts again, and no column minds a value that it had before."""
        return self.cycle and not any(column.unique for column in self.holders)

    @property
    def owner(self) -> FedColumn | None:
        """The column that owns the sequence (SERIAL, OWNED BY or identity)."""
        return next((c for c in self.columns if c.link is not Link.DEFAULT), None)


class Unreadability(StrEnum):
    """Why a sequence's position is not known."""

    PRIVILEGE = "privilege"
    LOCKED = "locked"
    UNLOGGED_ON_STANDBY = "unlogged_on_standby"
    VANISHED = "vanished"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unused:
    """Not called since it was made or restarted: the next call returns `next_value`."""

    next_value: int


@dataclass(frozen=True, slots=True)
class At:
    """The last call (or the last cached block) ended at `last_value`."""

    last_value: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The position could not be read; `detail` says what stood in the way."""

    reason: Unreadability
    detail: str = ""


Position = Unused | At | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One sequence as the database reported it at one instant."""

    sequence: SequenceDefinition
    position: Position


def upcoming(sequence: SequenceDefinition, position: Unused | At) -> int:
    """The value that the next `nextval` tries to return, within its bounds or not.

    Source: `nextval_internal` in PostgreSQL's src/backend/commands/sequence.c.
    """
    if isinstance(position, Unused):
        return position.next_value
    following = position.last_value + sequence.increment
    if sequence.cycle and not sequence.admits(following):
        return sequence.minimum if sequence.ascending else sequence.maximum
    return following


def next_value(sequence: SequenceDefinition, position: Unused | At) -> int | None:
    """What the next `nextval` returns; None when it would fail."""
    value = upcoming(sequence, position)
    return value if sequence.admits(value) else None
