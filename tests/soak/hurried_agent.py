"""The agent with a clock of which a second passes in less: `python -m tests.soak.hurried_agent 600 run …`.

Only the time of day is hurried: what is waited for, is waited for in real seconds.
"""

from __future__ import annotations

import sys
from datetime import datetime

from agent.cli import main
from agent.clock import SystemClock


def hurry(factor: int) -> None:
    """Multiply the time of day that passes from here on."""
    real = SystemClock.now
    began = real(SystemClock())

    def now(clock: SystemClock) -> datetime:
        return began + (real(clock) - began) * factor

    setattr(SystemClock, "now", now)  # noqa: B010 - mypy knows no other way


if __name__ == "__main__":
    hurry(int(sys.argv.pop(1)))
    main()
