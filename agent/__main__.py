"""`python -m agent` is `sequence-agent`."""

from __future__ import annotations

from agent.cli import main

main()
