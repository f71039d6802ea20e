"""COPY … FROM stdin as one command, with the rows from a text.

psycopg's own copy() sends it by the simple protocol, which takes more commands than one:
`COPY t FROM stdin; COMMIT` would end the transaction.
"""

from __future__ import annotations

from psycopg import errors, generators, pq
from psycopg.abc import PQGen

from agent.postgres.connect import BoundedConnection

_CHUNK_BYTES = 1024**2


def copy_rows(connection: BoundedConnection, command: str, rows: str) -> None:
    """Raises psycopg.Error, also for a text that is no COPY … FROM stdin, or not alone."""
    pgconn = connection.pgconn
    connection.wait(_begun(connection, command.encode()))
    for start in range(0, len(rows), _CHUNK_BYTES):
        chunk = rows[start : start + _CHUNK_BYTES].encode()
        connection.wait(generators.copy_to(pgconn, chunk))
    connection.wait(generators.copy_end(pgconn, None))


def _begun(connection: BoundedConnection, command: bytes) -> PQGen[None]:
    connection.pgconn.send_query_params(command, None)
    results = yield from generators.execute(connection.pgconn)
    (result,) = results
    if result.status == pq.ExecStatus.FATAL_ERROR:
        raise errors.error_from_result(result, encoding=connection.info.encoding)
    if result.status != pq.ExecStatus.COPY_IN:
        raise errors.ProgrammingError("it is no COPY … FROM stdin")
