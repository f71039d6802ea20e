"""The newest status of every database, for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from agent.domain.status import DatabaseStatus


class Board:
    """Keeps the newest status of each (server, datname); a sink of sampling.

    The mapping is replaced and never changed, so that whoever holds one reads it
    without a lock and sees one instant.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._databases: Mapping[tuple[str, str], DatabaseStatus] = {}

    def databases(self) -> Mapping[tuple[str, str], DatabaseStatus]:
        return self._databases

    def publish(self, status: DatabaseStatus) -> None:
        key = (status.server, status.datname)
        with self._lock:
            self._databases = {**self._databases, key: status}

    def forget(self, server: str, datname: str) -> None:
        gone = (server, datname)
        with self._lock:
            kept = {key: s for key, s in self._databases.items() if key != gone}
            self._databases = kept
