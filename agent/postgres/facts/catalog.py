"""All that the catalogs say of a target, read over one connection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from psycopg import errors

from agent.domain.defaults import supply
from agent.domain.resets.facts import (
    Catalog,
    Feed,
    ForeignKey,
    Publication,
    Relation,
    RelationKind,
    Server,
    Setting,
    TargetSequence,
    Unknown,
    ViewBase,
)
from agent.domain.resets.functions import EventTrigger, Function, Trigger
from agent.domain.sequences import Link, SequenceDefinition
from agent.domain.table_facts import Inheritance, SubscribedTable, UntrustedCode
from agent.postgres.errors import one_line
from agent.postgres.facts.marker import marker, marker_writers
from agent.postgres.queries import query
from agent.postgres.reading import ReadOnly

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """A row of target_identity.sql."""

    system_identifier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A row that is a name."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ownership:
    """A row of target_sequences.sql."""

    oid: int
    owner: str
    owner_is_superuser: bool
    ours: bool
    reachable: bool
    extension: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relation(Relation):
    """A row of target_relations.sql."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", RelationKind(self.kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """A row of target_feeds.sql."""

    sequence_oid: int
    table_oid: int
    column: str
    link: str
    identity: bool
    base_type: str
    tree: str | None
    called_oids: list[int]

    @property
    def feed(self) -> Feed:
        link = Link(self.link)
        return Feed(
            sequence_oid=self.sequence_oid,
            table_oid=self.table_oid,
            column=self.column,
            link=link,
            base_type=self.base_type,
            supply=supply(
                link,
                sequence_oid=self.sequence_oid,
                called_oids=self.called_oids,
                tree=self.tree,
                identity=self.identity,
            ),
        )


def catalog(reading: ReadOnly, *, major: int) -> Catalog:
    """Some twenty statements, whatever the number of tables; none locks a table."""
    publications = f"target_publications_{15 if major >= 15 else 13}"
    triggers = tuple(reading.rows(query("target_triggers"), Trigger))
    event_triggers = tuple(reading.rows(query("target_event_triggers"), EventTrigger))
    untrusted = tuple(
        reading.rows(query("target_untrusted"), UntrustedCode, {"table_oids": None})
    )
    return Catalog(
        server=reading.row(query("target_server"), Server),
        system_identifier=_identifier(reading),
        settings=tuple(reading.rows(query("target_settings"), Setting)),
        marker=marker(reading),
        marker_writers=marker_writers(reading),
        relations=tuple(reading.rows(query("target_relations"), _Relation)),
        inheritance=tuple(reading.rows(query("target_inheritance"), Inheritance)),
        foreign_keys=tuple(reading.rows(query("target_foreign_keys"), ForeignKey)),
        sequences=_sequences(reading),
        feeds=_feeds(reading),
        view_bases=tuple(reading.rows(query("target_view_bases"), ViewBase)),
        triggers=triggers,
        event_triggers=event_triggers,
        functions=_functions(reading, triggers, event_triggers, untrusted),
        untrusted=untrusted,
        publications=_if_permitted(reading, publications, Publication),
        subscriptions=_names(reading, "target_subscriptions"),
        subscribed=_if_permitted(reading, "target_subscribed", SubscribedTable),
        replication_slots=_names(reading, "target_slots"),
    )


def _feeds(reading: ReadOnly) -> tuple[Feed, ...]:
    rows = reading.rows(query("links", "target_feeds"), _Link)
    return tuple(row.feed for row in rows)


def _functions(
    reading: ReadOnly, *called: Iterable[Trigger | EventTrigger | UntrustedCode]
) -> tuple[Function, ...]:
    oids = sorted({each.function_oid for callers in called for each in callers})
    if not oids:
        return ()
    return tuple(reading.rows(query("target_functions"), Function, {"oids": oids}))


def _identifier(reading: ReadOnly) -> int | Unknown:
    found = _if_permitted(reading, "target_identity", _Identity)
    return found if isinstance(found, Unknown) else found[0].system_identifier


def _names(reading: ReadOnly, name: str) -> tuple[str, ...] | Unknown:
    found = _if_permitted(reading, name, _Named)
    return found if isinstance(found, Unknown) else tuple(row.name for row in found)


def _if_permitted(
    reading: ReadOnly, name: str, row: type[Row]
) -> tuple[Row, ...] | Unknown:
    """Some administrators take away what everybody may read by default."""
    try:
        return tuple(reading.rows(query(name), row))
    except errors.InsufficientPrivilege as error:
        return Unknown(one_line(error))


def _sequences(reading: ReadOnly) -> tuple[TargetSequence, ...]:
    owned = {
        row.oid: row for row in reading.rows(query("target_sequences"), _Ownership)
    }
    defined = reading.rows(query("sequences"), SequenceDefinition)
    return tuple(
        TargetSequence(
            definition=each,
            owner=owned[each.oid].owner,
            owner_is_superuser=owned[each.oid].owner_is_superuser,
            ours=owned[each.oid].ours,
            reachable=owned[each.oid].reachable,
            extension=owned[each.oid].extension,
        )
        for each in defined
        if each.oid in owned
    )
