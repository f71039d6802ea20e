"""A real Prometheus that scrapes what a test serves; Debian's packages bring it.

Install the package `prometheus`, which has promtool too, or name the programs in the
environment as PROMETHEUS and PROMTOOL.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest

from agent.demo.embedded import free_port
from tests.eventually import eventually

# The labels of a series in the order of their names, `__name__` among them, without
# the two that Prometheus adds.
Series = tuple[tuple[str, str], ...]

_LOOPBACK = "127.0.0.1"
_SHUTDOWN_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusServer:
    """A running Prometheus, asked over its HTTP API."""

    port: int
    targets: int

    def query(self, expression: str) -> Mapping[Series, float]:
        """The newest value of each series that the expression selects."""
        found = self._data("/api/v1/query", query=expression)["result"]
        return {_series(each["metric"]): float(each["value"][1]) for each in found}

    def scraped(self) -> bool:
        """Whether every target was scraped, the last time well, and can be queried."""
        # Not the targets' health: that turns before their samples can be queried.
        return self.query("sum(up)") == {(): self.targets}

    def problems(self) -> list[str]:
        """What went wrong in the last scrapes."""
        targets = self._data("/api/v1/targets", state="active")["activeTargets"]
        return [each["lastError"] for each in targets if each["lastError"]]

    def _data(self, path: str, **parameters: str) -> Any:
        status, body = _get(self.port, f"{path}?{urlencode(parameters)}")
        assert status == 200, body
        return json.loads(body)["data"]


def program(name: str) -> str:
    """The path of prometheus or promtool; without it the test is skipped, in CI it fails."""
    found = shutil.which(os.environ.get(name.upper(), name))
    if found is not None:
        return found
    missing = f"{name} is not installed: apt-get install prometheus"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def prometheus_scraping(
    *ports: int, path: str = "/metrics"
) -> Iterator[PrometheusServer]:
    """A Prometheus of its own that scrapes these ports of this machine every second."""
    binary = program("prometheus")
    with TemporaryDirectory(prefix="prometheus-") as home:
        server = PrometheusServer(port=free_port(), targets=len(ports))
        _write_config(Path(home), ports, path)
        with _started(binary, Path(home), server):
            yield server


@contextmanager
def _started(binary: str, home: Path, server: PrometheusServer) -> Iterator[None]:
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                binary,
                f"--config.file={home / 'prometheus.yml'}",
                f"--storage.tsdb.path={home / 'data'}",
                f"--web.listen-address={_LOOPBACK}:{server.port}",
                "--log.level=warn",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
        )
    try:
        eventually(lambda: process.poll() is not None or _ready(server.port))
        assert process.poll() is None, log.read_text()
        yield
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SHUTDOWN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _write_config(home: Path, ports: tuple[int, ...], path: str) -> None:
    targets = [f"{_LOOPBACK}:{port}" for port in ports]
    config = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {
                "job_name": "test",
                "metrics_path": path,
                "static_configs": [{"targets": targets}],
            }
        ],
    }
    (home / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML too


def _ready(port: int) -> bool:
    try:
        status, _ = _get(port, "/-/ready")
    except OSError:
        return False
    return status == 200


def _get(port: int, path: str) -> tuple[int, bytes]:
    # Not urllib: that would ask the proxy of the environment.
    connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _series(labels: Mapping[str, str]) -> Series:
    added = {"job", "instance"}
    return tuple(sorted(each for each in labels.items() if each[0] not in added))
