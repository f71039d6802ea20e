"""Hash of everything that decides what a plan does.

All that is known of what a plan concerns is in it, but what `_LEFT_OUT` names: that
comes and goes by itself (rows, sizes, values, times), or decides whether the job may
run, which the gates ask each time. A new fact is in the hash unless it is named there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from agent.domain.resets.facts import (
    Catalog,
    Marker,
    Publication,
    Relation,
    Server,
    TargetSequence,
    Unknown,
)
from agent.domain.resets.functions import EventTrigger, Trigger
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.resets.resync import Follower
from agent.domain.resets.seeds import Seed
from agent.domain.resets.untrusted import untrusted_code_in
from agent.domain.resets.verdicts import Scope
from agent.domain.sequences import SequenceDefinition, Supply
from agent.domain.table_facts import UntrustedCode, above, below, reached

_LEFT_OUT: Mapping[type, frozenset[str]] = {
    Server: frozenset(
        {
            "in_recovery",
            "version",
            "quoted_database",
            "database_bytes",
            "comment",
            # A secret that is rotated may come with another role.
            "role",
            "now",
            "lock_slots",
            "bars_views",
        }
    ),
    Marker: frozenset({"armed_until", "armed_by", "armed_at"}),
    Relation: frozenset(
        {
            "quoted",
            "quoted_schema",
            "rows_estimated",
            "bytes_estimated",
            "truncatable",
            "readable",
            "locks",
            "trusted",
        }
    ),
    TargetSequence: frozenset({"owner", "owner_is_superuser", "ours", "reachable"}),
    # A file of its own is what a restart gives a sequence; positions come and go.
    SequenceDefinition: frozenset({"filenode", "quoted", "quoted_schema", "columns"}),
    # What is in the plan of them stands in it by itself.
    Publication: frozenset({"table_oids"}),
    Follower: frozenset({"feeds", "computed"}),
}

Plain = None | bool | int | str | Sequence["Plain"]


def fingerprint(
    job: ResetJob, catalog: Catalog, scope: Scope, seeds: Iterable[Seed] = ()
) -> str:
    """The same for the same state of the database, whenever it is asked."""
    agreed = {
        "job": [job.name, job.kind.value, job.server, job.database, job.environment],
        "server": _plain(catalog.server),
        "system": _plain(_known(catalog.system_identifier)),
        "marker": _plain(_known(catalog.marker)),
        "tables": _sorted(scope.tables),
        "restarts": _sorted(scope.restarts),
        "moved": _sorted(scope.moved),
        **_columns(catalog, scope),
        **_reach(job, catalog, scope),
        **_code(job, catalog, scope),
        # The folder is another one wherever the job is run; the order is that of the job.
        "seeds": [[s.name.rpartition("/")[2], s.bytes, s.sha256] for s in seeds],
    }
    canonical = json.dumps(agreed, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _columns(catalog: Catalog, scope: Scope) -> dict[str, Plain]:
    """Which columns the sequences feed, and where their rows are."""
    planned = scope.table_oids
    chosen = {each.oid for each in (*scope.chosen, *scope.moved)}
    feeds = [
        feed
        for feed in catalog.feeds
        if feed.sequence_oid in chosen or feed.table_oid in planned
    ]
    fed = {feed.table_oid for feed in feeds}
    family = fed.union(planned, reached(fed, below(catalog.inheritance)))
    return {
        "feeds": _sorted(feeds),
        "views": _sorted(v for v in catalog.view_bases if v.view_oid in fed),
        "inheritance": _sorted(
            edge
            for edge in catalog.inheritance
            if not family.isdisjoint({edge.parent_oid, edge.child_oid})
        ),
    }


def _reach(job: ResetJob, catalog: Catalog, scope: Scope) -> dict[str, Plain]:
    """What TRUNCATE reaches beyond its tables: references and subscribers."""
    if job.kind is not JobKind.RESET:
        return {}
    inside = scope.table_oids
    concerned = inside.union(reached(inside, above(catalog.inheritance)))
    published = [
        (publication, sorted(concerned.intersection(publication.table_oids)))
        for publication in _readable(catalog.publications)
        if publication.truncates and not concerned.isdisjoint(publication.table_oids)
    ]
    return {
        "foreign_keys": _sorted(
            key for key in catalog.foreign_keys if key.referenced_oid in inside
        ),
        "publications": _sorted(published),
        "subscribed": _sorted(
            each for each in _readable(catalog.subscribed) if each.table_oid in inside
        ),
        "allowed": [
            _sorted(set(job.allowed.publications) & {p.name for p, _ in published}),
            _sorted(
                set(job.allowed.subscriptions) & {*_readable(catalog.subscriptions)}
            ),
            _sorted(
                set(job.allowed.replication_slots)
                & {*_readable(catalog.replication_slots)}
            ),
        ],
    }


def _code(job: ResetJob, catalog: Catalog, scope: Scope) -> dict[str, Plain]:
    """Functions that a run sets off, with what they do, and what the job allows."""
    names = {relation.oid: relation.qualified for relation in catalog.relations}
    resets = job.kind is JobKind.RESET
    triggers = [
        t for t in catalog.triggers if resets and t.table_oid in scope.table_oids
    ]
    events = catalog.event_triggers if scope.alters_sequences else ()
    untrusted = untrusted_code_in(catalog, scope)
    callers: list[Trigger | EventTrigger | UntrustedCode] = [
        *triggers,
        *events,
        *untrusted,
    ]
    called = {each.function_oid for each in callers}
    computed = {
        f"{names.get(feed.table_oid)}.{feed.column}"
        for feed in catalog.feeds
        if feed.supply is Supply.COMPUTED
    }
    return {
        "triggers": _sorted(triggers),
        "event_triggers": _sorted(events),
        "untrusted": _sorted(untrusted),
        "functions": _sorted(f for f in catalog.functions if f.oid in called),
        "allowed_code": [
            _sorted(
                set(job.allowed.triggers)
                & {f"{names.get(t.table_oid)}.{t.name}" for t in triggers}
            ),
            _sorted(
                set(job.allowed.untrusted_code)
                & {str(names.get(each.table_oid)) for each in untrusted}
            ),
            _sorted(set(job.allowed.computed_defaults) & computed),
        ],
    }


def _readable(found: tuple[Any, ...] | Unknown) -> tuple[Any, ...]:
    """What cannot be read refuses elsewhere."""
    return () if isinstance(found, Unknown) else found


def _known(found: object) -> object:
    return None if isinstance(found, Unknown) else found


def _sorted(found: Iterable[object]) -> list[Plain]:
    """In an order of their own: the catalogs have none."""
    return sorted((_plain(each) for each in found), key=json.dumps)


def _plain(value: object) -> Plain:
    """Values as JSON knows them, dataclasses as pairs of their fields' names."""
    match value:
        case Enum():
            return str(value.value)
        case None | bool() | int() | str():
            return value
        case list() | tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return [
                [name, _plain(getattr(value, name))]
                for name in (field.name for field in fields(value))
                if not any(
                    isinstance(value, kind) and name in names
                    for kind, names in _LEFT_OUT.items()
                )
            ]
        case _:
            raise TypeError(f"nothing of type {type(value).__name__} is ever hashed")
