"""Tables that the server may not be asked about, for the question would run code.

Planning a query of a table runs functions that its indexes, statistics and partition
key mention, as whoever asks. TRUNCATE and LOCK are not planned.
"""

from __future__ import annotations

from agent.domain.resets.closure import below, reached
from agent.domain.resets.facts import Catalog
from agent.domain.resets.functions import UntrustedCode
from agent.domain.resets.job import ResetJob
from agent.domain.resets.verdicts import Scope


def untrusted_code_in(catalog: Catalog, scope: Scope) -> list[UntrustedCode]:
    """What asking about the tables of a scope could run, with those that inherit."""
    followed = _followed(scope)
    asked = followed.union(
        (table.oid for table in scope.emptied),
        reached(followed, below(catalog.inheritance)),
    )
    return [each for each in catalog.untrusted if each.table_oid in asked]


def barred_tables(job: ResetJob, catalog: Catalog, scope: Scope) -> frozenset[int]:
    """Those that may not be counted, or asked how far a column of theirs has come.

    Where views cannot be kept out, one could be put into the place of any of them.
    """
    counted, followed = frozenset(t.oid for t in scope.emptied), _followed(scope)
    if not catalog.server.bars_views:
        return counted | followed
    unsafe = _unsafe(job, catalog)
    children = below(catalog.inheritance)
    return (counted & unsafe) | frozenset(
        oid
        for oid in followed
        if not unsafe.isdisjoint({oid, *reached([oid], children)})
    )


def _followed(scope: Scope) -> frozenset[int]:
    return frozenset(feed.table_oid for each in scope.moved for feed in each.feeds)


def _unsafe(job: ResetJob, catalog: Catalog) -> frozenset[int]:
    names = {relation.oid: relation.qualified for relation in catalog.relations}
    return frozenset(
        each.table_oid
        for each in catalog.untrusted
        if names.get(each.table_oid) not in job.allowed.untrusted_code
    )
