"""compose.yaml: every file that it mounts is there and is understood by who reads it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.config import load
from dashboards.rules import ROOT
from tests.observability.stack import alertmanager_program
from tests.postgres_servers import Database
from tests.prometheus_server import program

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# What a service may say, of all that the Compose specification knows.
KEYS = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "ports",
    "read_only",
    "restart",
    "security_opt",
    "volumes",
}


def mounts() -> list[tuple[str, str]]:
    volumes = [v for service in SERVICES.values() for v in service.get("volumes", ())]
    return [(source, target) for source, target, *_ in (v.split(":") for v in volumes)]


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / "compose" / path).read_text(encoding="utf-8"))


def test_services_say_only_what_compose_knows() -> None:
    assert COMPOSE.keys() == {"name", "services", "volumes"}
    for service in SERVICES.values():
        assert service.keys() <= KEYS
        assert ("image" in service) is not ("build" in service)


def test_images_are_of_one_version() -> None:
    images = [s["image"] for s in SERVICES.values() if "image" in s]

    assert all(re.fullmatch(r"[\w/]+:v?\d+[\w.]*", image) for image in images)


def test_what_is_mounted_is_there() -> None:
    for source, _ in mounts():
        if source.startswith("./"):
            assert (ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"]


def test_every_service_that_is_waited_for_is_one() -> None:
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= SERVICES.keys()


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [p for service in SERVICES.values() for p in service.get("ports", ())]

    assert len(ports) == 4
    assert all(re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port) for port in ports)


def test_addresses_are_services() -> None:
    scraped = read("prometheus.yml")
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    targets += scraped["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    [datasource] = read("grafana/datasources/prometheus.yaml")["datasources"]

    hosts = [target.partition(":")[0] for target in targets]
    hosts.append(datasource["url"].removeprefix("http://").partition(":")[0])
    assert set(hosts) <= SERVICES.keys()


def test_the_agent_takes_its_configuration() -> None:
    path = ROOT / "compose" / "agent" / "sequence-agent.yaml"
    environment = SERVICES["agent"]["environment"]

    loaded = load(path, environment)

    [server] = loaded.servers
    assert server.name == "compose"


def test_grafana_finds_dashboards_where_they_are_mounted() -> None:
    [provider] = read("grafana/dashboards/sequences.yaml")["providers"]
    home = SERVICES["grafana"]["environment"][
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"
    ]
    folders = {target: source for source, target in mounts()}

    mounted = ROOT / folders[provider["options"]["path"]]
    assert (mounted / Path(home).name).exists()


@pytest.mark.prometheus
def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    shutil.copy(ROOT / "compose" / "prometheus.yml", tmp_path)
    shutil.copytree(ROOT / "rules", tmp_path / "rules")

    checked = subprocess.run(
        [program("promtool"), "check", "config", "--lint=all", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "1 rule files found" in checked.stdout


@pytest.mark.prometheus
def test_alertmanager_takes_its_configuration() -> None:
    alertmanager_program()
    config = ROOT / "compose" / "alertmanager.yml"

    checked = subprocess.run(
        ["amtool", "check-config", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "3 inhibit rules" in checked.stdout
    assert "3 receivers" in checked.stdout


def test_the_example_has_what_it_says(database: Database) -> None:
    example = (ROOT / "compose" / "postgres" / "10-example.sql").read_text()
    # Roles belong to the server that other tests use too.
    mine = example.replace("sequence_agent", f"{database.name}_agent")
    database.roles.append(f"{database.name}_agent")

    database.execute(mine)

    [(readable,)] = database.execute(
        f"SELECT bool_and(has_sequence_privilege('{database.name}_agent', oid, 'SELECT'))"
        " FROM pg_class WHERE relkind = 'S'"
    )
    assert readable
