"""Fixtures of the embedded server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import pytest

from agent.demo.embedded import wheel_binaries
from tests.postgres_servers import Source, binaries_of


@pytest.fixture
def binaries() -> Path:
    """Any version's, for what does not depend on it."""
    return wheel_binaries(18)


@pytest.fixture
def each_binaries(postgres_major: int, pytestconfig: pytest.Config) -> Path:
    source = cast("Source", pytestconfig.getoption("--postgres-from"))
    return binaries_of(postgres_major, source)


@pytest.fixture
def parent() -> Iterator[Path]:
    """A directory that every account can write to, with a short path."""
    with TemporaryDirectory(dir="/tmp", prefix="test-") as directory:
        Path(directory).chmod(0o777)
        yield Path(directory)
