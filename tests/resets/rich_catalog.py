"""A catalog with something of every kind that a plan is about, for tests without a server."""

from __future__ import annotations

from dataclasses import replace

from agent.domain.resets.facts import (
    ForeignKey,
    Publication,
    RelationKind,
    Setting,
    ViewBase,
)
from agent.domain.resets.functions import EventTrigger, Function, Trigger
from agent.domain.resets.job import Allowed
from agent.domain.resets.seeds import Seed
from agent.domain.sequences import Link, Supply
from agent.domain.table_facts import Inheritance, SubscribedTable, UntrustedCode
from tests.resets.catalogs import CATALOG, JOB, feed, relation, sequence

RICH = replace(
    CATALOG,
    settings=(Setting(statement="ALTER DATABASE app SET", value="staging"),),
    marker_writers=("agent owns the schema",),
    relations=(relation(1), relation(2)),
    inheritance=(Inheritance(parent_oid=1, child_oid=2),),
    foreign_keys=(
        ForeignKey(oid=90, name="fk", table_oid=2, referenced_oid=1, parent_oid=0),
    ),
    sequences=(sequence(11), sequence(12)),
    feeds=(
        feed(11, 1),
        feed(12, 2),
        replace(feed(12, 2, Link.DEFAULT), column="n", supply=Supply.COMPUTED),
        feed(11, 3, Link.DEFAULT),
    ),
    view_bases=(ViewBase(view_oid=3, table_oid=1),),
    triggers=(Trigger(table_oid=1, name="trg", function_oid=71, mode="O"),),
    event_triggers=(
        EventTrigger(
            name="guard",
            event="ddl_command_end",
            tags=("ALTER SEQUENCE",),
            function_oid=72,
            mode="O",
        ),
    ),
    functions=(
        Function(oid=71, signature="public.f()", owner="app", definition="aa"),
        Function(oid=72, signature="public.g()", owner="app", definition="bb"),
        Function(oid=73, signature="public.h()", owner="app", definition="cc"),
    ),
    untrusted=(
        UntrustedCode(
            table_oid=1, place="index i", code="public.h() of app", function_oid=73
        ),
    ),
    publications=(Publication(name="pub", truncates=True, table_oids=(1,)),),
    subscriptions=("sub",),
    subscribed=(SubscribedTable(table_oid=1, subscription="sub"),),
    replication_slots=("slot",),
)
VIEW = replace(relation(3, schema="views"), kind=RelationKind.VIEW)
ALLOWED = Allowed(
    triggers=("public.t1.trg",),
    publications=("pub",),
    subscriptions=("sub",),
    replication_slots=("slot",),
    untrusted_code=("public.t1",),
    computed_defaults=("public.t2.n",),
)
SEEDED = replace(JOB, allowed=ALLOWED)
SEEDS = (
    Seed(name="seeds/a.sql", content=b"SELECT 1"),
    Seed(name="seeds/b.sql", content=b"SELECT 2"),
)
