"""Knows how much every PostgreSQL sequence has left, and says so."""

from __future__ import annotations

__version__ = "0.1.0"
