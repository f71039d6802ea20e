"""What the chart makes of its values."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from agent import __version__
from agent.config import ConfigError, load
from tests.helm.charts import (
    CHART,
    CI_FILES,
    KUBERNETES,
    NAMESPACE,
    Rendered,
    ci_values,
    lint,
    render,
)
from tests.helm.comments import described, leaves
from tests.helm.generated import VALUES
from tests.helm.kubernetes_schemas import mistakes
from tests.helm.pod_security import breaches_of_restricted
from tests.helm.sets_of_values import sets_of_values

ENVIRONMENT = {
    "STAGING_DSN": "postgresql://agent@db/postgres",
    "CLOUD_USER": "agent",
    "PASSWORD": "p",
    "FIVE": "postgresql://agent@db/postgres",
    "MANY": "8",
}
ONE_SERVER: dict[str, Any] = {
    "servers": [{"name": "staging", "dsn": "postgresql://agent@db/postgres"}]
}
CI_IDS = [each.name.removesuffix("-values.yaml") for each in CI_FILES]
ci_files = pytest.mark.parametrize("path", CI_FILES, ids=CI_IDS)


def what_the_agent_says(rendered: Rendered, folder: Path) -> str:
    """Nothing when it takes the configuration."""
    file = folder / "sequence-agent.yaml"
    file.write_text(rendered.configuration)
    try:
        load(file, ENVIRONMENT)
    except ConfigError as error:
        return str(error)
    return ""


@ci_files
def test_lint_has_no_complaint(path: Path) -> None:
    assert lint(ci_values(path)) == []


def test_lint_has_no_complaint_about_the_defaults() -> None:
    assert lint({}) == []


@ci_files
def test_kubernetes_takes_every_object(path: Path) -> None:
    assert mistakes(render(ci_values(path)).objects, KUBERNETES[-1]) == []


@pytest.mark.helm
@ci_files
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_kubernetes_takes_every_object(path: Path, version: str) -> None:
    rendered = render(ci_values(path), kube_version=version)

    assert lint(ci_values(path), kube_version=version) == []
    assert mistakes(rendered.objects, version) == []


@ci_files
def test_every_pod_keeps_to_the_restricted_profile(path: Path) -> None:
    rendered = render(ci_values(path))

    for pod in [rendered.pod, rendered.one("Pod")["spec"]]:
        assert breaches_of_restricted(pod) == []


@ci_files
def test_the_agent_takes_the_configuration(path: Path, tmp_path: Path) -> None:
    assert what_the_agent_says(render(ci_values(path)), tmp_path) == ""


@ci_files
def test_the_same_values_give_the_same_objects(path: Path) -> None:
    assert render(ci_values(path)) == render(ci_values(path))


@pytest.mark.helm
@ci_files
def test_values_in_a_file_give_the_same_as_values_on_top(
    path: Path, tmp_path: Path
) -> None:
    # The binding takes values as JSON, Helm's users write files.
    values = ci_values(path)
    chart = tmp_path / CHART.name
    shutil.copytree(CHART, chart)
    defaults = yaml.safe_load(VALUES.read_text())
    (chart / "values.yaml").write_text(yaml.safe_dump(merged(defaults, values)))

    assert render({}, chart=chart) == render(values)


def merged(defaults: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The way Helm puts two files together."""
    return defaults | {
        key: merged(defaults[key], value)
        if isinstance(value, dict) and isinstance(defaults.get(key), dict)
        else value
        for key, value in values.items()
    }


@pytest.mark.helm
@settings(max_examples=300)
@given(values=sets_of_values())
def test_any_values_give_objects_that_every_kubernetes_takes(
    values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rendered = render(values)

    for version in KUBERNETES:
        assert mistakes(rendered.objects, version) == []
    identities = [
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in rendered.objects
    ]
    assert len(set(identities)) == len(identities)
    if values["config"]["servers"]:
        folder = tmp_path_factory.getbasetemp()
        assert what_the_agent_says(rendered, folder) == ""


def every_leaf() -> list[str]:
    text = VALUES.read_text()
    return list(leaves(yaml.safe_load(text), described(text)))


NEEDED = {
    "history.existingSecret.key",
    "image.repository",
    "persistence.size",
    "replicas",
    "service.port",
    "strategy",
}


@pytest.mark.parametrize("path", sorted(set(every_leaf()) - NEEDED))
def test_any_value_can_be_taken_back(path: str) -> None:
    values: dict[str, Any] = {"config": ONE_SERVER} | {
        part: {"enabled": True}
        for part in ("networkPolicy", "serviceMonitor", "prometheusRule", "persistence")
    }
    *parents, leaf = path.split(".")
    place = values
    for key in parents:
        place = place.setdefault(key, {})
    place[leaf] = None

    assert mistakes(render(values).objects, KUBERNETES[-1]) == []


def test_without_servers_nothing_runs() -> None:
    rendered = render({})

    assert rendered.one("Deployment")["spec"]["replicas"] == 0
    assert "NOTHING RUNS YET" in rendered.notes
    assert rendered.of_kind("Pod") == []


def test_one_pod_is_replaced_after_it_has_ended() -> None:
    deployment = render({"config": ONE_SERVER}).one("Deployment")["spec"]

    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}


def test_no_uid_is_set() -> None:
    rendered = render({"config": ONE_SERVER})

    assert "runAsUser" not in str(rendered.objects)
    assert "fsGroup" not in str(rendered.objects)


def test_a_claim_is_writable_for_the_agent_except_where_the_cluster_sees_to_that() -> (
    None
):
    values = {"config": ONE_SERVER, "persistence": {"enabled": True}}

    elsewhere = render(values)
    openshift = render(values, api_versions=["security.openshift.io/v1"])

    assert elsewhere.pod["securityContext"]["fsGroup"] == 65532
    assert "fsGroup" not in openshift.pod["securityContext"]


def test_nothing_gets_a_token() -> None:
    rendered = render({"config": ONE_SERVER})

    assert rendered.one("ServiceAccount")["automountServiceAccountToken"] is False
    assert rendered.pod["automountServiceAccountToken"] is False


def test_no_probe_asks_a_database() -> None:
    agent = render({"config": ONE_SERVER}).agent

    asked = [
        agent[f"{kind}Probe"]["httpGet"]["path"]
        for kind in ("startup", "liveness", "readiness")
    ]
    assert asked == ["/healthz", "/healthz", "/readyz"]


def test_secrets_and_configuration_are_directories_that_kubernetes_renews() -> None:
    rendered = render(ci_values(CI_FILES[CI_IDS.index("resets")]))

    mounts = {each["mountPath"]: each for each in rendered.agent["volumeMounts"]}
    assert not any("subPath" in each for each in mounts.values())
    assert {
        "/etc/sequence-agent",
        "/run/secrets/sequence-agent/staging-db",
        "/run/secrets/sequence-agent/production-db",
    } < set(mounts)


def test_a_server_finds_its_password_in_its_secret() -> None:
    rendered = render(ci_values(CI_FILES[CI_IDS.index("resets")]))

    staging, production = yaml.safe_load(rendered.configuration)["servers"]
    secrets = "/run/secrets/sequence-agent"
    assert staging["password_file"] == f"{secrets}/staging-db/db-password"
    assert production["dsn_file"] == f"{secrets}/production-db/dsn"
    assert "existingSecret" not in staging


def test_the_url_of_the_history_is_a_file_that_may_change_under_a_running_pod() -> None:
    secret = {"existingSecret": {"name": "memory", "key": "uri"}}

    rendered = render({"config": ONE_SERVER, "history": secret})
    by_hand = render({"config": ONE_SERVER | {"history": {"url_file": "/vault/url"}}})

    mounts = {each["mountPath"] for each in rendered.agent["volumeMounts"]}
    history = yaml.safe_load(rendered.configuration)["history"]
    assert history == {"url_file": "/run/secrets/sequence-agent/memory/uri"}
    assert "/run/secrets/sequence-agent/memory" in mounts
    assert not rendered.agent.get("env")
    assert yaml.safe_load(by_hand.configuration)["history"] == {
        "url_file": "/vault/url"
    }


def test_nothing_in_the_configuration_but_where_to_listen_restarts_the_pod() -> None:
    def annotations(**config: object) -> Any:
        deployment = render({"config": ONE_SERVER | config}).one("Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]

    assert annotations() == annotations(log={"level": "debug"})
    assert annotations() != annotations(listen={"port": 9000})


def test_resets_are_off_until_a_value_says_otherwise() -> None:
    values = ci_values(CI_FILES[CI_IDS.index("resets")])

    on = yaml.safe_load(render(values).configuration)
    del values["resets"]
    off = render(values)

    assert [job["name"] for job in on["jobs"]] == ["nightly-reset", "resync"]
    assert on["servers"][0]["resets"] == {"environment": "staging"}
    assert "jobs" not in yaml.safe_load(off.configuration)
    assert "resets" not in off.configuration
    assert "Resets are off: 2 job(s)" in off.notes


def test_notes_say_what_is_armed_and_what_is_not() -> None:
    notes = render(ci_values(CI_FILES[CI_IDS.index("resets")])).notes

    assert "RESETS ARE ON: 2 job(s), 1 of them by schedule" in notes
    assert "sequence-agent arm --dsn ADMIN_DSN" in notes


def test_notes_tell_what_is_not_there_yet() -> None:
    notes = render({"config": ONE_SERVER}).notes

    assert "The history lives as long as the pod" in notes
    assert "Prometheus does not scrape it yet" in notes
    assert "Nobody is told when a sequence runs out" in notes


def test_the_port_of_the_configuration_is_that_of_the_pod() -> None:
    rendered = render({"config": ONE_SERVER | {"listen": {"port": 9000}}})

    assert rendered.agent["ports"][0]["containerPort"] == 9000
    assert rendered.one("Service")["spec"]["ports"][0]["targetPort"] == "http"


def test_the_test_pod_may_ask_where_only_prometheus_may_come_in() -> None:
    rendered = render(ci_values(CI_FILES[CI_IDS.index("locked-down")]))

    policy = rendered.one("NetworkPolicy")["spec"]
    labels = rendered.one("Pod")["metadata"]["labels"]
    allowed = policy["ingress"][0]["from"][-1]["podSelector"]["matchLabels"]
    assert allowed.items() <= labels.items()
    assert not policy["podSelector"]["matchLabels"].items() <= labels.items()


def test_long_names_stay_within_what_kubernetes_takes() -> None:
    values = {
        "config": {
            "servers": [
                {"name": "a", "existingSecret": {"name": "s" * 253, "dsnKey": "d"}}
            ]
        },
        "serviceMonitor": {"enabled": True},
    }

    rendered = render(values, release="r" * 53)

    names = [each["metadata"]["name"] for each in rendered.objects]
    names += [each["name"] for each in rendered.pod["volumes"]]
    labels = [
        value
        for each in rendered.objects
        for value in each["metadata"]["labels"].values()
    ]
    assert max(map(len, [*names, *labels])) <= 63


def test_all_objects_are_in_the_namespace_of_the_release() -> None:
    rendered = render({"config": ONE_SERVER})

    assert {each["metadata"]["namespace"] for each in rendered.objects} == {NAMESPACE}


def test_the_selector_of_the_service_is_met_by_the_pods() -> None:
    rendered = render({"config": ONE_SERVER, "podLabels": {"a": "b"}})

    template = rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert rendered.one("Service")["spec"]["selector"].items() <= template.items()


def test_labels_of_users_never_replace_those_that_are_selected_by() -> None:
    mine = {"app.kubernetes.io/name": "mine", "app.kubernetes.io/component": "mine"}
    rendered = render({"config": ONE_SERVER, "podLabels": mine, "commonLabels": mine})

    template = rendered.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert rendered.one("Service")["spec"]["selector"].items() <= template.items()


def test_the_version_of_the_chart_is_that_of_the_agent() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    images = yaml.safe_load(chart["annotations"]["artifacthub.io/images"])

    assert chart["appVersion"] == __version__
    assert images[0]["image"] == f"sequence-agent:{__version__}"
    assert chart["name"] == CHART.name
