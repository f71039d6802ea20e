"""What a job and its database do not say of each other: misspelt, or forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from agent.domain.resets.facts import Unknown
from agent.domain.resets.job import is_wildcard
from agent.domain.resets.reach import is_out_of_reach
from agent.domain.resets.verdicts import Case
from agent.domain.sequences import Supply


def unmatched(case: Case) -> Iterator[str]:
    """What the job names and the database does not have: perhaps misspelt."""
    names = [
        r.qualified
        for r in case.catalog.relations
        if r.kind.holds_rows and not is_out_of_reach(r.schema)
    ]
    patterns = case.job.tables
    if patterns is not None:
        yield from _matching_nothing("tables.include", patterns.include, names)
        yield from _matching_nothing("tables.exclude", patterns.exclude, names)
    yield from _matching_nothing(
        "sequences",
        # An exact name that is not there refuses.
        filter(is_wildcard, case.job.sequences),
        [
            each.definition.qualified
            for each in case.catalog.sequences
            if not is_out_of_reach(each.definition.schema)
        ],
    )
    yield from _allowed_for_nothing(case)


def _allowed_for_nothing(case: Case) -> Iterator[str]:
    allowed = case.job.allowed
    triggers = (f"{case.name_of(t.table_oid)}.{t.name}" for t in case.catalog.triggers)
    publications = case.catalog.publications
    untrusted = (case.name_of(each.table_oid) for each in case.catalog.untrusted)
    computed = (
        case.column_of(each)
        for each in case.catalog.feeds
        if each.supply is Supply.COMPUTED
    )
    yield from _unknown("triggers", allowed.triggers, triggers)
    yield from _unknown("untrusted_code", allowed.untrusted_code, untrusted)
    yield from _unknown("computed_defaults", allowed.computed_defaults, computed)
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
