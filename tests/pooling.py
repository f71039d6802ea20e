"""PgBouncer in transaction mode before a server of a test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg.conninfo import conninfo_to_dict

from agent.demo.embedded import free_port
from tests.eventually import eventually
from tests.postgres_servers import missing

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")

# More connections of the pool than one, so that a client meets several of them.
_CONFIGURATION = """\
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
admin_users = {user}
pool_mode = transaction
default_pool_size = 4
server_round_robin = 1
"""


@contextmanager
def pooling(dsn: str) -> Iterator[str]:
    """The same DSN, through a pooler; its console is the database `pgbouncer`."""
    if PROGRAM is None:
        # Not fetched for developers: seen where it happens to be.
        missing("pgbouncer is not here")
    parts, own_port = conninfo_to_dict(dsn), free_port()
    name = parts["dbname"]
    with TemporaryDirectory(prefix="test-") as directory:
        Path(directory).chmod(0o755)
        file = Path(directory) / "pgbouncer.ini"
        file.write_text(
            _CONFIGURATION.format(
                name=name,
                host=parts["host"],
                port=parts["port"],
                user=parts["user"],
                password=parts["password"],
                own_port=own_port,
            )
        )
        account = ["-u", "nobody"] if os.geteuid() == 0 else []
        process = subprocess.Popen(
            [PROGRAM, "-q", *account, file], stderr=subprocess.DEVNULL
        )
        try:
            eventually(lambda: _answers(own_port))
            yield f"postgresql://{parts['user']}@127.0.0.1:{own_port}/{name}"
        finally:
            process.terminate()
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
