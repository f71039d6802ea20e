"""Tests of the chart and the image; what takes long is marked `helm`."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("helm_python") is None:
    # `make test-chart` installs it.
    collect_ignore_glob = ["*.py"]
