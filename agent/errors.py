"""What can go wrong in ways that a user can mend."""

from __future__ import annotations


class AgentError(Exception):
    """Something a user can act on; its text is one readable sentence."""
