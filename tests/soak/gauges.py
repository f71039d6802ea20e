"""What must not grow while an agent runs, read from the kernel and from the server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from statistics import median

import psycopg

from tests.postgres_servers import Database

ROLE = "watcher"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_OURS = "application_name LIKE 'pg-sequence-agent%'"
_STATEMENTS = (
    "SELECT count(DISTINCT s.queryid) FROM pg_stat_statements AS s"
    f" JOIN pg_roles AS r ON r.oid = s.userid AND r.rolname LIKE '{ROLE}%'"
)


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """Descriptors, threads, resident bytes, backends and distinct statements."""

    descriptors: int
    threads: int
    resident: int
    backends: int
    statements: int


def read(process: int, database: Database, *, counting: bool) -> Gauges | None:
    """As they are now; None while the server is down.

    `counting`: the server counts statements (pg_stat_statements).
    """
    proc = Path(f"/proc/{process}")
    try:
        backends = _number(
            database, f"SELECT count(*) FROM pg_stat_activity WHERE {_OURS}"
        )
        statements = _number(database, _STATEMENTS) if counting else 0
    except psycopg.OperationalError:
        return None
    return Gauges(
        descriptors=len(list((proc / "fd").iterdir())),
        threads=len(list((proc / "task").iterdir())),
        resident=int((proc / "statm").read_text().split()[1]) * _PAGE,
        backends=backends,
        statements=statements,
    )


def typical(seen: Sequence[Gauges]) -> Gauges:
    """The median of each."""
    return Gauges(
        **{
            name: int(median(getattr(gauges, name) for gauges in seen))
            for name in Gauges.__dataclass_fields__
        }
    )


def told(gauges: Gauges) -> str:
    names = Gauges.__dataclass_fields__
    return ", ".join(f"{v} {n}" for n, v in zip(names, astuple(gauges), strict=True))


def _number(database: Database, statement: str) -> int:
    [(number,)] = database.execute(statement)
    return int(number)
