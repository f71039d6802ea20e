"""When things happen: ticks become calls of services. APScheduler lives here."""

from __future__ import annotations
