"""What a person wrote, parsed once: the only place that knows YAML and pydantic."""

from __future__ import annotations

from agent.config.jobs import Job, Limits, Locks, Schedule, TableFilter
from agent.config.loading import check, load
from agent.config.models import (
    Config,
    History,
    Listen,
    Log,
    Metrics,
    Sampling,
    Severity,
    Threshold,
)
from agent.config.problems import ConfigError, Problem
from agent.config.schema import json_schema
from agent.config.secrets import SecretUnreadableError
from agent.config.servers import Filter, Resets, Server
from agent.config.watching import ConfigFile

__all__ = [
    "Config",
    "ConfigError",
    "ConfigFile",
    "Filter",
    "History",
    "Job",
    "Limits",
    "Listen",
    "Locks",
    "Log",
    "Metrics",
    "Problem",
    "Resets",
    "Sampling",
    "Schedule",
    "SecretUnreadableError",
    "Server",
    "Severity",
    "TableFilter",
    "Threshold",
    "check",
    "json_schema",
    "load",
]
