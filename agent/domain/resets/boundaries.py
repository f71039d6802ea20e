"""Gates about tables: that all that would be emptied is meant to be, and can be."""

from __future__ import annotations

from collections.abc import Iterator

from agent.domain.resets.closure import PlannedTable, references_from_outside
from agent.domain.resets.facts import (
    LEDGER_SCHEMA,
    Publication,
    Relation,
    RelationKind,
    Unknown,
)
from agent.domain.resets.reach import is_out_of_reach, is_system
from agent.domain.resets.untrusted import untrusted_code_in
from agent.domain.resets.verdicts import Answer, Case, Passed, Refused, listed, unless
from agent.domain.table_facts import above, reached
from agent.domain.wording import counted

_EXCLUDE = "exclude it in the job's tables"
_LOOKALIKES = {
    RelationKind.VIEW: "is a view",
    RelationKind.MATERIALIZED_VIEW: "is a materialized view",
}


def nothing_matched(case: Case) -> Answer:
    if case.scope.tables or case.scope.chosen:
        return Passed()
    return Refused(
        "no table and no sequence matches", "correct tables and sequences of the job"
    )


def table_missing(case: Case) -> Answer:
    present = {r.qualified for r in case.catalog.relations if r.kind.holds_rows}
    return unless(
        (
            _absence(name, case)
            for name in case.job.exact_tables
            if name not in present and not _reserved(name)
        ),
        remedy="correct tables.include of the job",
    )


def _absence(name: str, case: Case) -> str:
    kinds = {r.kind for r in case.catalog.relations if r.qualified == name}
    words = [_LOOKALIKES[kind] for kind in kinds if kind in _LOOKALIKES]
    return f"{name} {words[0] if words else 'does not exist'}"


def _reserved(name: str) -> bool:
    """Names that other gates refuse, whether there is such a table or not."""
    return is_out_of_reach(name.partition(".")[0])


def referenced_from_outside(case: Case) -> Answer:
    crossing = references_from_outside(case.scope.table_oids, case.catalog.foreign_keys)
    return unless(
        (
            f"{case.name_of(key.table_oid)} references {case.name_of(key.referenced_oid)}"
            f" by {key.name}"
            for key in crossing
        ),
        remedy="list the referencing tables too, or leave out what they reference",
    )


def descendant_not_listed(case: Case) -> Answer:
    return unless(
        (f"{t.qualified} ({t.why})" for t in case.scope.tables if not t.listed),
        remedy="TRUNCATE empties it along with its parent: list both or neither",
    )


def foreign_table(case: Case) -> Answer:
    return unless(
        (
            _with_reason(t)
            for t in case.scope.tables
            if t.relation.kind is RelationKind.FOREIGN
        ),
        remedy=f"it would be emptied on another server: {_EXCLUDE}, or detach it",
    )


def system_table(case: Case) -> Answer:
    named = [n for n in _named(case) if is_system(n.partition(".")[0])]
    below = [
        _with_reason(t)
        for t in case.scope.tables
        if is_system(t.relation.schema) and not t.relation.temporary
    ]
    return unless([*named, *below], remedy="no job may touch the system's own tables")


def temporary_table(case: Case) -> Answer:
    return unless(
        (_with_reason(t) for t in case.scope.tables if t.relation.temporary),
        remedy="it belongs to a session: wait until that is over",
    )


def extension_table(case: Case) -> Answer:
    tables = (
        f"{t.qualified} of {t.relation.extension}"
        for t in case.scope.tables
        if t.relation.extension
    )
    sequences = (
        f"{each.qualified} of {each.sequence.extension}"
        for each in case.scope.restarts
        if each.sequence.extension
    )
    return unless(
        [*tables, *sequences], remedy="leave it out of the job's tables and sequences"
    )


def ledger(case: Case) -> Answer:
    named = [n for n in _named(case) if n.startswith(f"{LEDGER_SCHEMA}.")]
    below = [
        _with_reason(t) for t in case.scope.tables if t.relation.schema == LEDGER_SCHEMA
    ]
    owned = [
        each.qualified
        for each in case.scope.chosen
        if each.sequence.definition.schema == LEDGER_SCHEMA
    ]
    return unless(
        dict.fromkeys([*named, *below, *owned]),
        remedy="the schema sequence_agent is never a target",
    )


def _named(case: Case) -> tuple[str, ...]:
    return (*case.job.exact_tables, *case.job.exact_sequences)


def published_table(case: Case) -> Answer:
    found = case.catalog.publications
    if isinstance(found, Unknown):
        return Refused(f"publications cannot be read: {found.reason}", "grant that")
    return unless(
        (
            f"{', '.join(tables)} in publication {each.name!r}"
            for each, tables in published(case, found)
            if each.name not in case.job.allowed.publications
        ),
        remedy="subscribers would be emptied too; if that is meant, name the publication"
        " in allow.publications, otherwise ALTER PUBLICATION … SET (publish = …)",
    )


def published(
    case: Case, publications: tuple[Publication, ...]
) -> Iterator[tuple[Publication, list[str]]]:
    """Publications that carry the TRUNCATE, and of which planned tables.

    What a publication holds of a parent, it holds of its partitions too.
    """
    parents = above(case.catalog.inheritance)
    for each in publications:
        members = frozenset(each.table_oids) if each.truncates else frozenset()
        tables = [
            t.qualified
            for t in case.scope.tables
            if t.oid in members or not members.isdisjoint(reached([t.oid], parents))
        ]
        if tables:
            yield each, tables


def subscribed_table(case: Case) -> Answer:
    found = case.catalog.subscribed
    if isinstance(found, Unknown):
        return Refused(
            f"subscribed tables cannot be read: {found.reason}",
            "let the role read them",
        )
    planned = case.scope.table_oids
    return unless(
        (
            f"{case.name_of(each.table_oid)} by subscription {each.subscription!r}"
            for each in found
            if each.table_oid in planned
        ),
        remedy=f"another server fills it, and would not fill it again: {_EXCLUDE}",
    )


def truncate_trigger(case: Case) -> Answer:
    planned, allowed = case.scope.table_oids, case.job.allowed.triggers
    names = (
        f"{case.name_of(trigger.table_oid)}.{trigger.name}"
        for trigger in case.catalog.triggers
        if trigger.table_oid in planned
    )
    return unless(
        (name for name in names if name not in allowed),
        remedy="TRUNCATE runs it; if that is meant, name it in allow.triggers",
    )


def no_truncate_privilege(case: Case) -> Answer:
    missing = [t.relation for t in case.scope.tables if not t.relation.truncatable]
    return unless(
        (relation.qualified for relation in missing),
        remedy=_grant("TRUNCATE", missing, case),
    )


def _grant(privilege: str, relations: list[Relation], case: Case) -> str:
    """Statements that work as they stand, for whoever owns the tables."""
    role = case.catalog.server.role
    schemas = ", ".join(dict.fromkeys(each.quoted_schema for each in relations))
    tables = ", ".join(each.quoted for each in relations)
    return (
        f"GRANT USAGE ON SCHEMA {schemas} TO {role};"
        f" GRANT {privilege} ON {tables} TO {role};"
    )


def untrusted_code(case: Case) -> Answer:
    """What asking about a table would run must not be anybody's code."""
    if not case.catalog.server.bars_views:
        return Refused(
            f"PostgreSQL {case.catalog.server.version} cannot keep a view from being read"
            " in the place of a table, and that would run its owner's code",
            "update the server to its newest minor release",
        )
    allowed = case.job.allowed.untrusted_code
    accepted: list[str] = []
    refused: list[str] = []
    for each in untrusted_code_in(case.catalog, case.scope):
        table = case.name_of(each.table_oid)
        told = f"{table} ({each.place} runs {each.code})"
        (accepted if table in allowed else refused).append(told)
    if not refused:
        return Passed(f"allowed: {listed(accepted)}" if accepted else "")
    return unless(
        refused,
        remedy="counting its rows could run that as this role: let a superuser own the"
        " function, or name the table in allow.untrusted_code if you trust its owner",
    )


def rows_limit(case: Case) -> Answer:
    # What must not be counted refuses by another gate.
    tables = [t for t in case.scope.tables if t.oid not in case.scope.trust.barred]
    uncounted = [told for t in tables if (told := _uncounted(t, case))]
    if uncounted:
        return unless(uncounted, remedy=_make_countable(case), unread=True)
    sizes = [case.measured.sizes[t.oid] for t in tables]
    rows = sum(size.rows for size in sizes if isinstance(size.rows, int))
    about = "" if all(size.exact for size in sizes) else "about "
    told = f"{about}{counted(rows, 'row')}, limits.rows is {case.job.limits.rows}"
    if rows <= case.job.limits.rows:
        return Passed(told)
    return Refused(told, "raise limits.rows, if that many are meant to go")


def _uncounted(table: PlannedTable, case: Case) -> str:
    size = case.measured.sizes.get(table.oid)
    if size is None:
        return f"{table.qualified} was not counted"
    if isinstance(size.rows, Unknown):
        return f"{table.qualified} cannot be counted: {size.rows.reason}"
    return ""


def _make_countable(case: Case) -> str:
    unreadable = [t.relation for t in case.scope.tables if not t.relation.readable]
    if unreadable:
        return _grant("SELECT", unreadable, case)
    return (
        "ANALYZE them, or run it when nobody holds them; row-level security must not"
        " hide rows from the role (BYPASSRLS)"
    )


def _with_reason(table: PlannedTable) -> str:
    return table.qualified if table.listed else f"{table.qualified} ({table.why})"
