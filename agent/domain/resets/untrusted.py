"""Tables that the server may not be asked about, for the question would run code.

Planning a query of a table runs functions that its indexes, statistics and partition
key mention, as whoever asks. TRUNCATE and LOCK are not planned.
"""

from __future__ import annotations

from agent.domain.resets.facts import Catalog
from agent.domain.resets.job import ResetJob
from agent.domain.resets.verdicts import Scope, Trust
from agent.domain.table_facts import Neighbours, UntrustedCode, above, below, reached


def untrusted_code_in(catalog: Catalog, scope: Scope) -> list[UntrustedCode]:
    """What asking about the tables of a scope could run, with those that inherit."""
    followed = _followed(scope)
    asked = followed.union(
        (table.oid for table in scope.emptied),
        reached(followed, below(catalog.inheritance)),
    )
    return [each for each in catalog.untrusted if each.table_oid in asked]


def trust_in(job: ResetJob, catalog: Catalog, scope: Scope) -> Trust:
    """Where views cannot be kept out, one could be put into the place of any table."""
    counted, followed = frozenset(t.oid for t in scope.emptied), _followed(scope)
    accepted = frozenset(
        relation.oid
        for relation in catalog.relations
        if relation.qualified in job.allowed.untrusted_code
    )
    if not catalog.server.bars_views:
        return Trust(barred=counted | followed)
    unsafe = {each.table_oid for each in catalog.untrusted} - accepted
    strange = {r.oid for r in catalog.relations if not r.trusted} - accepted
    parents = above(catalog.inheritance)
    return Trust(
        barred=(counted & unsafe) | (followed & _with_ancestors(unsafe, parents)),
        doubted=(counted & strange) | (followed & _with_ancestors(strange, parents)),
        accepted=accepted,
    )


def _with_ancestors(tables: set[int], parents: Neighbours) -> frozenset[int]:
    """Tables whose furthest value is that of one of these as well."""
    return frozenset(tables).union(reached(tables, parents))


def _followed(scope: Scope) -> frozenset[int]:
    return frozenset(feed.table_oid for each in scope.moved for feed in each.feeds)
