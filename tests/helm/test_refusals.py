"""What the chart refuses, and in which words: a user reads nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.helm.charts import RefusedError, render

# Values as a user might get them wrong, and what the refusal has to tell.
WRONG = {
    "an unknown value": ("{imagee: {}}", ["imagee"]),
    "an unknown key": ("{image: {tga: '1'}}", ["/image", "tga"]),
    "a tag that is a number": (
        "{image: {tag: 1.0}}",
        ["/image/tag", "number", "string"],
    ),
    "a digest that is none": ("{image: {digest: 1234}}", ["/image/digest"]),
    "a pull policy": (
        "{image: {pullPolicy: Sometimes}}",
        ["pullPolicy", "IfNotPresent"],
    ),
    "replicas as text": ("{replicas: '2'}", ["/replicas", "integer"]),
    "no replicas": ("{replicas: null}", ["replicas"]),
    "a size": (
        "{persistence: {size: 10 gigabytes}}",
        ["/persistence/size", "gigabytes"],
    ),
    "a port": ("{service: {port: 99999}}", ["/service/port", "maximum", "65,535"]),
    "a strategy": ("{strategy: {type: Rolling}}", ["/strategy/type", "RollingUpdate"]),
    "a scrape interval": (
        "{serviceMonitor: {interval: 1 minute}}",
        ["interval", "1 minute"],
    ),
    "labels as a list": ("{podLabels: [a]}", ["/podLabels", "array", "object"]),
    "an environment as a map": ("{extraEnv: {A: b}}", ["/extraEnv", "object", "array"]),
    "a number in the environment": (
        "{extraEnv: [{name: A, value: 1}]}",
        ["/extraEnv/0/value", "number", "string"],
    ),
    "an unknown key of the configuration": (
        "{config: {serverz: []}}",
        ["/config", "serverz"],
    ),
    "a duration without a unit": (
        "{config: {sampling: {interval: 60}}}",
        ["/config/sampling/interval", "number", "string"],
    ),
    "a share above one": (
        "{config: {severity: {critical: {used_ratio: 90}}}}",
        ["/config/severity/critical/used_ratio", "maximum", "90"],
    ),
    "an unknown level": (
        "{config: {log: {level: trace}}}",
        ["/config/log/level", "info"],
    ),
    "a server without a name": (
        "{config: {servers: [{dsn: host=a}]}}",
        ["/config/servers/0", "name"],
    ),
    "an unknown key of a server": (
        "{config: {servers: [{name: a, database: b}]}}",
        ["/config/servers/0", "database"],
    ),
    "an address that nobody reaches": (
        "{config: {listen: {host: 127.0.0.1}}}",
        ["config.listen.host", "probes", "leave it out"],
    ),
    "a server without a way to it": (
        "{config: {servers: [{name: a}]}}",
        ["config.servers[0] (a)", "dsn_file", "existingSecret.dsnKey"],
    ),
    "a server with two ways to it": (
        "{config: {servers: [{name: a, dsn: host=a, dsn_env: A}]}}",
        ["config.servers[0] (a)", "dsn and dsn_env", "keep one"],
    ),
    "a DSN beside a Secret with one": (
        "{config: {servers: [{name: a, dsn: host=a, existingSecret: {name: s, dsnKey: k}}]}}",
        ["config.servers[0] (a)", "dsnKey"],
    ),
    "a password file beside a Secret": (
        "{config: {servers: [{name: a, dsn: host=a, password_file: /p, existingSecret: {name: s}}]}}",
        ["config.servers[0] (a)", "password_file", "existingSecret"],
    ),
    "a Secret without a name": (
        "{config: {servers: [{name: a, dsn: host=a, existingSecret: {passwordKey: p}}]}}",
        ["existingSecret", "name"],
    ),
    "a password in a URI": (
        "{config: {servers: [{name: a, dsn: 'postgresql://u:secret@h/d'}]}}",
        ["config.servers[0] (a)", "password", "existingSecret: {name: NAME"],
    ),
    "a password in pairs": (
        "{config: {servers: [{name: a, dsn: 'host=h password=secret'}]}}",
        ["config.servers[0] (a)", "password", "existingSecret"],
    ),
    "a password in the history": (
        "{config: {history: {url: 'postgresql+psycopg://u:secret@h/d'}}}",
        ["config.history.url", "history.existingSecret"],
    ),
    "two histories": (
        "{config: {history: {url: 'sqlite:////a'}}, history: {existingSecret: {name: s}}}",
        ["history.existingSecret", "config.history.url", "keep one"],
    ),
    "a history in two files": (
        "{config: {history: {url_file: /u}}, history: {existingSecret: {name: s}}}",
        ["history.existingSecret", "config.history.url_file", "keep one"],
    ),
    "two servers of one name": (
        "{config: {servers: [{name: a, dsn: host=a}, {name: a, dsn: host=b}]}}",
        ["config.servers[1].name", "unique"],
    ),
    "a job on a server that none may touch": (
        (
            "{resets: {enabled: true}, config: {servers: [{name: a, dsn: host=a}],"
            " jobs: [{name: j, kind: resync, server: a, database: d, sequences: [a.b]}]}}"
        ),
        ["config.jobs[0] (j)", "resets: {environment: …}"],
    ),
    "a job without work": (
        (
            "{resets: {enabled: true},"
            " config: {servers: [{name: a, dsn: host=a, resets: {environment: e}}],"
            " jobs: [{name: j, kind: resync, server: a, database: d}]}}"
        ),
        ["config.jobs[0] (j)", "tables or sequences"],
    ),
    "two pods on one SQLite file": (
        "{replicas: 2}",
        ["SQLite", "history.existingSecret"],
    ),
    "two pods on one volume": (
        "{strategy: {type: RollingUpdate}, persistence: {enabled: true}}",
        ["strategy.type", "SQLite", "Recreate"],
    ),
    "two monitors": (
        "{serviceMonitor: {enabled: true}, podMonitor: {enabled: true}}",
        ["serviceMonitor.enabled", "podMonitor.enabled", "twice"],
    ),
    "a budget with two ends": (
        "{podDisruptionBudget: {enabled: true, minAvailable: 1, maxUnavailable: 1}}",
        ["podDisruptionBudget", "exclude each other"],
    ),
    "dashboards for no Grafana": (
        "{dashboards: {operator: {enabled: true}}}",
        ["dashboards.operator.instanceSelector", "matchLabels"],
    ),
    "an unknown alert": (
        "{prometheusRule: {enabled: true, alerts: {PgSequenceNearLimits: {enabled: false}}}}",
        ["PgSequenceNearLimits", "there are:", "PgSequenceNearLimit\n"],
    ),
    "an unknown key of an alert": (
        "{prometheusRule: {alerts: {PgSequenceNearLimit: {threshold: 1}}}}",
        ["/prometheusRule/alerts/PgSequenceNearLimit", "threshold"],
    ),
    "an unknown threshold": (
        "{prometheusRule: {enabled: true, alerts: {PgSequenceNearLimit: {thresholds: {x: 1}}}}}",
        ["prometheusRule.alerts.PgSequenceNearLimit.thresholds.x", "there are: ratio"],
    ),
    "a threshold of another type": (
        (
            "{prometheusRule: {enabled: true,"
            " alerts: {PgSequenceNearLimit: {thresholds: {ratio: 80%}}}}}"
        ),
        ["thresholds.ratio", "has to be a number", "0.75"],
    ),
    "a name that no Service may have": (
        "{fullnameOverride: 1st}",
        ["fullnameOverride"],
    ),
    "a part of a name that no Service may have": (
        "{nameOverride: Seq}",
        ["demo-Seq", "name of a Service", "fullnameOverride"],
    ),
    "a namespace that cannot be": (
        "{namespaceOverride: a.b}",
        ["namespaceOverride", "a.b"],
    ),
    "an environment variable twice": (
        "{extraEnv: [{name: A, value: a}, {name: A, value: b}]}",
        ["extraEnv", "A is given twice"],
    ),
}
_SECRETS = ("secret@", "=secret")


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_refused_with_its_place_and_remedy(
    text: str, words: list[str]
) -> None:
    values: dict[str, Any] = yaml.safe_load(text)

    with pytest.raises(RefusedError) as refusal:
        render(values)

    message = str(refusal.value)
    missing = [word for word in words if word not in message]
    assert missing == [], message
    assert not any(secret in message for secret in _SECRETS)


@pytest.mark.parametrize("release", ["1st", "a.b"])
def test_a_release_that_no_service_may_be_named_after_is_refused(release: str) -> None:
    with pytest.raises(
        RefusedError, match=rf"{release}-sequence-agent.*fullnameOverride"
    ):
        render({}, release=release)

    assert render({"fullnameOverride": "seq"}, release=release).of_kind("Service")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u@h/d",
        "postgresql://u:${PW}@h/d",
        "postgres://h:5432/d?user=u",
        "postgresql://h:5432,i:5433/d",
        "host=h user=u",
        "host=h password=${PW}",
    ],
)
def test_a_dsn_without_a_password_in_plain_text_is_taken(dsn: str) -> None:
    render({"config": {"servers": [{"name": "a", "dsn": dsn}]}})
