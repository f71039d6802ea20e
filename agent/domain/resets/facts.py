"""What a database says of itself when a reset of it is thought about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.domain.resets.functions import EventTrigger, Function, Trigger
from agent.domain.sequences import Link, Position, SequenceDefinition, Supply
from agent.domain.table_facts import Inheritance, SubscribedTable, UntrustedCode

LEDGER_SCHEMA = "sequence_agent"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be read, and why: it refuses whatever depends on it."""

    reason: str


class RelationKind(StrEnum):
    """`pg_class.relkind`, as far as it holds rows or looks like it."""

    TABLE = "r"
    PARTITIONED = "p"
    FOREIGN = "f"
    VIEW = "v"
    MATERIALIZED_VIEW = "m"

    @property
    def holds_rows(self) -> bool:
        return self not in {RelationKind.VIEW, RelationKind.MATERIALIZED_VIEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server behind the connection, its database, and as whom we are there.

    `role` and `quoted_database` are fit to be pasted into SQL; `now` is its own clock.
    `lock_slots` is how many locks it has at least, for all sessions together;
    `bars_views` is whether it can keep a view from being read in the place of a table.
    """

    in_recovery: bool
    version: str
    database_oid: int
    datname: str
    quoted_database: str
    database_bytes: int
    comment: str | None
    role: str
    now: datetime
    lock_slots: int
    bars_views: bool

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`sequence_agent.environment` and what says it, such as ALTER DATABASE app SET."""

    statement: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """The row that an administrator wrote into the database with `arm`.

    `armed_until` is None where it has no end that a calendar knows.
    """

    environment: str
    protected: bool
    system_identifier: int
    database_oid: int
    database_name: str
    armed_until: datetime | None
    armed_by: str
    armed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A table, or what could be taken for one.

    `rows_estimated` is -1 where nobody has counted; `truncatable` and `readable` are
    what our role may do. `locks` is how many relations are locked when it is emptied.
    `trusted` is whether it belongs to a superuser or to our own role: only an owner can
    put an index or statistics on a table.
    """

    oid: int
    schema: str
    name: str
    quoted: str
    quoted_schema: str
    kind: RelationKind
    temporary: bool
    partition: bool
    extension: str | None
    rows_estimated: int
    bytes_estimated: int
    truncatable: bool
    readable: bool
    locks: int
    trusted: bool

    @property
    def qualified(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A constraint of one table that another one is referenced by.

    `parent_oid` is the constraint that a partition has it from, otherwise 0.
    """

    oid: int
    name: str
    table_oid: int
    referenced_oid: int
    parent_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is sent to subscribers, and whether TRUNCATE is."""

    name: str
    truncates: bool
    table_oids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSequence:
    """A sequence; `ours` when our role owns it or is a member of its owner.

    `reachable` is whether our role may use its schema.
    """

    definition: SequenceDefinition
    owner: str
    owner_is_superuser: bool
    ours: bool
    reachable: bool
    extension: str | None

    @property
    def oid(self) -> int:
        return self.definition.oid


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A column, also of a partition or a view, that is tied to a sequence.

    `base_type` is the type under all domains, with its schema unless that is the
    system's.
    """

    sequence_oid: int
    table_oid: int
    column: str
    link: Link
    base_type: str
    supply: Supply

    @property
    def place(self) -> Place:
        return (self.table_oid, self.column)


Place = tuple[int, str]
"""A table's oid and a column's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewBase:
    """A view with defaults, and a table under it; 0 where a trigger decides which."""

    view_oid: int
    table_oid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All that the catalogs and the marker say."""

    server: Server
    system_identifier: int | Unknown
    settings: tuple[Setting, ...]
    marker: Marker | Unknown
    marker_writers: tuple[str, ...]
    relations: tuple[Relation, ...]
    inheritance: tuple[Inheritance, ...]
    foreign_keys: tuple[ForeignKey, ...]
    sequences: tuple[TargetSequence, ...]
    feeds: tuple[Feed, ...]
    view_bases: tuple[ViewBase, ...]
    triggers: tuple[Trigger, ...]
    event_triggers: tuple[EventTrigger, ...]
    functions: tuple[Function, ...]
    untrusted: tuple[UntrustedCode, ...]
    publications: tuple[Publication, ...] | Unknown
    subscriptions: tuple[str, ...] | Unknown
    subscribed: tuple[SubscribedTable, ...] | Unknown
    replication_slots: tuple[str, ...] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is in one table alone, without what inherits from it."""

    rows: int | Unknown
    bytes: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What had to be read from tables and sequences themselves.

    `furthest` is the value of a column that a sequence has to be past; None where the
    column holds none.
    """

    sizes: Mapping[int, Size] = field(default_factory=dict)
    positions: Mapping[int, Position] = field(default_factory=dict)
    furthest: Mapping[Place, int | Unknown | None] = field(default_factory=dict)
