"""Fixtures of the web tests."""

from __future__ import annotations

import pytest

from tests.web.serving import Agent


@pytest.fixture
def agent() -> Agent:
    return Agent()
