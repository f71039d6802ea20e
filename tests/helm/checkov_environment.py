"""Where checkov is, in an environment of its own: `python -m tests.helm.checkov_environment`.

It pins a hundred packages, some of them older than those of the agent. Run as a program
this installs it, hashes and all, to .cache/checkov.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache" / "checkov"
_LOCK = Path(__file__).parent / "checkov" / "requirements.txt"
_REMEDY = "checkov is not there: python -m tests.helm.checkov_environment"


def checkov() -> str:
    """The path of checkov; without it the test is skipped, in CI it fails."""
    found = str(_program()) if _is_here() else shutil.which("checkov")
    if found is not None:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(_REMEDY)
    pytest.skip(_REMEDY)


def _program() -> Path:
    return CACHE / "bin" / "checkov"


def _is_here() -> bool:
    stamp = CACHE / "installed.txt"
    return stamp.exists() and stamp.read_text() == _LOCK.read_text()


def _install() -> None:
    venv.create(CACHE, clear=True, with_pip=True)
    pip = [str(CACHE / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--requirement", _LOCK], check=True)
    shutil.copy(_LOCK, CACHE / "installed.txt")


if __name__ == "__main__":
    if not _is_here():
        _install()
