"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest

from tests.cli.remembering import Home, home_of
from tests.postgres_servers import Database


class ConfigFor(Protocol):
    """Writes a configuration for one database; the file's path."""

    def __call__(self, database: Database, more: str = "") -> str: ...


@pytest.fixture
def config_for(tmp_path: Path) -> ConfigFor:
    def write(database: Database, more: str = "") -> str:
        file = tmp_path / "config.yaml"
        file.write_text(
            f"servers:\n  - name: primary\n    dsn: {database.dsn}\n"
            f"    databases: {{include: [{database.name}]}}\n{more}\n"
        )
        return str(file)

    return write


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Home:
    return home_of(database, tmp_path, more="")
