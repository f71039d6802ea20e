"""The dashboards: as the code makes them, and by the rules of grafana/dashboard-linter.

Each of its 17 rules is a test here, named in its first line; what is excused is in
`EXCUSED`, with the reason, and in docs/dashboards.md. The two rules about LogQL have
nothing to look at.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.rules import ROOT
from dashboards.sdk import JSONEncoder, models
from dashboards.written import FOLDER, documents
from tests.observability.boards import (
    BOARDS,
    Selected,
    Target,
    all_targets,
    everything,
    label_values,
    marks,
    panels,
    parsed,
    selected,
    variables,
)

EACH_BOARD = pytest.mark.parametrize("name", BOARDS)
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {
    "none",
    "short",
    "percentunit",
    "s",
    "cps",
    "ops",
    "bytes",
    "bool_yes_no",
    "dateTimeAsIso",
    "dateTimeFromNow",
}
# Variables that choose one object on purpose are neither multi nor "All".
SINGLE = {"server", "datname", "schemaname", "sequencename"}
EXCUSED = {
    "target-rate-interval-rule": "increase over $__range, in numbers and tables that"
    " count what happened in the time range"
}


def selections() -> list[tuple[Target, Selected]]:
    return [
        (target, each)
        for target in all_targets()
        for each in selected(parsed(everything(target.expr)))
    ]


def test_the_files_are_what_the_code_makes() -> None:
    written = {path.name: path.read_text() for path in FOLDER.glob("*.json")}

    assert written == documents(), "python -m dashboards"


@EACH_BOARD
def test_grafana_knows_every_key(name: str) -> None:
    """The SDK drops what it does not know: a round trip finds typing errors."""
    read = models.Dashboard.from_json(BOARDS[name])

    assert json.loads(json.dumps(read, cls=JSONEncoder)) == BOARDS[name]


@EACH_BOARD
def test_uneditable_dashboard(name: str) -> None:
    assert BOARDS[name]["editable"] is False
    assert BOARDS[name]["uid"] == name


@EACH_BOARD
def test_template_datasource_rule(name: str) -> None:
    [first] = [
        v for v in BOARDS[name]["templating"]["list"] if v["type"] == "datasource"
    ]

    assert (first["name"], first["label"]) == ("datasource", "Data source")
    assert first["query"] == "prometheus"


@EACH_BOARD
@pytest.mark.parametrize("wanted", ["job", "instance"])
def test_template_job_rule_and_template_instance_rule(name: str, wanted: str) -> None:
    [variable] = [v for v in variables(BOARDS[name]) if v["name"] == wanted]

    assert variable["label"].lower() == wanted
    assert variable["datasource"] == DATASOURCE
    assert variable["multi"]
    assert variable["allValue"] == ".+"


@EACH_BOARD
def test_template_label_promql_rule(name: str) -> None:
    for variable in variables(BOARDS[name]):
        selector, label = label_values(variable)
        [found] = selected(parsed(everything(selector)))
        assert found.metric
        assert label


@EACH_BOARD
def test_template_on_time_change_reload_rule(name: str) -> None:
    assert {v["refresh"] for v in variables(BOARDS[name])} == {2}


@EACH_BOARD
def test_a_variable_chooses_several_or_one_on_purpose(name: str) -> None:
    for variable in variables(BOARDS[name]):
        one = name == "sequence-agent-sequence" and variable["name"] in SINGLE
        assert variable["multi"] is not one
        assert variable["includeAll"] is not one


@EACH_BOARD
def test_panel_datasource_rule(name: str) -> None:
    for panel in panels(BOARDS[name]):
        assert panel["datasource"] == DATASOURCE
        assert all(t["datasource"] == DATASOURCE for t in panel["targets"])


@EACH_BOARD
def test_panel_title_description_rule(name: str) -> None:
    titles = [panel["title"] for panel in panels(BOARDS[name])]

    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert all(panel["description"].endswith(".") for panel in panels(BOARDS[name]))


@EACH_BOARD
def test_panel_units_rule(name: str) -> None:
    for panel in panels(BOARDS[name]):
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        for override in panel["fieldConfig"]["overrides"]:
            units = [p["value"] for p in override["properties"] if p["id"] == "unit"]
            assert set(units) <= UNITS


@EACH_BOARD
def test_panel_no_targets_rule(name: str) -> None:
    for panel in panels(BOARDS[name]):
        refs = [target["refId"] for target in panel["targets"]]
        assert refs
        assert len(set(refs)) == len(refs)


def test_target_promql_rule() -> None:
    for target in all_targets():
        parsed(everything(target.expr))
    for board in BOARDS.values():
        for expr in marks(board):
            parsed(everything(expr))


def test_target_rate_interval_rule() -> None:
    for target, each in selections():
        if each.range_of in {"rate", "irate"}:
            assert each.seconds == 300, target.title  # what everything() expands it to
        assert each.range_of != "increase" or each.seconds in {300, 86_400}


@pytest.mark.parametrize("label", ["job", "instance"])
def test_target_job_rule_and_target_instance_rule(label: str) -> None:
    for target, each in selections():
        assert (label, "MatchOp.Re", f"var-{label}") in each.matchers, target.title


def test_target_counter_agg_rule() -> None:
    for target, each in selections():
        if each.metric.endswith("_total"):
            assert each.range_of in {"rate", "irate", "increase"}, target.title


def test_target_logql_rules_have_nothing_to_look_at() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            assert panel["datasource"]["type"] == "prometheus"


@EACH_BOARD
def test_panels_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


@EACH_BOARD
def test_ids_are_there_and_differ(name: str) -> None:
    ids = [panel["id"] for panel in BOARDS[name]["panels"]]

    assert sorted(ids) == list(range(1, len(ids) + 1))


@EACH_BOARD
def test_a_configmap_can_hold_it(name: str) -> None:
    assert len((FOLDER / f"{name}.json").read_bytes()) < 256 * 1024


def test_links_lead_to_dashboards_that_are_there() -> None:
    links = [
        link["url"]
        for board in BOARDS.values()
        for panel in panels(board)
        for link in _data_links(panel)
    ]

    assert links
    for url in links:
        assert url.startswith("/d/")
        assert url.split("/")[2].split("?")[0] in BOARDS


def _data_links(panel: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        link
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "links"
        for link in each["value"]
    ]


def test_what_a_link_takes_from_a_row_is_a_column() -> None:
    for board in BOARDS.values():
        for panel in panels(board):
            overrides = panel["fieldConfig"]["overrides"]
            titles = {override["matcher"]["options"] for override in overrides}
            for link in _data_links(panel):
                for field in link["url"].split("__data.fields.")[1:]:
                    assert field.split("}")[0] in titles


def test_excuses_are_written_down() -> None:
    text = " ".join((ROOT / "docs" / "dashboards.md").read_text().split())

    for rule, reason in EXCUSED.items():
        assert rule in text
        assert reason in text
