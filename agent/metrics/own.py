"""What the agent knows of itself, counted with prometheus_client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder

from agent.domain.status import DatabaseStatus
from agent.metrics.jobs import JobMetrics
from agent.metrics.lines import Format

# From a small database next door to one that runs into every deadline.
_DURATION_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class OwnMetrics:
    """The agent's facts about itself, in a registry of its own; a sink of sampling."""

    def __init__(self, *, version: str) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._sample_duration = Histogram(
            "sequence_agent_sample_duration_seconds",
            "Time that a round spent on the database, whether or not it could read it.",
            ["server", "datname"],
            buckets=_DURATION_BUCKETS,
            registry=registry,
        )
        self._reload_success = Gauge(
            "sequence_agent_config_reload_success",
            "1 if the last configuration that was loaded is in force, 0 if it was broken.",
            registry=registry,
        )
        self._last_reload_success = Gauge(
            "sequence_agent_config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded, in seconds since the epoch.",
            registry=registry,
        )
        self._reload_failures = Counter(
            "sequence_agent_config_reload_failures",
            "Configurations that were broken and not taken.",
            registry=registry,
        )
        self._history_write_failures = Counter(
            "sequence_agent_history_write_failures",
            "Times that the history could not be read or written.",
            registry=registry,
        )
        self.jobs = JobMetrics(registry)
        build = Info("sequence_agent_build", "Which agent this is.", registry=registry)
        build.info({"version": version})
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def observe_sample(self, status: DatabaseStatus) -> None:
        if status.exclusion is not None:
            return
        duration = self._sample_duration.labels(status.server, status.datname)
        duration.observe(status.duration_seconds)

    publish = observe_sample

    def forget(self, server: str, datname: str) -> None:
        self._sample_duration.remove(server, datname)

    def reloaded(self, *, ok: bool, at: datetime) -> None:
        """Say how loading a configuration ended, the first one included."""
        self._reload_success.set(int(ok))
        if not ok:
            self._reload_failures.inc()
            return
        self._last_reload_success.set(at.timestamp())

    def history_failed(self) -> None:
        """Count that the history could not be read or written."""
        self._history_write_failures.inc()

    def text(self, format_: Format) -> bytes:
        """All of it in one format; in OpenMetrics it ends with the mark of the end."""
        encode, _ = choose_encoder(format_.value)
        return encode(self)

    def collect(self) -> Iterator[Metric]:
        """The registry without `_created` series, which double what a fleet costs."""
        for metric in self._registry.collect():
            kept = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            kept.samples = [
                s for s in metric.samples if not s.name.endswith("_created")
            ]
            yield kept
