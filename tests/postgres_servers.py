"""PostgreSQL servers for tests, by version, and databases on them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Literal, NoReturn, Self
from urllib.parse import quote

import psycopg
import pytest

from agent.demo.embedded import EmbeddedPostgres, Standby, wheel_binaries

Source = Literal["wheel", "npm"]

WHEEL_MAJORS = (16, 18)
_MEMORY = Path("/dev/shm")  # noqa: S108 - below it, a directory of our own is made
_PLENTY_BYTES = 8 * 1024**3

CACHE = Path(__file__).parent.parent / ".cache" / "postgres"


class Servers:
    """The servers of one test process, each started when first asked for."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._started: dict[int, EmbeddedPostgres] = {}
        self._standbys: dict[int, Standby] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def primary(self, major: int) -> EmbeddedPostgres:
        if major not in self._started:
            binaries = binaries_of(major, self._source)
            server = EmbeddedPostgres(binaries, parent=quick_place())
            self._started[major] = self._stack.enter_context(server)
            _check_quickly(server)
        return self._started[major]

    def standby(self, major: int) -> Standby:
        if major not in self._standbys:
            standby = self.primary(major).clone_standby()
            self._standbys[major] = self._stack.enter_context(standby)
        return self._standbys[major]


def _check_quickly(server: EmbeddedPostgres) -> None:
    """Make the superuser's password one that takes no milliseconds to check."""
    if server.major >= 16:
        quickly = f"SET scram_iterations = 1; ALTER ROLE postgres PASSWORD '{server.password}'"
        _execute(server.socket_dsn(), quickly)


def quick_place() -> Path | None:
    """Memory, where there is plenty: every test makes a database of 1,000 files.

    None is where temporary files go; there ext4 looks at each of the many that were
    just deleted before it makes a new one.
    """
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK):
        return None
    space = os.statvfs(_MEMORY)
    roomy = space.f_bavail * space.f_frsize >= _PLENTY_BYTES
    return _MEMORY if roomy and not space.f_flag & os.ST_NOEXEC else None


def binaries_of(major: int, source: Source) -> Path:
    """The programs of a version; the test is skipped where they are missing."""
    if source == "wheel" and major in WHEEL_MAJORS:
        return wheel_binaries(major)
    binaries = CACHE / str(major) / "bin"
    if not (binaries / "postgres").exists():
        missing(
            f"PostgreSQL {major} is not here: python tests/fetch_postgres.py {major}"
        )
    return binaries


def missing(what: str) -> NoReturn:
    """Skip on a developer's machine; where nobody looks, that would go unnoticed."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database of one test, on a server that other tests use too."""

    name: str
    server: EmbeddedPostgres
    roles: list[str] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        """As the superuser, over TCP."""
        return self.server.dsn(self.name)

    @property
    def major(self) -> int:
        return self.server.major

    def connect(self, dsn: str | None = None) -> psycopg.Connection:
        """As the superuser, or as whom a DSN of `role` says; close it."""
        return psycopg.connect(dsn or self._quick_dsn, autocommit=True)

    def execute(
        self, statement: str, parameters: Sequence[object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run SQL as the superuser; several statements, if without parameters."""
        return _execute(self._quick_dsn, statement, parameters)

    @property
    def _quick_dsn(self) -> str:
        """As the superuser, without the milliseconds that a password takes to check."""
        return self.server.socket_dsn(self.name)

    def role(
        self,
        name: str,
        *,
        grants: Sequence[str] = (),
        member_of: Sequence[str] = (),
        attributes: str = "",
    ) -> str:
        """Create a login role; the DSN to come here as that role.

        `name` gets a suffix, for roles belong to the whole server: `role_name(dsn)`.
        `grants` are what stands between GRANT and TO; `attributes` such as "BYPASSRLS".
        """
        role, password = f"{name}_{token_hex(4)}", token_hex(8)
        self.roles.append(role)
        statements = [
            f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{password}' {attributes}",
            *(f'GRANT {grant} TO "{role}"' for grant in (*grants, *member_of)),
        ]
        if self.major >= 16:
            statements.insert(0, "SET scram_iterations = 1")
        self.execute(";".join(statements))
        address = f"127.0.0.1:{self.server.port}"
        return f"postgresql://{quote(role)}:{password}@{address}/{quote(self.name)}"


def role_name(dsn: str) -> str:
    """The real name of a role that `Database.role` made."""
    return str(psycopg.conninfo.conninfo_to_dict(dsn)["user"])


@contextmanager
def database_on(
    server: EmbeddedPostgres, *, template: str = "template0"
) -> Iterator[Database]:
    """A fresh database that is dropped afterwards, with the roles made for it."""
    database = Database(name=f"test_{token_hex(6)}", server=server)
    # Copied as files: twice as fast as page by page through the log, where nothing is kept.
    strategy = "STRATEGY file_copy" if server.major >= 15 else ""
    _execute(
        server.socket_dsn(),
        f'CREATE DATABASE "{database.name}" TEMPLATE "{template}" {strategy}',
    )
    try:
        yield database
    finally:
        _drop(database)


def _drop(database: Database) -> None:
    server = database.server
    if not server.running:  # a test that took the server down starts it again itself
        return
    admin = server.socket_dsn()
    _execute(admin, f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
    _execute(
        admin,
        ";".join(f'DROP OWNED BY "{r}"; DROP ROLE "{r}"' for r in database.roles),
    )


def _execute(
    dsn: str, statement: str, parameters: Sequence[object] | None = None
) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        # As bytes: psycopg takes text only from literals, and this is a test.
        cursor = connection.execute(statement.encode(), parameters)
        return cursor.fetchall() if cursor.description else []
