"""A real Prometheus with rules and a real Alertmanager behind it, for one test.

Debian's packages `prometheus` and `prometheus-alertmanager` bring them; PROMETHEUS and
ALERTMANAGER in the environment name others.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from agent.demo.embedded import free_port
from dashboards.rules import ROOT
from tests.eventually import eventually
from tests.prometheus_server import end, program

_LOOPBACK = "127.0.0.1"
_ALERTMANAGER_CONFIG = ROOT / "compose" / "alertmanager.yml"


@dataclass(frozen=True, kw_only=True)
class Http:
    """Whoever answers in JSON on a port of this machine."""

    port: int

    def get(self, path: str, **parameters: str) -> Any:
        # Not urllib: that would ask the proxy of the environment.
        connection = http.client.HTTPConnection(_LOOPBACK, self.port, timeout=30)
        try:
            connection.request("GET", f"{path}?{urlencode(parameters)}")
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        assert response.status == 200, body
        return json.loads(body)

    def listens(self, path: str) -> bool:
        connection = http.client.HTTPConnection(_LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Both of them, and what they know."""

    prometheus: Http
    alertmanager: Http

    def instant(self, expr: str) -> list[dict[str, Any]]:
        return self._result("/api/v1/query", query=expr)

    def over(self, expr: str, *, start: float, end: float) -> list[dict[str, Any]]:
        period = {"start": str(start), "end": str(end), "step": "1"}
        return self._result("/api/v1/query_range", query=expr, **period)

    def label_values(self, selector: str, label: str) -> list[str]:
        path = f"/api/v1/label/{label}/values"
        found: list[str] = self.prometheus.get(path, **{"match[]": selector})["data"]
        return found

    def sent_alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager holds, inhibited ones included."""
        alerts: list[dict[str, Any]] = self.alertmanager.get("/api/v2/alerts")
        return alerts

    def rule_errors(self) -> list[str]:
        groups = self.prometheus.get("/api/v1/rules")["data"]["groups"]
        return [r["lastError"] for g in groups for r in g["rules"] if "lastError" in r]

    def _result(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.prometheus.get(path, **parameters)["data"][
            "result"
        ]
        return found


def alertmanager_program() -> str:
    """Skips the test where it is missing; in CI that fails."""
    for name in (os.environ.get("ALERTMANAGER", ""), "prometheus-alertmanager"):
        if name and (found := shutil.which(name)):
            return found
    missing = "no Alertmanager: apt-get install prometheus-alertmanager"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def stack(home: Path, *, agent_port: int, rules: str) -> Iterator[Stack]:
    """Scrapes the agent and looks at the rules every second."""
    commands = program("prometheus"), alertmanager_program()
    prometheus, alertmanager = Http(port=free_port()), Http(port=free_port())
    (home / "rules.yaml").write_text(rules)
    config = _prometheus_config(home, agent_port, alertmanager.port)
    with (
        _running(
            home,
            [
                commands[1],
                f"--config.file={_ALERTMANAGER_CONFIG}",
                f"--storage.path={home / 'alertmanager'}",
                f"--web.listen-address={_LOOPBACK}:{alertmanager.port}",
                "--cluster.listen-address=",
            ],
            lambda: alertmanager.listens("/-/ready"),
        ),
        _running(
            home,
            [
                commands[0],
                f"--config.file={config}",
                f"--storage.tsdb.path={home / 'prometheus'}",
                f"--web.listen-address={_LOOPBACK}:{prometheus.port}",
                "--log.level=warn",
            ],
            lambda: prometheus.listens("/-/ready"),
        ),
    ):
        yield Stack(prometheus=prometheus, alertmanager=alertmanager)


def _prometheus_config(home: Path, agent_port: int, alertmanager_port: int) -> Path:
    every_second = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {
        "global": {**every_second, "scrape_timeout": "1s"},
        "rule_files": [str(home / "rules.yaml")],
        "alerting": {"alertmanagers": [_static(alertmanager_port)]},
        "scrape_configs": [{"job_name": "sequence-agent", **_static(agent_port)}],
    }
    path = home / "prometheus.yml"
    path.write_text(json.dumps(config))  # JSON is YAML too
    return path


def _static(port: int) -> dict[str, Any]:
    return {"static_configs": [{"targets": [f"{_LOOPBACK}:{port}"]}]}


@contextmanager
def _running(home: Path, command: Sequence[str], ready: Any) -> Iterator[None]:
    log = home / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=home
        )
    try:
        eventually(lambda: process.poll() is not None or ready())
        assert process.poll() is None, log.read_text()
        yield
    finally:
        end(process)
