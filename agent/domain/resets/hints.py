"""What somebody who reads a plan may not expect, though no gate refuses it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.domain.resets.facts import Feed, RelationKind
from agent.domain.resets.job import JobKind
from agent.domain.resets.restarts import bases_of
from agent.domain.resets.resync import FOLLOWED_TYPES
from agent.domain.resets.verdicts import Case
from agent.domain.sequences import Supply

# Tables in which applications and their tools write down which migrations were run, in
# small letters. What has a more general name than these cannot be told from others.
_RECORDS_OF_MIGRATIONS = frozenset(
    {
        "__diesel_schema_migrations",
        "__drizzle_migrations",
        "__efmigrationshistory",
        "_prisma_migrations",
        "_sqlx_migrations",
        "_yoyo_migration",
        "alembic_version",
        "applied_schema_deltas",
        "ar_internal_metadata",
        "atlas_schema_revisions",
        "bun_migrations",
        "databasechangelog",
        "databasechangeloglock",
        "db_migrations",
        "dbversion",
        "django_migrations",
        "doctrine_migration_versions",
        "flyway_schema_history",
        "goose_db_version",
        "gorp_migrations",
        "icinga_dbversion",
        "icingadb_schema",
        "knex_migrations",
        "knex_migrations_lock",
        "kysely_migration",
        "kysely_migration_lock",
        "migration_log",
        "migration_versions",
        "migrations",
        "mikro_orm_migrations",
        "pgmigrations",
        "phinxlog",
        "play_evolutions",
        "refinery_schema_history",
        "schema_compat_version",
        "schema_info",
        "schema_migrations",
        "schema_update_history",
        "schema_version",
        "sequelizemeta",
        "south_migrationhistory",
        "typeorm_metadata",
        "updatelog",
    }
)


def hints(case: Case) -> Iterator[str]:
    """Sentences, each about one table or column."""
    for table in case.scope.emptied:
        if table.relation.name.lower() in _RECORDS_OF_MIGRATIONS:
            yield (
                f"{table.qualified} looks like an application's record of its migrations:"
                " without its rows they may all be run again; exclude it unless that is"
                " meant"
            )
    if case.job.kind is JobKind.RESYNC or case.seeds:
        yield from _not_looked_after(case)


def _not_looked_after(case: Case) -> Iterator[str]:
    """Columns of which a sequence is not held ahead, though they take its values."""
    names = {each.oid: each.definition.qualified for each in case.catalog.sequences}
    chosen = {each.oid for each in (*case.scope.chosen, *case.scope.moved)}
    planned = case.scope.table_oids
    for feed in case.catalog.feeds:
        if (feed.table_oid in planned or feed.sequence_oid in chosen) and (
            reason := _unfollowed(feed, case)
        ):
            sequence = names.get(feed.sequence_oid, f"oid {feed.sequence_oid}")
            yield f"{sequence} is not held ahead of {case.column_of(feed)}: {reason}"


def _unfollowed(feed: Feed, case: Case) -> str:
    """Why a sequence is not moved by a column that it supplies; nothing where it is."""
    if feed.supply is Supply.LEFTOVER:
        return ""
    relation = case.relations.get(feed.table_oid)
    if relation is not None and relation.kind is RelationKind.VIEW:
        return "" if _followed_below(feed, case) else "it is a column of a view"
    if feed.base_type not in FOLLOWED_TYPES:
        return f"values of type {feed.base_type} are not compared"
    if case.column_of(feed) in case.job.allowed.computed_defaults:
        return "its default computes" if feed.supply is Supply.COMPUTED else ""
    return ""


def _followed_below(feed: Feed, case: Case) -> bool:
    """Whether all rows of a view are in tables whose columns the sequence follows."""
    bases = bases_of(feed.table_oid, case.catalog)
    followed = {
        each.table_oid
        for follower in case.scope.moved
        if follower.oid == feed.sequence_oid
        for each in follower.feeds
    }
    return bool(bases) and bases <= followed
