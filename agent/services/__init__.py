"""The few verbs of the program: sample a database, survey servers."""

from __future__ import annotations
