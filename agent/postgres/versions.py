"""Which servers are new enough to be read truthfully."""

from __future__ import annotations

from agent.postgres.connect import BoundedConnection
from agent.postgres.errors import PoolerConsoleError, UnsupportedServerError

_OLDEST_MAJOR = 13


def supported_major(opened: BoundedConnection) -> int:
    """The major version of the server.

    Raises UnsupportedServerError and PoolerConsoleError.
    """
    if "bouncer" in (opened.info.parameter_status("server_version") or ""):
        raise PoolerConsoleError(opened.info.dbname)
    major = opened.info.server_version // 10_000
    if major < _OLDEST_MAJOR:
        raise UnsupportedServerError(opened.info.dbname, str(major))
    return major
