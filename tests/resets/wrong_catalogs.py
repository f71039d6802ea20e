"""The table: what is wrong with a catalog, and which gates refuse it, with which words.

`wrong_targets.py` has the same of real databases; here are the near misses too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from agent.domain.filters import NameFilter
from agent.domain.resets.facts import (
    Catalog,
    ForeignKey,
    Measured,
    Publication,
    RelationKind,
    Setting,
    Size,
    Unknown,
    ViewBase,
)
from agent.domain.resets.functions import Trigger
from agent.domain.resets.job import Allowed, JobKind, Limits, ResetJob
from agent.domain.sequences import At, Link, Supply, Unreadability, Unreadable, Unused
from agent.domain.table_facts import Inheritance, SubscribedTable
from tests.resets.catalogs import (
    CATALOG,
    JOB,
    MARKER,
    NOW,
    SERVER,
    feed,
    relation,
    sequence,
)

MEASURED = Measured(
    sizes={oid: Size(rows=10, bytes=8192, exact=True) for oid in range(1, 10)},
    positions={11: At(12), 12: Unused(100)},
    furthest={(1, "id"): 12, (2, "id"): None},
)
RESYNC = replace(JOB, kind=JobKind.RESYNC)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What is wrong, which gates refuse for it, and what these tell, and do not tell.

    `waits`: it may look otherwise when everything is locked, so that a run goes on.
    """

    name: str
    catalog: Catalog = CATALOG
    job: ResetJob = JOB
    measured: Measured = MEASURED
    expected_hash: str | None = None
    refused: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    remedy: str = ""
    silent: tuple[str, ...] = ()
    waits: bool = False


def _of(**changes: Any) -> Catalog:
    return replace(CATALOG, **changes)


def _marked(**changes: Any) -> Catalog:
    return _of(marker=replace(MARKER, **changes))


def _on(**changes: Any) -> Catalog:
    return _of(server=replace(SERVER, **changes))


def _listing(*include: str, exclude: tuple[str, ...] = ()) -> NameFilter:
    return NameFilter(include=include, exclude=exclude)


def _seen(*bases: int, column: str = "id") -> Catalog:
    """A view of these tables, with a sequence in the default of a column."""
    view = replace(relation(3, schema="views"), kind=RelationKind.VIEW)
    return _of(
        relations=(*CATALOG.relations, view),
        feeds=(*CATALOG.feeds, replace(feed(11, 3, Link.DEFAULT), column=column)),
        view_bases=tuple(ViewBase(view_oid=3, table_oid=oid) for oid in bases),
    )


def _owned(*owners: str, **changes: Any) -> Catalog:
    """Both sequences, of these roles."""
    theirs = {"ours": False, **changes}
    return _of(
        sequences=tuple(
            replace(each, owner=owner, **theirs)
            for each, owner in zip(CATALOG.sequences, owners, strict=True)
        )
    )


# fmt: off
TARGETS = (
    Wrong(name="nothing"),
    Wrong(name="suspended", job=replace(JOB, suspended=True), refused=("suspended",),
          remedy="suspended: false"),
    Wrong(name="a standby", catalog=_on(in_recovery=True), refused=("in_recovery",),
          remedy="primary"),
    Wrong(name="no marker", catalog=_of(marker=Unknown("no row in it")),
          refused=("marker_missing",), told=("no row in it",), remedy="--environment staging"),
    Wrong(name="a marker without end", catalog=_marked(armed_until=None),
          refused=("marker_expired",), told=("no end",), remedy="arm"),
    Wrong(name="a marker that ends now", catalog=_marked(armed_until=NOW),
          refused=("marker_expired",), told=("2026-03-01 03:00:00 UTC",), remedy="arm"),
    Wrong(name="a marker that is about to end", catalog=_marked(armed_until=NOW + SECOND)),
    Wrong(name="another environment", catalog=_marked(environment="qa"),
          refused=("marker_environment",), told=("'qa'", "'staging'"),
          remedy="resets.environment"),
    Wrong(name="protected", catalog=_marked(protected=True), refused=("marker_protected",)),
    Wrong(name="another server", catalog=_marked(system_identifier=8),
          refused=("marker_system_identifier",), told=("server 8, this is 7",), remedy="arm"),
    Wrong(name="a server that does not say who it is",
          catalog=_of(system_identifier=Unknown("permission denied")),
          refused=("marker_system_identifier",), told=("permission denied",),
          remedy="GRANT EXECUTE ON FUNCTION pg_control_system() TO agent;"),
    Wrong(name="a database that was made anew", catalog=_marked(database_oid=1),
          refused=("marker_database_oid",), told=("oid 1, this has 16400",), remedy="arm"),
    Wrong(name="a database that was renamed", catalog=_marked(database_name="old"),
          refused=("marker_database_name",), told=("'old', this database is 'app'",), remedy="arm"),
    Wrong(name="a job for another database", job=replace(JOB, database="other"),
          refused=("marker_database_name",), told=("for 'other', the connection led to 'app'",),
          remedy="between the agent and the server"),
    Wrong(name="a marker that we could write", catalog=_of(marker_writers=("agent owns it",)),
          refused=("marker_writable",), told=("agent owns it",), remedy="can read the marker and not write it"),
    Wrong(name="a configuration of production", catalog=_marked(environment="prod"),
          job=replace(JOB, environment="prod"), refused=("production_declared",),
          told=("the configuration calls it 'prod'",), remedy="owner"),
    Wrong(name="a comment that says production", catalog=_on(comment="Production!"),
          refused=("production_declared",), told=("comment is 'Production!'",)),
    Wrong(name="a harmless comment", catalog=_on(comment="of products")),
    Wrong(name="a setting that says otherwise",
          catalog=_of(settings=(Setting(statement="ALTER DATABASE app SET", value="qa"),)),
          refused=("production_declared",),
          told=("ALTER DATABASE app SET sequence_agent.environment = 'qa'",)),
    Wrong(name="a setting that says the same",
          catalog=_of(settings=(Setting(statement="ALTER DATABASE app SET", value="staging"),))),
    Wrong(name="a subscription", catalog=_of(subscriptions=("sub", "other")),
          job=replace(JOB, allowed=Allowed(subscriptions=("other",))),
          refused=("subscription",), told=("subscription 'sub'",), silent=("'other'",),
          remedy="allow.subscriptions"),
    Wrong(name="subscriptions that cannot be read", catalog=_of(subscriptions=Unknown("denied")),
          refused=("subscription",), told=("subscriptions cannot be read: denied",)),
    Wrong(name="a replication slot", catalog=_of(replication_slots=("one", "two")),
          job=replace(JOB, allowed=Allowed(replication_slots=("two",))),
          refused=("replication_slot",), told=("slot 'one'",), silent=("'two'",),
          remedy="allow.replication_slots"),
    Wrong(name="slots that cannot be read", catalog=_of(replication_slots=Unknown("denied")),
          refused=("replication_slot",), told=("slots cannot be read: denied",)),
    Wrong(name="a database larger than the limit",
          job=replace(JOB, limits=Limits(bytes=8_999_999)), refused=("bytes_limit",),
          told=("9000000 bytes, limits.bytes is 8999999",), remedy="raise limits.bytes"),
    Wrong(name="a database as large as the limit", job=replace(JOB, limits=Limits(bytes=9_000_000))),
    Wrong(name="another plan than the pinned one", expected_hash="sha256:0",
          job=replace(JOB, pinned_plan="sha256:0"), refused=("plan_changed",),
          told=("the job's plan is sha256:0, now it is sha256:",), remedy="write the new one to the job's plan"),
    Wrong(name="another plan", expected_hash="sha256:0", refused=("plan_changed",), silent=("the job's plan",),
          told=("sha256:0",), remedy="sequence-agent plan nightly-reset"),
)

VIEWS = (RelationKind.VIEW, RelationKind.MATERIALIZED_VIEW)
TABLES = (
    Wrong(name="no table matches", job=replace(JOB, tables=_listing("shop.*")),
          refused=("nothing_matched",), remedy="correct tables and sequences"),
    Wrong(name="no table at all is asked for", job=replace(JOB, tables=None),
          refused=("nothing_matched",)),
    Wrong(name="a table alone", catalog=_of(sequences=(), feeds=())),
    Wrong(name="a sequence alone", job=replace(JOB, tables=None, sequences=("public.s13",)),
          catalog=_of(sequences=(*CATALOG.sequences, sequence(13)))),
    Wrong(name="a table that is not there", job=replace(JOB, tables=_listing("public.*", "public.t9")),
          refused=("table_missing",), told=("public.t9 does not exist",), remedy="tables.include"),
    Wrong(name="a table whose name is in capitals", job=replace(JOB, tables=_listing("public.*", "public.X")),
          refused=("table_missing",), told=("public.X does not exist",)),
    Wrong(name="a table that is not there beside a view",
          catalog=_of(relations=(*CATALOG.relations, replace(relation(3), kind=RelationKind.VIEW))),
          job=replace(JOB, tables=_listing("public.*", "public.t9")),
          refused=("table_missing",), told=("public.t9 does not exist",)),
    *(Wrong(name=f"a table that {words}",
            catalog=_of(relations=(*CATALOG.relations, replace(relation(3), kind=kind))),
            job=replace(JOB, tables=_listing("public.*", "public.t3")),
            refused=("table_missing",), told=(f"public.t3 {words}",))
      for kind, words in zip(VIEWS, ("is a view", "is a materialized view"), strict=True)),
    Wrong(name="a view beside the tables",
          catalog=_of(relations=(*CATALOG.relations, replace(relation(3), kind=RelationKind.VIEW)))),
    Wrong(name="a reference from outside",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="shop")),
                      foreign_keys=(ForeignKey(oid=90, name="fk", table_oid=3, referenced_oid=1, parent_oid=0),)),
          refused=("referenced_from_outside",), told=("shop.t3 references public.t1 by fk",),
          remedy="list the referencing tables"),
    Wrong(name="a reference from a table that is not known",
          catalog=_of(foreign_keys=(ForeignKey(oid=90, name="fk", table_oid=77, referenced_oid=1, parent_oid=0),)),
          refused=("referenced_from_outside",), told=("oid 77 references",)),
    Wrong(name="a reference from inside",
          catalog=_of(foreign_keys=(ForeignKey(oid=90, name="fk", table_oid=2, referenced_oid=1, parent_oid=0),))),
    Wrong(name="a reference to outside",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="shop")),
                      foreign_keys=(ForeignKey(oid=90, name="fk", table_oid=1, referenced_oid=3, parent_oid=0),))),
    *(Wrong(name=f"a child that {words}",
            catalog=_of(relations=(*CATALOG.relations, relation(3, schema="shop", partition=partition)),
                        inheritance=(Inheritance(parent_oid=1, child_oid=3),)),
            refused=("descendant_not_listed",), told=(f"shop.t3 ({words} public.t1)",),
            remedy="list both or neither")
      for partition, words in ((True, "partition of"), (False, "inherits from"))),
    Wrong(name="a child that is listed", catalog=_of(inheritance=(Inheritance(parent_oid=1, child_oid=2),))),
    Wrong(name="a foreign table",
          catalog=_of(relations=(relation(1), replace(relation(2), kind=RelationKind.FOREIGN))),
          refused=("foreign_table",), told=("public.t2",), silent=("public.t1",), remedy="another server"),
    Wrong(name="a foreign partition",
          catalog=_of(relations=(*CATALOG.relations, replace(relation(3, schema="shop", partition=True),
                                                             kind=RelationKind.FOREIGN)),
                      inheritance=(Inheritance(parent_oid=1, child_oid=3),)),
          refused=("foreign_table", "descendant_not_listed"), told=("shop.t3 (partition of public.t1)",)),
    *(Wrong(name=f"a table of the system: {named}", job=replace(JOB, tables=_listing("public.*", named)),
            refused=("system_table",), told=(named,), remedy="the system's own")
      for named in ("pg_catalog.pg_class", "information_schema.sql_parts", "pg_toast.x")),
    Wrong(name="a child in a schema of the system",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="pg_catalog")),
                      inheritance=(Inheritance(parent_oid=1, child_oid=3),)),
          refused=("system_table", "descendant_not_listed"), told=("pg_catalog.t3 (inherits from",)),
    Wrong(name="a child that is temporary",
          catalog=_of(relations=(*CATALOG.relations, replace(relation(3, schema="pg_temp_3"), temporary=True)),
                      inheritance=(Inheritance(parent_oid=1, child_oid=3),)),
          refused=("temporary_table", "descendant_not_listed"), told=("pg_temp_3.t3",), remedy="session"),
    Wrong(name="tables of the system are in no pattern",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="pg_catalog"),
                                 relation(4, schema="information_schema"), relation(5, schema="sequence_agent"))),
          job=replace(JOB, tables=_listing("*"))),
    Wrong(name="a table of an extension",
          catalog=_of(relations=(relation(1), replace(relation(2), extension="postgis"))),
          refused=("extension_table",), told=("public.t2 of postgis",), silent=("public.t1",)),
    Wrong(name="a sequence of an extension",
          catalog=_of(sequences=(sequence(11), replace(sequence(12), extension="postgis"))),
          refused=("extension_table",), told=("public.s12 of postgis",), silent=("public.s11",)),
    Wrong(name="the ledger by name", job=replace(JOB, tables=_listing("public.*", "sequence_agent.job_run")),
          refused=("ledger",), told=("sequence_agent.job_run",), remedy="never a target"),
    Wrong(name="a sequence of the ledger",
          catalog=_of(sequences=(*CATALOG.sequences, replace(
              sequence(13), definition=replace(sequence(13).definition, schema="sequence_agent")))),
          job=replace(JOB, sequences=("sequence_agent.s13",)), refused=("ledger",), told=("sequence_agent.s13",)),
    Wrong(name="a sequence of the ledger that is not there", job=replace(JOB, sequences=("sequence_agent.nope",)),
          refused=("sequence_missing", "ledger"), told=("sequence_agent.nope",)),
    Wrong(name="a sequence of the ledger that a planned table owns",
          catalog=_of(sequences=(sequence(12), replace(
              sequence(11), definition=replace(sequence(11).definition, schema="sequence_agent")))),
          refused=("ledger",), told=("sequence_agent.s11",)),
    Wrong(name="a child in the schema of the ledger",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="sequence_agent")),
                      inheritance=(Inheritance(parent_oid=1, child_oid=3),)),
          refused=("ledger", "descendant_not_listed"), told=("sequence_agent.t3",)),
    Wrong(name="a published table",
          catalog=_of(publications=(Publication(name="p", truncates=True, table_oids=[1]),
                                    Publication(name="q", truncates=True, table_oids=[2]))),
          job=replace(JOB, allowed=Allowed(publications=("q",))),
          refused=("published_table",), told=("public.t1 in publication 'p'",), silent=("'q'",),
          remedy="allow.publications"),
    Wrong(name="a publication without TRUNCATE",
          catalog=_of(publications=(Publication(name="p", truncates=False, table_oids=[1]),))),
    Wrong(name="a publication of other tables",
          catalog=_of(publications=(Publication(name="p", truncates=True, table_oids=[9]),))),
    Wrong(name="a partition whose grandparent is published", job=replace(JOB, tables=_listing("public.t1")),
          catalog=_of(publications=(Publication(name="p", truncates=True, table_oids=[4]),),
                      inheritance=(Inheritance(parent_oid=4, child_oid=3), Inheritance(parent_oid=3, child_oid=1))),
          refused=("published_table",), told=("public.t1",)),
    Wrong(name="publications that cannot be read", catalog=_of(publications=Unknown("denied")),
          refused=("published_table",), told=("publications cannot be read: denied",)),
    Wrong(name="a subscribed table", catalog=_of(subscribed=(
              SubscribedTable(table_oid=1, subscription="s"), SubscribedTable(table_oid=9, subscription="r"))),
          refused=("subscribed_table",), told=("public.t1 by subscription 's'",), silent=("'r'",),
          remedy="exclude"),
    Wrong(name="subscribed tables that cannot be read", catalog=_of(subscribed=Unknown("denied")),
          refused=("subscribed_table",), told=("subscribed tables cannot be read: denied",)),
    Wrong(name="a trigger", catalog=_of(triggers=(
              Trigger(table_oid=1, name="x", function_oid=1, mode="O"),
              Trigger(table_oid=1, name="y", function_oid=1, mode="O"),
              Trigger(table_oid=9, name="z", function_oid=1, mode="O"))),
          job=replace(JOB, allowed=Allowed(triggers=("public.t1.y",))),
          refused=("truncate_trigger",), told=("public.t1.x",), silent=("t1.y", ".z"), remedy="allow.triggers"),
    Wrong(name="no right to TRUNCATE",
          catalog=_of(relations=(relation(1), replace(relation(2), truncatable=False))),
          refused=("no_truncate_privilege",), told=("public.t2",), silent=("public.t1",),
          remedy="GRANT TRUNCATE ON public.t2 TO agent;"),
    Wrong(name="more rows than the limit", job=replace(JOB, limits=Limits(rows=19)), refused=("rows_limit",),
          told=("20 rows, limits.rows is 19",), silent=("about",), remedy="raise limits.rows"),
    Wrong(name="as many rows as the limit", job=replace(JOB, limits=Limits(rows=20))),
    Wrong(name="perhaps more rows than the limit", job=replace(JOB, limits=Limits(rows=19)),
          measured=replace(MEASURED, sizes={**MEASURED.sizes, 1: Size(rows=10, bytes=1, exact=False)}),
          refused=("rows_limit",), told=("about 20 rows",)),
    Wrong(name="a table that was not counted",
          measured=replace(MEASURED, sizes={1: Size(rows=10, bytes=1, exact=True)}),
          waits=True, refused=("rows_limit",), told=("public.t2 was not counted",), silent=("t1",), remedy="ANALYZE"),
    Wrong(name="a table that cannot be counted",
          catalog=_of(relations=(relation(1), replace(relation(2), readable=False))),
          measured=replace(MEASURED, sizes={**MEASURED.sizes, 2: Size(rows=Unknown("denied"), bytes=1, exact=False)}),
          waits=True, refused=("rows_limit",), told=("public.t2 cannot be counted: denied",), silent=("t1",),
          remedy="GRANT SELECT ON public.t2 TO agent;"),
)

SHORT = replace(sequence(11), definition=replace(sequence(11).definition, maximum=50))
THEIRS = replace(sequence(12), owner="bob", ours=False)
COMPUTED = replace(feed(12, 2, Link.DEFAULT), column="n", supply=Supply.COMPUTED)
HELD = Unreadable(Unreadability.LOCKED)
SEQUENCES = (
    Wrong(name="a sequence that is not there", job=replace(JOB, sequences=("public.s99", "public.s12")),
          refused=("sequence_missing",), told=("public.s99 does not exist",), silent=("public.s12 ",),
          remedy="correct sequences"),
    Wrong(name="a sequence that another table owns", catalog=_of(feeds=(feed(11, 1), feed(12, 9))),
          job=replace(JOB, sequences=("public.s12",)),
          refused=("shared_sequence",), told=("public.s12 (owned of oid 9.id)",), remedy="list its table too"),
    Wrong(name="a sequence that another table's default calls",
          catalog=_of(relations=(*CATALOG.relations, relation(3, schema="shop")),
                      feeds=(*CATALOG.feeds, feed(11, 3, Link.DEFAULT))),
          refused=("shared_sequence",), told=("public.s11 (default of shop.t3.id)",), silent=("s12",)),
    Wrong(name="a sequence that another planned table's default calls",
          catalog=_of(feeds=(*CATALOG.feeds, feed(11, 2, Link.DEFAULT)))),
    Wrong(name="a sequence beside the plan",
          catalog=_of(sequences=(*CATALOG.sequences, sequence(13)), feeds=(*CATALOG.feeds, feed(13, 9)))),
    Wrong(name="a default of a view of planned tables", catalog=_seen(1, 2)),
    Wrong(name="a default of a view of a planned table and another", catalog=_seen(1, 9),
          refused=("shared_sequence",), told=("public.s11 (default of views.t3.id)",),
          remedy="under the view there is oid 9", silent=("public.t1", "DROP DEFAULT")),
    Wrong(name="a default of a view of no table", catalog=_seen(),
          refused=("shared_sequence",), remedy="under the view there is no table"),
    Wrong(name="a default of a view whose rows go where a trigger wants", catalog=_seen(1, 0, column='i"d'),
          refused=("shared_sequence",), silent=("under the view",),
          remedy='a trigger decides where rows of the view go: ALTER VIEW views.t3 ALTER "i""d" DROP DEFAULT;'),
    Wrong(name="a default of another view", catalog=replace(
              _seen(1), view_bases=(ViewBase(view_oid=3, table_oid=1), ViewBase(view_oid=4, table_oid=9)))),
    Wrong(name="a sequence of somebody else", catalog=_of(sequences=(sequence(11), THEIRS)),
          refused=("not_owner_of_sequence",), told=("public.s12 of bob",), silent=("s11",),
          remedy="bob TO agent"),
    Wrong(name="sequences of others", catalog=_owned("eve", "bob"),
          refused=("not_owner_of_sequence",), remedy="GRANT bob, eve TO agent WITH INHERIT TRUE;", silent=("USAGE",)),
    Wrong(name="a sequence of somebody else, before memberships had options",
          catalog=replace(_owned("eve", "eve"), server=replace(SERVER, version="15.2")),
          refused=("not_owner_of_sequence",), remedy="GRANT eve TO agent;", silent=("INHERIT",)),
    Wrong(name="a sequence of somebody else, since memberships have options",
          catalog=replace(_owned("eve", "eve"), server=replace(SERVER, version="16.0")),
          refused=("not_owner_of_sequence",), remedy="GRANT eve TO agent WITH INHERIT TRUE;"),
    Wrong(name="sequences of a superuser", catalog=_owned("root", "root", owner_is_superuser=True),
          refused=("not_owner_of_sequence",), silent=("GRANT",),
          remedy="ALTER TABLE public.t1 OWNER TO agent; ALTER TABLE public.t2 OWNER TO agent;"),
    Wrong(name="a listed sequence of a superuser, that no table owns", job=replace(JOB, sequences=("public.s12",)),
          catalog=replace(_owned("agent", "root", owner_is_superuser=True),
                          sequences=(sequence(11), replace(THEIRS, owner="root", owner_is_superuser=True)),
                          feeds=(feed(11, 1), feed(12, 2, Link.DEFAULT))),
          refused=("not_owner_of_sequence",), remedy="ALTER SEQUENCE public.s12 OWNER TO agent;"),
    Wrong(name="sequences in schemas that are closed", catalog=_owned("agent", "agent", ours=True, reachable=False),
          refused=("not_owner_of_sequence",), remedy="GRANT USAGE ON SCHEMA public TO agent;", silent=("INHERIT",)),
    Wrong(name="a resync of a sequence of somebody else", job=RESYNC, catalog=_of(sequences=(sequence(11), THEIRS)),
          refused=("not_owner_of_sequence",), told=("public.s12 of bob",), silent=("s11",)),
    Wrong(name="a resync of a sequence that is held", job=RESYNC,
          measured=replace(MEASURED, positions={**MEASURED.positions, 11: HELD}),
          waits=True, refused=("unreadable",), told=("the position of public.s11",), silent=("s12",)),
    Wrong(name="a resync of a sequence that nobody read", job=RESYNC,
          measured=replace(MEASURED, positions={12: Unused(100)}), waits=True, refused=("unreadable",),
          told=("the position of public.s11",)),
    Wrong(name="a resync of a column that cannot be read", job=RESYNC,
          measured=replace(MEASURED, furthest={**MEASURED.furthest, (2, "id"): Unknown("denied")}),
          waits=True, refused=("unreadable",), told=("the column of public.s12: denied",), silent=("s11",)),
    Wrong(name="a resync of a column that nobody read", job=RESYNC,
          measured=replace(MEASURED, furthest={(1, "id"): 12}), waits=True, refused=("unreadable",),
          told=("the column of public.s12: was not read",)),
    Wrong(name="a resync by a column that computes", job=RESYNC, catalog=_of(feeds=(*CATALOG.feeds, COMPUTED)),
          refused=("computed_default",), told=("public.t2.n computes its values from public.s12",), silent=("s11",)),
    Wrong(name="a resync by a column that computes, and is accepted", catalog=_of(feeds=(*CATALOG.feeds, COMPUTED)),
          job=replace(RESYNC, allowed=Allowed(computed_defaults=("public.t2.n",)))),
    Wrong(name="a reset of a table with a column that computes", catalog=_of(feeds=(*CATALOG.feeds, COMPUTED))),
    Wrong(name="a resync by columns that compute, of sequences that nobody may read", job=RESYNC,
          catalog=_of(feeds=(feed(11, 1), COMPUTED)), measured=replace(MEASURED, positions={11: At(12)}),
          refused=("computed_default",), silent=("the position",)),
    Wrong(name="a resync of tables and sequences that may not be read", job=RESYNC, waits=True,
          catalog=_of(relations=(relation(1), replace(relation(2), readable=False))),
          measured=replace(MEASURED, positions={**MEASURED.positions, 12: Unreadable(Unreadability.PRIVILEGE)}),
          refused=("unreadable",), told=("the position of public.s12",), silent=("public.t1", "TRUNCATE", "s11"),
          remedy="GRANT USAGE ON SCHEMA public TO agent; GRANT SELECT ON public.t2 TO agent;"
                 " GRANT SELECT ON SEQUENCE public.s12 TO agent;"),
    Wrong(name="a resync of a stranger's table that may not be locked", job=RESYNC, waits=True,
          catalog=_of(relations=(replace(relation(1), truncatable=False),
                                 replace(relation(2), truncatable=False, trusted=False))),
          measured=replace(MEASURED, furthest={}), refused=("unreadable",), silent=("public.t1 ", "GRANT SELECT"),
          remedy="GRANT TRUNCATE ON public.t2 TO agent;"),
    Wrong(name="a resync past the end", job=RESYNC, catalog=_of(sequences=(SHORT, sequence(12))),
          measured=replace(MEASURED, furthest={**MEASURED.furthest, (1, "id"): 51}),
          refused=("out_of_range",), told=("public.s11 ends before 51",), remedy="NO MAXVALUE"),
    Wrong(name="a resync to the end", job=RESYNC, catalog=_of(sequences=(SHORT, sequence(12))),
          measured=replace(MEASURED, furthest={**MEASURED.furthest, (1, "id"): 50})),
    Wrong(name="a resync of what is not behind", job=RESYNC),
    Wrong(name="a resync of a replicated database", job=RESYNC,
          catalog=_of(subscriptions=("sub",), replication_slots=("slot",))),
)
# fmt: on
