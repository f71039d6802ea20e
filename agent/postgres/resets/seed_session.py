"""What a session holds that outlives a transaction, and putting it back after a seed.

A seed ends with itself: behind a transaction pooler the session is the next client's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from psycopg import sql
from psycopg.rows import class_row

from agent.errors import AgentError
from agent.postgres.connect import BoundedConnection
from agent.postgres.queries import query

_DROP = {
    "r": sql.SQL("DROP TABLE IF EXISTS {} CASCADE"),
    "p": sql.SQL("DROP TABLE IF EXISTS {} CASCADE"),
    "v": sql.SQL("DROP VIEW IF EXISTS {} CASCADE"),
    "S": sql.SQL("DROP SEQUENCE IF EXISTS {} CASCADE"),
}
# Of the run, not of the seed: its bounds, and how text is sent.
_KEPT = frozenset(
    {
        "client_connection_check_interval",
        "client_encoding",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "lock_timeout",
        "statement_timeout",
        "transaction_timeout",
    }
)


class NotAsBeforeError(AgentError):
    """The session or its transaction could not be made what they were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a session holds, and which transaction of which server it is in."""

    login: str
    acting: str
    role: str
    read_only: str
    isolation: str
    pid: int
    transactions: list[str]
    server: str
    prepared: list[str]
    cursors: list[str]
    channels: list[str]
    temporary: list[str]
    has_temporary: bool
    advisory: list[str]

    @property
    def transaction(self) -> str:
        """Its number among those of the server, while it lasts."""
        return self.transactions[0] if self.transactions else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    name: str
    setting: str | None
    plain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Constraint:
    schema: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session as a transaction found it: what it holds, and what was set in it."""

    holdings: Holdings
    settings: Mapping[str, str | None] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The settings of the transaction in which a seed begins.

    `plain` are what they would be for somebody who set nothing, `custom` are those that
    the seed may set and that only its text tells of.
    """

    settings: Mapping[str, str | None]
    plain: Mapping[str, str | None]
    custom: Mapping[str, str | None]

    @property
    def bounds(self) -> Mapping[str, str | None]:
        """How long anything may take, and how text is sent; no seed's to change."""
        return {k: v for k, v in self.settings.items() if k in _KEPT}


def session(connection: BoundedConnection) -> Session:
    """The session as it is now: before the transaction's own settings are made."""
    settings = {s.name: s.setting for s in _settings(connection)}
    return Session(holdings=_holdings(connection), settings=settings)


def surroundings(connection: BoundedConnection, custom: Iterable[str]) -> Surroundings:
    current = _settings(connection)
    with connection.cursor(row_factory=class_row(_Setting)) as cursor:
        names = {"names": sorted(custom)}
        others = cursor.execute(query("seed_custom"), names).fetchall()
    return Surroundings(
        settings={s.name: s.setting for s in current},
        plain={s.name: s.plain for s in current if s.name not in _KEPT},
        custom={s.name: s.setting for s in others},
    )


def set_locally(
    connection: BoundedConnection, settings: Mapping[str, str | None]
) -> None:
    """Until the transaction ends."""
    text = json.dumps(dict(settings), ensure_ascii=False)
    connection.execute(query("seed_set"), {"settings": text})


def put_back(
    connection: BoundedConnection, before: Session, around: Surroundings
) -> None:
    """Leave nothing of a seed but rows. Raises NotAsBeforeError."""
    held = before.holdings
    now = _holdings(connection)
    if (now.login, now.role) != (held.login, held.role):
        acting = {"login": held.login, "role": held.role}
        connection.execute(query("seed_acting"), acting)
    release(connection, held)
    _end(connection, held, now)
    kept = dict(before.settings) | dict(around.custom)
    text = json.dumps(kept, ensure_ascii=False)
    connection.execute(query("seed_lay"), {"text": text})
    connection.execute(query("seed_reset"))
    set_locally(connection, around.settings)
    _defer_again(connection)
    _check(_holdings(connection), held)


def release(connection: BoundedConnection, held: Holdings) -> None:
    """Give back what no rollback gives back: prepared statements, advisory locks."""
    now = _holdings(connection)
    for name in set(now.prepared) - set(held.prepared):
        connection.execute(sql.SQL("DEALLOCATE {}").format(sql.Identifier(name)))
    if not held.advisory:
        connection.execute(query("seed_unlock_all"))


def _end(connection: BoundedConnection, held: Holdings, now: Holdings) -> None:
    """What else would outlive the transaction."""
    for name in set(now.cursors) - set(held.cursors):
        connection.execute(sql.SQL("CLOSE {}").format(sql.Identifier(name)))
    _drop_temporary(connection, held, now)
    # What it has just begun to listen to is not listed before the commit.
    connection.execute("UNLISTEN *")
    for name in held.channels:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(name)))


def _drop_temporary(
    connection: BoundedConnection, held: Holdings, now: Holdings
) -> None:
    if now.has_temporary and not held.has_temporary:
        connection.execute("DISCARD TEMP")
        return
    for entry in set(now.temporary) - set(held.temporary):
        kind, name = entry[0], sql.Identifier("pg_temp", entry[1:])
        connection.execute(_DROP[kind].format(name))


def _defer_again(connection: BoundedConnection) -> None:
    """Let constraints wait for the commit again that did so before the seed."""
    with connection.cursor(row_factory=class_row(_Constraint)) as cursor:
        deferred = cursor.execute(query("seed_constraints")).fetchall()
    if deferred:
        names = sql.SQL(", ").join(sql.Identifier(c.schema, c.name) for c in deferred)
        connection.execute(sql.SQL("SET CONSTRAINTS {} DEFERRED").format(names))


def _check(now: Holdings, held: Holdings) -> None:
    if (now.login, now.acting, now.role) != (held.login, held.acting, held.role):
        raise NotAsBeforeError(f"it left the session to the role {now.acting!r}")
    if (now.read_only, now.isolation) != (held.read_only, held.isolation):
        raise NotAsBeforeError(
            f"it left the transaction {now.isolation}"
            f"{', read only' if now.read_only == 'on' else ''}"
        )
    ours = (held.pid, held.server, held.transactions)
    if (now.pid, now.server, now.transactions) != ours:
        raise NotAsBeforeError("it ended the transaction of the run")
    for kind in ("prepared", "cursors", "temporary"):
        if left := set(getattr(now, kind)) - set(getattr(held, kind)):
            raise NotAsBeforeError(f"it left something behind: {sorted(left)}")


def _holdings(connection: BoundedConnection) -> Holdings:
    with connection.cursor(row_factory=class_row(Holdings)) as cursor:
        (row,) = cursor.execute(query("seed_session")).fetchall()
    return row


def _settings(connection: BoundedConnection) -> list[_Setting]:
    with connection.cursor(row_factory=class_row(_Setting)) as cursor:
        return cursor.execute(query("seed_settings")).fetchall()
