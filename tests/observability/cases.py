"""Cases of alerts, as they are written in a file, and as promtool wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dashboards.rules import Alert, load_alerts, runbooks

_CASES = Path(__file__).parent / "alert_cases.yaml"
_AGENT = 'job="sequence-agent"'
_DATABASE = f'{_AGENT},server="primary",datname="app"'
_SHORT = {
    "A": _AGENT,
    "D": _DATABASE,
    "L": f'{_DATABASE},schemaname="public",sequencename="orders_id_seq"',
}
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, kw_only=True)
class Case:
    """What Prometheus has seen, and what it then has to say of one alert."""

    series: Mapping[str, str]
    at: str
    fires: bool = False
    why: str = "as described"
    step: str = "1m"
    labels: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""

    def expected(self, alert: Alert) -> list[dict[str, object]]:
        if not self.fires:
            return []
        written = ",".join(_SHORT.get(label, label) for label in self.labels)
        return [
            {
                "exp_labels": {
                    "severity": alert.severity,
                    **dict(_LABEL.findall(written)),
                },
                "exp_annotations": {
                    "summary": self.summary,
                    "description": self.description,
                    "runbook_url": f"{runbooks()}/{alert.runbook}.md",
                },
            }
        ]


@dataclass(frozen=True, kw_only=True)
class Cases:
    """All cases of one alert."""

    alert: Alert
    cases: tuple[Case, ...] = field(default_factory=tuple)

    def promtool(self, rule_file: Path) -> dict[str, object]:
        """A file for `promtool test rules`."""
        return {
            "rule_files": [str(rule_file)],
            "evaluation_interval": self.cases[0].step,
            "tests": [self._test(case) for case in self.cases],
        }

    def _test(self, case: Case) -> dict[str, object]:
        return {
            "interval": case.step,
            "input_series": [
                {"series": written_out(series), "values": spelled(values)}
                for series, values in case.series.items()
            ],
            "alert_rule_test": [
                {
                    "eval_time": case.at,
                    "alertname": self.alert.name,
                    "exp_alerts": case.expected(self.alert),
                }
            ],
        }


def written_out(series: str) -> str:
    """
    >>> written_out('up{A,x="y"}')
    'up{job="sequence-agent",x="y"}'
    """
    return re.sub(r"(?<=[{,])([ADL])(?=[,}])", lambda m: _SHORT[m[1]], series)


def spelled(values: str) -> str:
    """promtool knows no `+Infx2`.

    >>> spelled("1x9 +Infx2")
    '1x9 +Inf +Inf +Inf'
    """
    return re.sub(
        r"\+Infx(\d+)", lambda m: " ".join(["+Inf"] * (int(m[1]) + 1)), values
    )


def all_cases() -> dict[str, Cases]:
    written: Mapping[str, list[dict[str, Any]]] = yaml.safe_load(
        _CASES.read_text(encoding="utf-8")
    )
    alerts = {alert.name: alert for alert in load_alerts()}
    return {
        name: Cases(alert=alerts[name], cases=tuple(map(_case, cases)))
        for name, cases in written.items()
    }


def _case(written: dict[str, Any]) -> Case:
    return Case(**{**written, "labels": tuple(written.get("labels", ()))})
