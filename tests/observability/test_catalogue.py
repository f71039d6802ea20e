"""Every metric that anything names exists, and every metric that exists is documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.domain.resets.gates import GATES
from agent.domain.resets.runs import Taken
from agent.metrics.families import FAMILIES
from agent.metrics.lines import Format
from agent.metrics.own import OwnMetrics
from dashboards.rules import ROOT, load_alerts
from tests.domain.statuses import database_of
from tests.observability.boards import (
    BOARDS,
    all_targets,
    everything,
    label_values,
    marks,
    parsed,
    selected,
    variables,
)

NAME = re.compile(r"\b(?:pg_sequence|sequence_agent)_\w+|\bpg_sequences\b")
DOCS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "runbooks").glob("*.md")),
]
# Names that only look like those of metrics.
NO_METRICS = {
    "pg_sequence_last_value",  # a function of PostgreSQL too
    "sequence_agent_reset",  # a role
    "pg_sequences",  # a view of PostgreSQL too
}
SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, kw_only=True)
class Job:
    """As little of a job as its metrics need."""

    name: str = "nightly-reset"
    server: str = "staging"
    database: str = "app"


def own_names() -> set[str]:
    own = OwnMetrics(version="1")
    own.observe_sample(database_of())
    own.reloaded(ok=True, at=datetime(2026, 1, 1, tzinfo=UTC))
    own.jobs.known([Job()])
    own.jobs.ended("nightly-reset", Taken(), seconds=1)
    lines = own.text(Format.TEXT).decode().splitlines()
    return {re.split(r"[{ ]", line)[0] for line in lines if line[:1] not in {"", "#"}}


CATALOGUE = {family.name for family in FAMILIES} | own_names()
BASE_NAMES = {
    re.sub(rf"({'|'.join(SUFFIXES)})$", "", name)
    if not name.endswith("_total")
    else name
    for name in CATALOGUE
}


def in_rules() -> Iterator[str]:
    for alert in load_alerts():
        for each in selected(parsed(alert.expression)):
            yield each.metric


def in_dashboards() -> Iterator[str]:
    expressions = [target.expr for target in all_targets()]
    for board in BOARDS.values():
        expressions += marks(board)
        expressions += [label_values(variable)[0] for variable in variables(board)]
    for expr in expressions:
        for each in selected(parsed(everything(expr))):
            yield each.metric


def test_rules_name_metrics_that_exist() -> None:
    assert set(in_rules()) <= CATALOGUE


def test_dashboards_name_metrics_that_exist() -> None:
    assert set(in_dashboards()) <= CATALOGUE


@pytest.mark.parametrize("path", DOCS, ids=lambda p: p.stem)
def test_pages_name_metrics_that_exist(path: Path) -> None:
    named = set(NAME.findall(path.read_text(encoding="utf-8"))) - NO_METRICS

    assert {name for name in named if not known(name)} == set()


def known(name: str) -> bool:
    # A page may shorten a list of names: `sequence_agent_forecast_*`.
    return name in CATALOGUE | BASE_NAMES or any(
        each.startswith(name) for each in CATALOGUE if name.endswith("_")
    )


def test_every_metric_is_documented() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    documented = set(
        re.findall(r"^\| `((?:pg_sequence|sequence_agent)\w+)`", text, re.MULTILINE)
    )
    ours = {name for name in BASE_NAMES if not re.match("process_|python_", name)}

    assert ours == documented


def test_labels_in_texts_and_legends_are_those_of_the_metrics() -> None:
    labels = {"server", "datname", "schemaname", "sequencename", "exported_job", "job"}
    labels |= {
        "state",
        "kind",
        "table",
        "column",
        "horizon",
        "outcome",
        "gate",
        "instance",
    }
    for alert in load_alerts():
        named = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description))
        assert named <= labels, alert.name


def test_every_gate_has_a_place_in_the_runbook_or_in_resets() -> None:
    text = (ROOT / "docs" / "resets.md").read_text(encoding="utf-8")

    assert [gate.name for gate in GATES if f"`{gate.name}`" not in text] == []
