"""Checkov finds nothing in the chart that is not excused here, with a reason."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.helm.charts import CI_FILES, ci_values, render
from tests.helm.checkov_environment import checkov

pytestmark = [pytest.mark.helm, pytest.mark.timeout(300)]

# By check: what it may complain of, and why that stays.
EXCUSED = {
    "CKV_K8S_8": (r"-test$", "a test that ends needs no liveness probe"),
    "CKV_K8S_9": (r"-test$", "nothing waits for a test to be ready"),
    "CKV_K8S_15": (r".*", "tags of releases do not move; image.pullPolicy says else"),
    "CKV_K8S_35": (
        r"^Deployment",
        "where a user asks for it, and for the history's URL, which is read once",
    ),
    "CKV_K8S_40": (
        r".*",
        "a fixed uid is refused by OpenShift; that of the image is above 10000",
    ),
    "CKV_K8S_43": (r".*", "image.digest is for the user to set: registries differ"),
    "CKV2_K8S_6": (r"^Pod", "networkPolicy.enabled: not every cluster has policies"),
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Check and resource, of all ci files at once."""
    program = checkov()
    folder = tmp_path_factory.mktemp("rendered")
    for path in CI_FILES:
        objects = render(ci_values(path)).objects
        (folder / path.name).write_text(yaml.safe_dump_all(objects))
    answer = subprocess.run(
        [
            *[program, "--directory", str(folder), "--framework=kubernetes"],
            *["--output=json", "--quiet", "--compact", "--skip-download"],
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return list(_complaints(json.loads(answer.stdout)))


def _complaints(report: Any) -> Iterator[tuple[str, str]]:
    assert report["summary"]["passed"] > 1000
    assert report["summary"]["parsing_errors"] == 0
    for each in report["results"]["failed_checks"]:
        yield each["check_id"], each["resource"]


def _is_excused(check: str, resource: str) -> bool:
    pattern, _ = EXCUSED.get(check, ("(?!)", ""))
    return re.search(pattern, resource) is not None


def test_nothing_is_found_but_what_is_excused(
    complaints: list[tuple[str, str]],
) -> None:
    assert [each for each in complaints if not _is_excused(*each)] == []


def test_no_excuse_outlives_its_cause(complaints: list[tuple[str, str]]) -> None:
    assert EXCUSED.keys() == {check for check, _ in complaints}
