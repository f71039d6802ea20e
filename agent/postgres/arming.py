"""Arming: an administrator says which environment a database is, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from agent.domain.resets.ledger import Marker
from agent.postgres import ledger_grants, ledger_schema, vetoes
from agent.postgres.administering import Administration, administration
from agent.postgres.connect import Endpoint
from agent.postgres.queries import query


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an administrator wants; `os_user` is who that is where the command runs."""

    environment: str
    duration: timedelta
    grant_to: tuple[str, ...] = ()
    os_user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """What is in force now; `made` says that the schema was not there before."""

    marker: Marker
    owner: str
    grantees: tuple[str, ...]
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarmed:
    """What was in force: no marker where nobody had ever armed."""

    database: str
    marker: Marker | None
    was_armed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    ended: bool


def arm(endpoint: Endpoint, order: Order) -> Armed:
    """Make or upgrade the schema and write its marker, all of it or nothing.

    Raises ArmingRefusedError for what means production, is a standby or protected, and
    for a role that could arm by itself; ArmingError for what an administrator can mend.
    """
    vetoes.refuse_production_by_name(order.environment)
    with administration(endpoint) as doing:
        target = doing.rows(query("arm_target"), vetoes.Target)[0]
        vetoes.refuse_production(target)
        vetoes.refuse_another_environment(target, order.environment)
        vetoes.need_administrator(target)
        schema = ledger_schema.schema_of(doing)
        if schema is None:
            vetoes.need_create(target)
        else:
            ledger_schema.refuse_newer(schema)
        ledger_schema.upgrade(doing, schema)
        vetoes.refuse_protected(target, _marker(doing))
        armed = Armed(
            marker=_write(doing, order),
            owner=schema.owner if schema else target.role,
            grantees=_granted(doing, order.grant_to),
            made=schema is None,
        )
        ledger_schema.refuse_altered(doing)
        return armed


def disarm(endpoint: Endpoint) -> Disarmed:
    """End the arming at once; the ledger and what was granted stay.

    A newer schema is disarmed as well: stopping has to work always.
    """
    with administration(endpoint) as doing:
        schema = ledger_schema.schema_of(doing)
        if schema is None or schema.layout == 0:
            return Disarmed(database=doing.database, marker=None, was_armed=False)
        return Disarmed(
            database=doing.database,
            marker=_marker(doing),
            was_armed=bool(doing.rows(query("arm_disarm"), _Ended)),
        )


def _marker(doing: Administration) -> Marker | None:
    rows = doing.rows(query("arm_marker"), Marker)
    return rows[0] if rows else None


def _write(doing: Administration, order: Order) -> Marker:
    wanted = {
        "environment": order.environment,
        "seconds": order.duration.total_seconds(),
        "os_user": order.os_user,
    }
    return doing.rows(query("arm_write_marker"), Marker, wanted)[0]


def _granted(doing: Administration, roles: Sequence[str]) -> tuple[str, ...]:
    """Those who may reset now; all of them are looked at, for roles change."""
    for role in roles:
        ledger_grants.grant(doing, role)
    granted = ledger_grants.grantees(doing)
    for role in (*roles, *granted):
        ledger_grants.refuse_writer(doing, role)
    return granted
