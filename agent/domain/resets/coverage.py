"""What a job and its database do not say of each other: misspelt, or forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from agent.domain.resets.closure import is_system
from agent.domain.resets.facts import LEDGER_SCHEMA, Unknown
from agent.domain.resets.verdicts import Case


def unmatched(case: Case) -> Iterator[str]:
    """What the job names and the database does not have: perhaps misspelt."""
    names = [
        r.qualified
        for r in case.catalog.relations
        if r.kind.holds_rows and not is_system(r.schema) and r.schema != LEDGER_SCHEMA
    ]
    patterns = case.job.tables
    if patterns is not None:
        yield from _matching_nothing("tables.include", patterns.include, names)
        yield from _matching_nothing("tables.exclude", patterns.exclude, names)
    yield from _allowed_for_nothing(case)


def _allowed_for_nothing(case: Case) -> Iterator[str]:
    allowed = case.job.allowed
    triggers = (f"{case.name_of(t.table_oid)}.{t.name}" for t in case.catalog.triggers)
    publications = case.catalog.publications
    yield from _unknown("triggers", allowed.triggers, triggers)
    if not isinstance(publications, Unknown):
        published = (each.name for each in publications)
        yield from _unknown("publications", allowed.publications, published)
    for key, named, found in (
        ("subscriptions", allowed.subscriptions, case.catalog.subscriptions),
        (
            "replication_slots",
            allowed.replication_slots,
            case.catalog.replication_slots,
        ),
    ):
        if not isinstance(found, Unknown):
            yield from _unknown(key, named, found)


def _matching_nothing(
    key: str, patterns: Iterable[str], names: Iterable[str]
) -> Iterator[str]:
    present = tuple(names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in present):
            yield f"{key}: {pattern}"


def _unknown(key: str, named: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    present = frozenset(found)
    return (f"allow.{key}: {name}" for name in named if name not in present)


def uncovered(case: Case) -> Iterator[str]:
    """Tables beside those of the plan that no pattern speaks of: perhaps forgotten."""
    patterns = case.job.tables
    if patterns is None:
        return
    schemas = {t.relation.schema for t in case.scope.tables}
    planned = case.scope.table_oids
    for relation in case.catalog.relations:
        spoken_of = any(
            fnmatchcase(relation.qualified, out) for out in patterns.exclude
        )
        if (
            relation.schema in schemas
            and relation.kind.holds_rows
            and relation.oid not in planned
            and not spoken_of
        ):
            yield relation.qualified
