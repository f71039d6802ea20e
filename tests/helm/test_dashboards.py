"""Dashboards reach Grafana as they are, whatever is in them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helm.charts import CHART, render
from tests.helm.kubernetes_schemas import mistakes

# What templates of Helm, and YAML, would stumble over.
AWKWARD = {
    "title": "Ünïcode: “quotes” # no comment",
    "legend": "{{schemaname}}.{{ sequencename }}",
    "lines": "one\n  two\n---\n",
    "number": 1.0e30,
}
OPERATOR = {"enabled": True, "instanceSelector": {"matchLabels": {"a": "b"}}}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    place = tmp_path / "sequence-agent"
    shutil.copytree(CHART, place, ignore=shutil.ignore_patterns("dashboards"))
    (place / "dashboards").mkdir()
    text = json.dumps(AWKWARD, indent=2, ensure_ascii=False) + "\n"
    for name in ("Fleet_overview.json", "sequence-agent-health.json"):
        (place / "dashboards" / name).write_text(text)
    return place


def dashboards(chart: Path, **values: object) -> Any:
    return render({"dashboards": values}, chart=chart)


def test_each_dashboard_is_a_config_map_that_the_sidecar_finds(chart: Path) -> None:
    rendered = dashboards(chart, enabled=True, annotations={"grafana_folder": "Ours"})

    found = [
        each
        for each in rendered.of_kind("ConfigMap")
        if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    names = {each["metadata"]["name"] for each in found}
    assert names == {"demo-sequence-agent-fleet-overview", "demo-sequence-agent-health"}
    for each in found:
        (text,) = each["data"].values()
        assert json.loads(text) == AWKWARD
        assert each["metadata"]["annotations"] == {"grafana_folder": "Ours"}
    assert mistakes(found, "1.37") == []


def test_each_dashboard_is_an_object_of_the_grafana_operator(chart: Path) -> None:
    rendered = dashboards(chart, operator=OPERATOR | {"folder": "Ours"})

    found = rendered.of_kind("GrafanaDashboard")
    assert len(found) == 2
    for each in found:
        assert json.loads(each["spec"]["json"]) == AWKWARD
        assert each["spec"]["folder"] == "Ours"


def test_a_label_that_is_taken_back_is_gone(chart: Path) -> None:
    labels = {"grafana_dashboard": None, "ours": "1"}
    rendered = dashboards(chart, enabled=True, labels=labels)

    found = [each["metadata"]["labels"] for each in rendered.of_kind("ConfigMap")]
    assert not any("grafana_dashboard" in each for each in found)
    assert sum("ours" in each for each in found) == 2


def test_no_config_map_comes_near_what_kubernetes_stores() -> None:
    for each in dashboards(CHART, enabled=True).of_kind("ConfigMap"):
        assert sum(map(len, each["data"].values())) < 700_000
