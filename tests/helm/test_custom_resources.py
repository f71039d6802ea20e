"""Objects of the Prometheus and Grafana operators are as these want them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.helm.charts import CI_FILES, ci_values, render
from tests.helm.custom_resources import mistakes_in_custom
from tests.helm.kubernetes_schemas import CUSTOM

pytestmark = pytest.mark.helm

EVERYTHING: list[dict[str, Any]] = [
    {
        "serviceMonitor": {
            "enabled": True,
            "interval": "30s",
            "scrapeTimeout": "10s",
            "honorLabels": True,
            "targetLabels": ["a"],
            "podTargetLabels": ["b"],
            "sampleLimit": 10,
            "relabelings": [{"action": "labeldrop", "regex": "pod"}],
            "metricRelabelings": [{"action": "keep", "sourceLabels": ["a"]}],
        },
        "prometheusRule": {
            "enabled": True,
            "interval": "1m",
            "alerts": {"PgSequenceExhausted": {"keepFiringFor": "10m"}},
            "extraGroups": [
                {"name": "ours", "rules": [{"record": "a:b", "expr": "1"}]}
            ],
        },
    },
    {"podMonitor": {"enabled": True, "interval": "30s", "podTargetLabels": ["b"]}},
]


def test_every_object_is_as_its_operator_wants_it() -> None:
    sets = [*map(ci_values, CI_FILES), *EVERYTHING]
    objects = [each for values in sets for each in render(values).objects]

    assert {each["kind"] for each in objects} > set(CUSTOM) - {"GrafanaDashboard"}
    assert mistakes_in_custom(objects) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"endpoints": [{"port": 1}]}, "port"),
        ({"endpoints": [{"port": "http", "intervall": "1m"}]}, "endpoints/0/intervall"),
        ({"endpoints": [{"port": "http", "interval": "fast"}]}, "interval"),
        ({"selektor": {}}, "selektor"),
    ],
    ids=["type", "unknown key below", "pattern", "unknown key"],
)
def test_the_models_would_tell_a_mistake(change: dict[str, Any], told: str) -> None:
    values = {"serviceMonitor": {"enabled": True}}
    broken = copy.deepcopy(render(values).one("ServiceMonitor"))
    broken["spec"] |= change

    (mistake,) = mistakes_in_custom([broken])

    assert told in mistake
