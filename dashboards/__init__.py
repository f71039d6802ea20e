"""What Prometheus and Grafana need of the agent, as code; nothing here is part of it."""

from __future__ import annotations
