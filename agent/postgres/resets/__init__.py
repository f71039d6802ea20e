"""Carries plans out, and keeps the record of it."""

from __future__ import annotations
