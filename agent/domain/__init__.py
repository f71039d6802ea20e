"""The pure core: sequences, columns, limits, findings. No I/O, no clock, no log."""

from __future__ import annotations
