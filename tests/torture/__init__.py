"""Sequences that other tools get wrong, each with its right answer worked out by hand."""

from __future__ import annotations
