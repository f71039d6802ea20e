"""A real PostgreSQL in a box, and an example application on it."""

from __future__ import annotations
