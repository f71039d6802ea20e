"""Cron expressions as they are kept in the configuration: text that was tried once."""

from __future__ import annotations

from agent.domain.schedules.cron import parse_cron


def checked_cron(text: str) -> str:
    """Return the expression with single blanks; raise ValueError if it cannot fire.

    >>> checked_cron("0  3 * * mon-fri")
    '0 3 * * mon-fri'
    """
    return parse_cron(text).text
