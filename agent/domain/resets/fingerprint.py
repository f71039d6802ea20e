"""What somebody agreed to who agreed to a plan, as one short text.

Whatever changes what a job would do changes it; what comes and goes by itself does
not: rows, sizes, values, times, and how long the marker is valid.
"""

from __future__ import annotations

import hashlib
import json

from agent.domain.resets.closure import PlannedTable, above, reached
from agent.domain.resets.facts import Catalog, Marker, Unknown
from agent.domain.resets.job import ResetJob
from agent.domain.resets.verdicts import Scope


def fingerprint(job: ResetJob, catalog: Catalog, scope: Scope) -> str:
    """The same for the same state of the database, whenever it is asked."""
    agreed = {
        "job": [job.name, job.kind, job.server, job.database, job.environment],
        "database": [
            _known(catalog.system_identifier),
            catalog.server.database_oid,
            catalog.server.datname,
        ],
        "marker": _marker(catalog),
        "tables": [_table(table) for table in scope.tables],
        "restarts": [
            [r.oid, r.qualified, r.sequence.definition.start, r.owned]
            for r in scope.restarts
        ],
        "followers": [[f.oid, f.qualified] for f in scope.followers],
        "feeds": _feeds(catalog, scope),
        **_surroundings(catalog, scope.table_oids),
        **_replication(catalog, scope.table_oids),
    }
    canonical = json.dumps(agreed, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _table(table: PlannedTable) -> list[object]:
    return [table.oid, table.qualified, table.relation.kind.value, table.why]


def _marker(catalog: Catalog) -> list[object] | None:
    found = catalog.marker
    if not isinstance(found, Marker):
        return None
    return [
        found.environment,
        found.protected,
        found.system_identifier,
        found.database_oid,
        found.database_name,
    ]


def _surroundings(catalog: Catalog, inside: frozenset[int]) -> dict[str, object]:
    """What TRUNCATE reaches from the tables: kin, references and triggers."""
    return {
        "inheritance": sorted(
            [edge.parent_oid, edge.child_oid]
            for edge in catalog.inheritance
            if not inside.isdisjoint({edge.parent_oid, edge.child_oid})
        ),
        "foreign_keys": sorted(
            (key.oid, key.name, key.table_oid, key.referenced_oid)
            for key in catalog.foreign_keys
            if key.referenced_oid in inside
        ),
        "triggers": sorted(
            (each.table_oid, each.name, each.function_oid, each.mode)
            for each in catalog.triggers
            if each.table_oid in inside
        ),
    }


def _replication(catalog: Catalog, inside: frozenset[int]) -> dict[str, object]:
    """Who is emptied along, and who fills; what cannot be read refuses elsewhere."""
    publications = catalog.publications
    subscribed = catalog.subscribed
    concerned = inside.union(reached(inside, above(catalog.inheritance)))
    return {
        "publications": sorted(
            (each.name, sorted(concerned.intersection(each.table_oids)))
            for each in (() if isinstance(publications, Unknown) else publications)
            if each.truncates and not concerned.isdisjoint(each.table_oids)
        ),
        "subscribed": sorted(
            (each.table_oid, each.subscription)
            for each in (() if isinstance(subscribed, Unknown) else subscribed)
            if each.table_oid in inside
        ),
    }


def _feeds(catalog: Catalog, scope: Scope) -> list[tuple[int, int, str]]:
    chosen = {each.oid for each in scope.chosen}
    return sorted(
        (each.sequence_oid, each.table_oid, each.column)
        for each in catalog.feeds
        if each.sequence_oid in chosen
    )


def _known(identifier: int | Unknown) -> int | None:
    return None if isinstance(identifier, Unknown) else identifier
