"""Tests of alerts, runbooks and dashboards, with real Prometheus and Alertmanager."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("grafana_foundation_sdk") is None:
    # `make test-chart` installs it.
    collect_ignore_glob = ["*.py"]
