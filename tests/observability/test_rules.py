"""The alerts: well-formed, complete, and firing exactly when they should."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from dashboards.listing import table
from dashboards.rules import (
    ALERTS,
    ROOT,
    RULES,
    Alert,
    load_alerts,
    rule_file,
    runbooks,
)
from tests.observability.cases import Cases, all_cases
from tests.prometheus_server import program

CASES = all_cases()
BY_NAME = {alert.name: alert for alert in load_alerts()}
EACH_ALERT = pytest.mark.parametrize("alert", BY_NAME.values(), ids=BY_NAME)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False
    )


def test_the_rule_file_is_what_the_alerts_make() -> None:
    made = rule_file(load_alerts(), runbooks=runbooks())

    assert RULES.read_text() == made, "python -m dashboards.rules > rules/…"


def test_the_page_about_alerts_has_all_of_them() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")

    assert table(load_alerts()) in text, "python -m dashboards.listing"


@pytest.mark.prometheus
def test_promtool_finds_nothing_to_complain_about() -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(BY_NAME)} rules found" in checked.stdout


@pytest.mark.prometheus
@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_fires_when_it_should_and_keeps_quiet_when_not(
    cases: Cases, tmp_path: Path
) -> None:
    test_file = tmp_path / "test.yaml"
    test_file.write_text(json.dumps(cases.promtool(RULES)))

    tested = promtool("test", "rules", str(test_file))

    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    seen = {name: {case.fires for case in each.cases} for name, each in CASES.items()}

    assert seen == {name: {True, False} for name in BY_NAME}


@EACH_ALERT
def test_thresholds_are_those_that_the_expression_names(alert: Alert) -> None:
    assert alert.placeholders == alert.thresholds.keys()
    assert "[[" not in alert.expression


@EACH_ALERT
def test_names_severities_and_texts_are_as_promised(alert: Alert) -> None:
    assert re.fullmatch(r"(PgSequence|SequenceAgent)([A-Z][a-z]+)+", alert.name)
    assert alert.severity in {"critical", "warning", "info"}
    assert alert.summary.endswith(".")
    assert alert.description.endswith(".")
    assert alert.name == "SequenceAgentAbsent" or "$labels." in alert.summary
    assert (ROOT / "docs" / "runbooks" / f"{alert.runbook}.md").exists()


def test_no_alert_that_pages_concerns_staging() -> None:
    pages = [alert for alert in BY_NAME.values() if alert.severity == "critical"]

    assert len({str(alert.thresholds["staging"]) for alert in pages}) == 1
    for alert in pages:
        assert "sequence_agent_target_armed_until_timestamp_seconds" in alert.expr


@pytest.mark.parametrize(
    ("server", "quiet"),
    [
        ("staging", True),
        ("eu-staging2", True),
        ("db.test.internal", True),
        ("app_dev", True),
        ("primary", False),
        ("latest", False),
        ("devices", False),
        ("prestaging", False),
    ],
)
def test_staging_is_a_part_of_a_name_and_no_mere_letters(
    server: str, *, quiet: bool
) -> None:
    pattern = str(BY_NAME["PgSequenceExhausted"].thresholds["staging"])

    assert bool(re.fullmatch(pattern, server)) is quiet


def test_a_threshold_and_a_duration_can_be_changed() -> None:
    changed = replace(
        BY_NAME["PgSequenceNearLimit"], hold="2h", thresholds={"ratio": 0.5}
    )

    [group] = yaml.safe_load(rule_file([changed], runbooks="https://wiki"))["groups"]
    [rule] = group["rules"]

    assert ">= 0.5" in rule["expr"]
    assert rule["for"] == "2h"
    assert rule["annotations"]["runbook_url"] == "https://wiki/PgSequenceNearLimit.md"


def test_a_key_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "alerts.yaml"
    broken.write_text(ALERTS.read_text().replace("severity:", "severty:", 1))

    with pytest.raises(TypeError, match="severty"):
        load_alerts(broken)
