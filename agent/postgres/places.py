"""Where a connection string leads, before and after libpq has gone there."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import OperationalError, pq
from psycopg.conninfo import make_conninfo


def resolved(parameters: Mapping[str, str]) -> dict[str, str]:
    """Host, port, database and user as libpq takes them, without any connection.

    A service, the environment and what libpq was built with are looked up. It gives up
    before it opens anything, for there is no such sslmode. Of a service that is not
    there, nothing but the port is known.
    """
    conninfo = make_conninfo(**{**parameters, "sslmode": "none such"})
    given_up = pq.PGconn.connect_start(conninfo.encode())
    try:
        looked_up = {each.keyword: each.val for each in given_up.info}
        found = {
            "host": looked_up.get(b"host") or given_up.host,
            "port": looked_up.get(b"port") or given_up.port,
            "dbname": given_up.db,
            "user": given_up.user,
        }
    finally:
        given_up.finish()
    return {name: value.decode() for name, value in found.items() if value}


def service_of(parameters: Mapping[str, str]) -> str | None:
    """The service that tells libpq the host, if it is one that does."""
    if parameters.get("host") or parameters.get("hostaddr"):
        return None
    defaults = {each.keyword: each.val for each in pq.Conninfo.get_defaults()}
    of_environment = (defaults.get(b"service") or b"").decode()
    return parameters.get("service") or of_environment or None


def address(parameters: Mapping[str, str]) -> str:
    """A name for the server: that of its service, else host and port, or all of several."""
    if service := service_of(parameters):
        return service
    hosts = _hosts(parameters)
    ports = (parameters.get("port") or resolved(parameters).get("port", "")).split(",")
    if len(ports) != len(hosts):
        ports = ports[:1] * len(hosts)
    return ",".join(
        f"{host}:{port or '5432'}" for host, port in zip(hosts, ports, strict=True)
    )


def has_several_hosts(parameters: Mapping[str, str]) -> bool:
    """Whether only a connection tells which of them it is."""
    return len(_hosts(parameters)) > 1


def _hosts(parameters: Mapping[str, str]) -> list[str]:
    given = parameters.get("host") or parameters.get("hostaddr")
    return (given or resolved(parameters).get("host", "localhost")).split(",")


def connect_by_bytes(settings: Mapping[str, str], name: bytes) -> pq.abc.PGconn:
    """A connection to a database whose name is not UTF-8: psycopg takes only text.

    libpq takes any bytes, and waits as long as `connect_timeout` says.
    """
    escaped = name.replace(b"\\", b"\\\\").replace(b"'", b"\\'")
    conninfo = make_conninfo(**{**settings, "dbname": ""}).encode()
    opened = pq.PGconn.connect(conninfo + b" dbname='" + escaped + b"'")
    if opened.status != pq.ConnStatus.OK:
        reason = opened.get_error_message("utf-8")
        opened.finish()
        raise OperationalError(reason)
    opened.nonblocking = 1
    return opened
