"""How far two clocks are apart, in words."""

from __future__ import annotations

from datetime import timedelta

from agent.domain.wording import duration_in_words


def skew_in_words(ahead: timedelta) -> str:
    """By how much our clock is ahead of a server's, or behind it, to the second.

    >>> skew_in_words(timedelta(hours=5))
    "this agent's clock is 5 hours ahead of the server's"
    >>> skew_in_words(timedelta(seconds=-90))
    "this agent's clock is 1 minute 30 seconds behind the server's"
    """
    words = duration_in_words(timedelta(seconds=round(abs(ahead).total_seconds())))
    where = "ahead of" if ahead > timedelta() else "behind"
    return f"this agent's clock is {words} {where} the server's"
