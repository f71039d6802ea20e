"""How often a function was called, as the server counts where track_functions is on.

Calls count where the transaction is READ ONLY or rolled back, too.
"""

from __future__ import annotations

from tests.eventually import eventually
from tests.postgres_servers import Database


def calls_of(database: Database, function: str) -> int:
    """Of all sessions, once all but ours have gone; `function` has its schema.

    Every name has its own: the path may be that of somebody who means harm.
    """
    eventually(
        lambda: (
            not database.execute(
                "SELECT FROM pg_catalog.pg_stat_activity AS a"
                " WHERE a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
                " AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
                " AND a.backend_type OPERATOR(pg_catalog.=) 'client backend'"
            )
        )
    )
    [(calls,)] = database.execute(
        "SELECT pg_catalog.pg_stat_get_function_calls("
        f"'{function}'::pg_catalog.regprocedure)"
    )
    return int(calls or 0)
