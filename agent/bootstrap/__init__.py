"""Puts the parts together; the only place that knows all of them."""

from __future__ import annotations
