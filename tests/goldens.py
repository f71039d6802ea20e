"""Compares whole texts with files; UPDATE_GOLDENS=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path


def golden(path: Path, text: str) -> str:
    """The text that `text` should be."""
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_bytes(text.encode())
    return path.read_bytes().decode()  # bytes, so that a carriage return stays one
