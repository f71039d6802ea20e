"""The alerts as a rule file for plain Prometheus: `python -m dashboards.rules > FILE`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
ALERTS = ROOT / "helm" / "sequence-agent" / "files" / "alerts.yaml"
RULES = ROOT / "rules" / "sequence-agent.rules.yaml"

_PLACEHOLDER = re.compile(r"\[\[ (\w+) \]\]")
_HEADER = """\
# Generated from helm/sequence-agent/files/alerts.yaml by `python -m dashboards.rules`.
# Every alert is described in docs/alerts.md.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it is written down; what a threshold is called stands in `expr`."""

    name: str
    group: str
    expr: str
    hold: str
    severity: str
    summary: str
    description: str
    runbook: str
    keep_firing: str | None = None
    thresholds: Mapping[str, object] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def expression(self) -> str:
        """With the thresholds in it; raises KeyError for one that is not there."""
        return _PLACEHOLDER.sub(lambda m: str(self.thresholds[m[1]]), self.expr)

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(_PLACEHOLDER.findall(self.expr))


def parse_alert(name: str, written: Mapping[str, Any]) -> Alert:
    """Raises TypeError for a key that is unknown or missing."""
    renamed = {"for": "hold", "keep_firing_for": "keep_firing"}
    fields = {renamed.get(key, key): value for key, value in written.items()}
    return Alert(name=name, **fields)


def load_alerts(path: Path = ALERTS) -> tuple[Alert, ...]:
    written = yaml.safe_load(path.read_text(encoding="utf-8"))["alerts"]
    return tuple(parse_alert(name, alert) for name, alert in written.items())


def runbooks(path: Path = ALERTS) -> str:
    """Where the pages of the runbooks are published."""
    url: str = yaml.safe_load(path.read_text(encoding="utf-8"))["runbooks"]
    return url


def rule_file(alerts: Iterable[Alert], *, runbooks: str) -> str:
    """A file that `rule_files` of Prometheus takes."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for alert in alerts:
        groups.setdefault(alert.group, []).append(_rule(alert, runbooks))
    document = {
        "groups": [
            {"name": f"sequence-agent-{group}", "rules": rules}
            for group, rules in groups.items()
        ]
    }
    dumped = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)
    return f"{_HEADER}{dumped}"


def _rule(alert: Alert, runbooks: str) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.hold,
        "keep_firing_for": alert.keep_firing,
        "labels": {"severity": alert.severity, **alert.labels},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{runbooks}/{alert.runbook}.md",
        },
    }
    return {key: value for key, value in rule.items() if value is not None}


class _Dumper(yaml.SafeDumper):
    """Writes expressions of several lines as a block."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


if __name__ == "__main__":
    sys.stdout.write(rule_file(load_alerts(), runbooks=runbooks()))
