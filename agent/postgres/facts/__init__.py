"""Reads what a plan is made of; whatever it locks or sets, it gives back."""

from __future__ import annotations
