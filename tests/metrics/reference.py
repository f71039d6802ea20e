"""The same families spelled by prometheus_client, which the fast path is held against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from agent.domain.status import DatabaseStatus, State
from agent.metrics.families import FAMILIES, Family, Round, Sample, SequenceFamily

_MAKE = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}
Labelled = tuple[dict[str, str], float]


class ReferenceCollector:
    """What a prometheus_client program would collect for these databases."""

    def __init__(self, statuses: Sequence[DatabaseStatus]) -> None:
        self._metrics = [_metric(family, statuses) for family in FAMILIES]

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _metric(family: Family, statuses: Sequence[DatabaseStatus]) -> Metric:
    # A counter has its suffix on its samples only.
    metric = Metric(family.name.removesuffix("_total"), family.help, family.type)
    for status in statuses:
        for labels, value in _labelled(family, status):
            metric.add_sample(family.name, labels, value)
    return metric


def _labelled(family: Family, status: DatabaseStatus) -> Iterator[Labelled]:
    database = {"server": status.server, "datname": status.datname}
    if not isinstance(family, SequenceFamily):
        round_ = Round(status=status, last_success=status.sampled_at)
        yield from _with(database, family.samples(round_))
        return
    for each in status.sequences:
        told = each.state is not State.MISSING or family.of_missing
        if told and each.state is not State.VANISHED:
            names = {
                "schemaname": each.sequence.schema,
                "sequencename": each.sequence.name,
            }
            yield from _with(database | names, family.samples(each))


def _with(labels: dict[str, str], samples: Iterable[Sample]) -> Iterator[Labelled]:
    for more, value in samples:
        yield labels | dict(more), float(value)
