"""What every SQL file of the agent has to be, whatever it asks."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from agent.postgres.connect import BoundedConnection, Endpoint, connection
from tests.postgres_servers import Database
from tests.sampled import CLOCK

FOLDER = files("agent.postgres.queries")
FILES = sorted(each.name for each in FOLDER.iterdir() if each.name.endswith(".sql"))
# What may run before the search path of a transaction is set.
FIRST = ("session_settings", "seed_session", "seed_settings")
_CALL = re.compile(
    r"(?<![.\w])(?!(?:in|array|exists|all|any|operator)\b)([a-z_]\w*)\(",
    re.IGNORECASE,
)


@pytest.mark.parametrize("name", FILES)
def test_a_statement_is_ascii_for_a_latin1_database_takes_no_more(name: str) -> None:
    assert FOLDER.joinpath(name).read_bytes().isascii()


@pytest.mark.parametrize("name", FIRST)
def test_nothing_unqualified_is_called_before_the_path_is_ours(name: str) -> None:
    text = FOLDER.joinpath(f"{name}.sql").read_text(encoding="ascii")
    code = "\n".join(
        line for line in text.splitlines() if not line.lstrip().startswith("--")
    )

    assert _CALL.findall(code) == []


def test_every_transaction_begins_with_our_path(database: Database) -> None:
    database.execute(f'ALTER DATABASE "{database.name}" SET search_path = evil, public')
    here = Endpoint(conninfo=lambda: database.dsn, clock=CLOCK)
    found = []
    with connection(here, None) as opened:
        with opened.transaction():
            found.append(_path(opened))
            with opened.transaction():
                found.append(_path(opened))
        opened.begin()
        found.append(_path(opened))
        opened.execute("ROLLBACK")
        after = opened.execute("SHOW search_path").fetchone()

    assert found == [("pg_catalog, pg_temp",)] * 3
    assert after == ("evil, public",)


def _path(opened: BoundedConnection) -> tuple[object, ...] | None:
    return opened.execute("SHOW search_path").fetchone()
