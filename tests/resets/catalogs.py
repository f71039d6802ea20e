"""A catalog as an armed target would tell it, for tests without a server."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import (
    Catalog,
    Feed,
    Marker,
    Relation,
    RelationKind,
    Server,
    TargetSequence,
)
from agent.domain.resets.job import JobKind, ResetJob
from agent.domain.sequences import Link, SequenceDefinition, Supply

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)

SERVER = Server(
    in_recovery=False,
    version="18.4",
    database_oid=16400,
    datname="app",
    quoted_database="app",
    database_bytes=9_000_000,
    comment=None,
    role="agent",
    now=NOW,
    lock_slots=6400,
    bars_views=True,
)
MARKER = Marker(
    environment="staging",
    protected=False,
    system_identifier=7,
    database_oid=16400,
    database_name="app",
    armed_until=datetime(2026, 3, 31, tzinfo=UTC),
    armed_by="alice",
)
JOB = ResetJob(
    name="nightly-reset",
    kind=JobKind.RESET,
    server="staging",
    database="app",
    environment="staging",
    tables=NameFilter(include=("public.*",)),
)


def relation(oid: int, *, schema: str = "public", partition: bool = False) -> Relation:
    return Relation(
        oid=oid,
        schema=schema,
        name=f"t{oid}",
        quoted=f"{schema}.t{oid}",
        quoted_schema=schema,
        kind=RelationKind.TABLE,
        temporary=False,
        partition=partition,
        extension=None,
        rows_estimated=-1,
        bytes_estimated=8192,
        truncatable=True,
        readable=True,
        locks=4,
        trusted=True,
    )


def sequence(
    oid: int, *, start: int = 1, increment: int = 1, cycle: bool = False
) -> TargetSequence:
    return TargetSequence(
        definition=definition(oid, start=start, increment=increment, cycle=cycle),
        owner="agent",
        owner_is_superuser=False,
        ours=True,
        reachable=True,
        extension=None,
    )


def definition(
    oid: int, *, start: int = 1, increment: int = 1, cycle: bool = False
) -> SequenceDefinition:
    return SequenceDefinition(
        oid=oid,
        filenode=oid,
        schema="public",
        name=f"s{oid}",
        quoted=f"public.s{oid}",
        quoted_schema="public",
        data_type="bigint",
        start=start,
        minimum=-(2**63),
        maximum=2**63 - 1,
        increment=increment,
        cycle=cycle,
        cache=1,
        unlogged=False,
    )


def feed(sequence_oid: int, table_oid: int, link: Link = Link.OWNED) -> Feed:
    return Feed(
        sequence_oid=sequence_oid,
        table_oid=table_oid,
        column="id",
        link=link,
        base_type="int8",
        supply=Supply.PLAIN,
    )


CATALOG = Catalog(
    server=SERVER,
    system_identifier=7,
    settings=(),
    marker=MARKER,
    marker_writers=(),
    relations=(relation(1), relation(2)),
    inheritance=(),
    foreign_keys=(),
    sequences=(sequence(11), sequence(12, start=100)),
    feeds=(feed(11, 1), feed(12, 2)),
    view_bases=(),
    triggers=(),
    event_triggers=(),
    functions=(),
    untrusted=(),
    publications=(),
    subscriptions=(),
    subscribed=(),
    replication_slots=(),
)
