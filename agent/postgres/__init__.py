"""All SQL, all connections to sampled servers, every deadline."""

from __future__ import annotations
