"""Custom resources against the models of their operators: `python -m tests.helm.custom_resources`.

Run as a program it fetches the models, with npm, to .cache/custom-resources.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.helm.charts import Object
from tests.helm.kubernetes_schemas import CUSTOM

CACHE = Path(__file__).parents[2] / ".cache" / "custom-resources"
_MODELS = Path(__file__).parent / "models"
_LOCK = "package-lock.json"
_REMEDY = "the models are not there: python -m tests.helm.custom_resources, with npm"


def mistakes_in_custom(objects: Sequence[Object]) -> list[str]:
    """What operators would refuse or overlook; skips the test without their models."""
    _needs_models()
    custom = [each for each in objects if each["kind"] in CUSTOM]
    shutil.copy(_MODELS / "validate.mjs", CACHE)
    answer = subprocess.run(
        ["node", "validate.mjs"],
        cwd=CACHE,
        input=json.dumps(custom),
        text=True,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    found: Any = json.loads(answer.stdout)
    return [
        f"{each['kind']}: {mistake}"
        for each, mistakes in zip(custom, found, strict=True)
        for mistake in mistakes
    ]


def _needs_models() -> None:
    if _is_here():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(_REMEDY)
    pytest.skip(_REMEDY)


def _is_here() -> bool:
    fetched = CACHE / "fetched.json"
    return fetched.exists() and fetched.read_text() == (_MODELS / _LOCK).read_text()


def _fetch() -> None:
    """As the lock says, with its hashes, and without running what the packages bring."""
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    for name in ("package.json", _LOCK):
        shutil.copy(_MODELS / name, CACHE)
    with TemporaryDirectory(prefix="npm-") as cache:
        npm = ["npm", "ci", "--ignore-scripts", "--silent", f"--cache={cache}"]
        subprocess.run(npm, cwd=CACHE, check=True)
    shutil.copy(_MODELS / _LOCK, CACHE / "fetched.json")


if __name__ == "__main__":
    if shutil.which("npm") is None:
        sys.exit("npm is needed to fetch the models of custom resources")
    if not _is_here():
        _fetch()
