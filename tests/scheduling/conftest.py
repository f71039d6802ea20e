from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.clock import SystemClock
from agent.scheduling.timer import Timer
from tests.scheduling.stage import Stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    timer = Timer(SystemClock())
    timer.start()
    yield Stage(timer)
    timer.stop(within=timedelta(seconds=5))
