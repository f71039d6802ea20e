"""What a reset or a resync would do to one database, and whether it may."""

from __future__ import annotations
