"""What the log says of trouble with a server and its databases."""

from __future__ import annotations

import structlog

log = structlog.get_logger()


class Troubles:
    """Logs a failure when it begins, changes or ends, and not at every tick."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._of_server: str | None = None
        self._of_databases: dict[str, str] = {}

    def is_new(self, datname: str, error: str | None) -> bool:
        """Whether the last look at the database ended otherwise."""
        return error != self._of_databases.get(datname)

    def of_database(self, datname: str, error: str | None) -> None:
        if not self.is_new(datname, error):
            return
        if error is None:
            del self._of_databases[datname]
            log.info("database_readable", server=self._server, database=datname)
        else:
            self._of_databases[datname] = error
            log.warning(
                "database_unreadable",
                server=self._server,
                database=datname,
                error=error,
            )

    def of_server(self, error: str | None) -> None:
        if error == self._of_server:
            return
        self._of_server = error
        if error is None:
            log.info("server_readable", server=self._server)
        else:
            log.warning("server_unreadable", server=self._server, error=error)

    def forget(self, datname: str) -> None:
        self._of_databases.pop(datname, None)
