"""How values change the alerts, and what is rendered of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helm.charts import CHART, RefusedError, render

FILE = """\
runbooks: https://example.com/runbooks
alerts:
  One:
    group: sequences
    expr: a{b="[[ text ]]"} > [[ ratio ]] and c < [[ seconds ]]
    for: 5m
    severity: critical
    thresholds: {ratio: 0.9, seconds: 1209600, text: "x|y"}
    summary: 'Above [[ ratio ]] on {{ $labels.server }}'
    description: '{{ $value | humanize }} of {{ $labels.sequencename }}.'
  Two:
    group: agent
    expr: up == 0
    severity: warning
    summary: Down.
    runbook: Other
    enabled: false
"""


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart with two alerts of our own, so that theirs may change."""
    place = tmp_path_factory.mktemp("chart") / "sequence-agent"
    shutil.copytree(CHART, place)
    (place / "files" / "alerts.yaml").write_text(FILE)
    return place


def groups(chart: Path, **values: object) -> Any:
    rendered = render({"prometheusRule": {"enabled": True, **values}}, chart=chart)
    return {
        group["name"]: group["rules"]
        for rule in rendered.of_kind("PrometheusRule")
        for group in rule["spec"]["groups"]
    }


def one(chart: Path, **change: object) -> Any:
    (rule,) = groups(chart, alerts={"One": change})["sequence-agent-sequences"]
    return rule


def test_thresholds_are_filled_in_and_templates_of_prometheus_are_left_alone(
    chart: Path,
) -> None:
    assert one(chart) == {
        "alert": "One",
        "expr": 'a{b="x|y"} > 0.9 and c < 1209600',
        "for": "5m",
        "labels": {"severity": "critical"},
        "annotations": {
            "summary": "Above 0.9 on {{ $labels.server }}",
            "description": "{{ $value | humanize }} of {{ $labels.sequencename }}.",
            "runbook_url": "https://example.com/runbooks/One.md",
        },
    }


def test_everything_about_an_alert_can_be_changed(chart: Path) -> None:
    changed = one(
        chart,
        **{
            "for": "1h",
            "keepFiringFor": "2h",
            "severity": "info",
            "thresholds": {"ratio": 0.5, "seconds": 60.0},
            "labels": {"team": "a"},
            "annotations": {"summary": "Ours."},
        },
    )

    assert changed["expr"] == 'a{b="x|y"} > 0.5 and c < 60'
    assert (changed["for"], changed["keep_firing_for"]) == ("1h", "2h")
    assert changed["labels"] == {"severity": "info", "team": "a"}
    assert changed["annotations"]["summary"] == "Ours."


def test_an_alert_that_is_off_is_not_there_until_it_is_switched_on(chart: Path) -> None:
    off = groups(chart)
    on = groups(chart, alerts={"One": {"enabled": False}, "Two": {"enabled": True}})

    assert list(off) == ["sequence-agent-sequences"]
    assert list(on) == ["sequence-agent-agent"]
    runbook = on["sequence-agent-agent"][0]["annotations"]["runbook_url"]
    assert runbook == "https://example.com/runbooks/Other.md"


def test_with_all_alerts_off_there_is_no_rule_at_all(chart: Path) -> None:
    assert groups(chart, alerts={"One": {"enabled": False}}) == {}


def test_labels_for_routing_are_on_every_alert(chart: Path) -> None:
    (rule,) = groups(chart, additionalRuleLabels={"team": "a"})[
        "sequence-agent-sequences"
    ]

    assert rule["labels"] == {"severity": "critical", "team": "a"}


def test_an_expression_with_a_threshold_that_is_not_there_is_refused(
    chart: Path, tmp_path: Path
) -> None:
    place = tmp_path / "sequence-agent"
    shutil.copytree(chart, place)
    (place / "files" / "alerts.yaml").write_text(FILE.replace("ratio: 0.9", "r: 1"))

    with pytest.raises(RefusedError, match=r"\[\[ ratio \]\] is no threshold"):
        groups(place)


SHIPPED = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())["alerts"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_alert_can_be_switched_off(name: str) -> None:
    everything = {other: {"enabled": True} for other in SHIPPED}

    found = groups(CHART, alerts=everything | {name: {"enabled": False}})

    names = {rule["alert"] for rules in found.values() for rule in rules}
    assert names == set(SHIPPED) - {name}


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        (name, key)
        for name, each in SHIPPED.items()
        for key in each.get("thresholds", {})
    ],
)
def test_every_shipped_threshold_can_be_changed(name: str, threshold: str) -> None:
    before = SHIPPED[name]["thresholds"][threshold]
    value = "changed" if isinstance(before, str) else 0.125

    found = groups(
        CHART, alerts={name: {"enabled": True, "thresholds": {threshold: value}}}
    )

    (rule,) = [
        rule for rules in found.values() for rule in rules if rule["alert"] == name
    ]
    assert str(value) in f"{rule['expr']} {rule.get('for')}"
