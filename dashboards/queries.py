"""Selections of the agent's series, by the variables that all dashboards share."""

from __future__ import annotations

SEQUENCE_LABELS = "server, datname, schemaname, sequencename"
DATABASE_LABELS = "server, datname"

_AGENT = 'job=~"$job",instance=~"$instance"'
_DATABASES = f'{_AGENT},server=~"$server",datname=~"$datname"'
_SEQUENCE = (
    f'{_AGENT},server="$server",datname="$datname"'
    ',schemaname="$schemaname",sequencename="$sequencename"'
)
# Prometheus has a `job` of its own, and calls that of the agent's jobs exported_job.
_JOBS = f'{_AGENT},exported_job=~"$reset_job"'


def of_agents(metric: str, more: str = "") -> str:
    """Of all agents that are chosen.

    >>> of_agents("sequence_agent_build_info")
    'sequence_agent_build_info{job=~"$job",instance=~"$instance"}'
    """
    return _selected(metric, _AGENT, more)


def of_databases(metric: str, more: str = "") -> str:
    return _selected(metric, _DATABASES, more)


def of_sequence(metric: str, more: str = "") -> str:
    return _selected(metric, _SEQUENCE, more)


def of_jobs(metric: str, more: str = "") -> str:
    return _selected(metric, _JOBS, more)


def by_sequence(metric: str, more: str = "") -> str:
    """One value for each sequence, however many replicas look at it."""
    return f"max by ({SEQUENCE_LABELS}) ({of_databases(metric, more)})"


def by_database(metric: str, more: str = "") -> str:
    return f"max by ({DATABASE_LABELS}) ({of_databases(metric, more)})"


def _selected(metric: str, matchers: str, more: str) -> str:
    return f"{metric}{{{matchers}{',' if more else ''}{more}}}"
