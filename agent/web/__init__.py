"""The HTTP face of the agent: read-only, and never waiting on a database."""

from __future__ import annotations
