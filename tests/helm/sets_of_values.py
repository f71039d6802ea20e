"""Values as users might combine them: for each part of the chart some choices."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Values = dict[str, Any]

_LABELS = [{}, {"team": "databases"}, {"a.b/c": "1", "x": ""}, {"gone": None}]

_SERVERS: list[Values] = [
    {"name": "one", "dsn": "postgresql://agent@one/postgres"},
    {"name": "Zwei & 3", "dsn": "host=two user=agent dbname=app", "schemas": None},
    {
        "name": "three",
        "dsn": "postgresql://agent:${PASSWORD}@three/postgres",
        "databases": {"exclude": ["template*", "x"]},
        "sequences": {"include": ["public.*"]},
    },
    {"name": "four", "dsn_file": "/vault/dsn", "resets": {"environment": "staging"}},
    {"name": "five", "dsn_env": "FIVE", "existingSecret": {"name": "shared"}},
    {"name": "six", "existingSecret": {"name": "six.db", "dsnKey": "uri"}},
    {
        "name": "seven",
        "existingSecret": {"name": "shared", "dsnKey": "dsn", "passwordKey": "pw"},
    },
]

_CONFIG: dict[str, list[Any]] = {
    "listen": [None, {}, {"port": 9000}, {"port": None, "host": "::"}],
    "log": [{"level": "debug", "format": "json"}, {"level": "${LEVEL:-info}"}],
    "history": [{"retention": "30d"}, None],
    "sampling": [{"interval": "30s", "max_locks": 1024}, {"concurrency": "${MANY}"}],
    "severity": [
        {"warning": {"used_ratio": "50%"}},
        {"critical": {"used_ratio": 0.99}},
    ],
    "metrics": [{"detail": "aggregate"}],
    "suspended": [True, False],
}

_PARTS: dict[str, list[Any]] = {
    "global": [None, {"imageRegistry": "mirror.example.com", "other": {"chart": 1}}],
    "nameOverride": ["sequences", "a" * 63, None],
    "fullnameOverride": ["seq", "a" * 52],
    "namespaceOverride": ["elsewhere"],
    "commonLabels": _LABELS,
    "commonAnnotations": _LABELS,
    "image": [{"tag": "1.2.3"}, {"digest": "sha256:" + "0" * 64}, {"tag": None}],
    "imagePullSecrets": [["one", {"name": "two"}], None],
    "configFiles": [{"users.sql": "SELECT 1;\n-- {{ text }}\n"}, {"a": ""}],
    "resets": [{"enabled": True}, {"enabled": False}, {"enabled": None}],
    "persistence": [
        {"enabled": True},
        {"enabled": True, "existingClaim": "mine", "fsGroup": None},
        {"enabled": True, "storageClass": "-", "keep": None, "labels": {"a": "b"}},
        {"size": "512Mi"},
    ],
    "revisionHistoryLimit": [0, 1, None],
    "podLabels": _LABELS,
    "podAnnotations": _LABELS,
    "priorityClassName": ["high", None],
    "terminationGracePeriodSeconds": [0, 30, None],
    "nodeSelector": [{"kubernetes.io/arch": "arm64"}],
    "tolerations": [[{"operator": "Exists"}], None],
    "affinity": [
        {"podAntiAffinity": {}},
        {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    ],
    "topologySpreadConstraints": [
        [
            {
                "maxSkew": 1,
                "topologyKey": "zone",
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ]
    ],
    "podSecurityContext": [{"fsGroup": 1000}, {"seccompProfile": None}, None],
    "securityContext": [{"runAsUser": 1000}, {"capabilities": None}, None],
    "resources": [None, {"limits": None}, {"requests": {"memory": "1Gi"}}],
    "startupProbe": [None, {"failureThreshold": 60}],
    "livenessProbe": [None, {"periodSeconds": 60}],
    "readinessProbe": [None],
    "extraEnv": [[{"name": "A", "value": "{{ .Release.Name }}"}]],
    "extraEnvFrom": [[{"secretRef": {"name": "more"}}]],
    "extraVolumes": [[{"name": "more", "emptyDir": {}}]],
    "extraContainers": [[{"name": "more", "image": "more:1"}]],
    "extraObjects": [
        [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more"}}]
    ],
    "service": [
        {"type": "LoadBalancer", "port": 80},
        {"ipFamilies": ["IPv6"], "labels": {"a": "b"}},
        {"type": None},
    ],
    "serviceAccount": [
        {"create": False},
        {"create": False, "name": "x"},
        {"name": "x"},
    ],
    "podDisruptionBudget": [
        {"enabled": True},
        {"enabled": True, "minAvailable": 0},
        {"enabled": True, "maxUnavailable": "50%", "unhealthyPodEvictionPolicy": None},
    ],
    "networkPolicy": [
        {"enabled": True},
        {"enabled": True, "egress": {"enabled": False}},
        {"enabled": True, "egress": {"dnsPorts": None, "databasePorts": []}},
        {"enabled": True, "ingressFrom": [{"podSelector": {}}]},
    ],
    "prometheusRule": [
        {"enabled": True},
        {"enabled": True, "interval": "1m", "additionalRuleLabels": {"a": "b"}},
        {"enabled": True, "alerts": {"PgSequenceExhausted": {"enabled": False}}},
        {"enabled": True, "namespace": "monitoring", "alerts": None},
    ],
    "dashboards": [
        {"enabled": True, "namespace": "monitoring"},
        {"operator": {"enabled": True, "instanceSelector": {"matchLabels": {}}}},
    ],
    "tests": [{"enabled": False}],
}

_MONITORS: list[Values] = [
    {"serviceMonitor": {"enabled": True, "interval": "30s", "sampleLimit": 10}},
    {"podMonitor": {"enabled": True, "jobLabel": None}},
]

_HISTORIES: list[Values] = [
    {"history": {"existingSecret": {"name": "history"}}, "replicas": 3},
    {
        "history": {"existingSecret": {"name": "history"}},
        "strategy": {"type": "RollingUpdate"},
    },
    {"replicas": 0},
]


def _some(choices: dict[str, list[Any]]) -> st.SearchStrategy[Values]:
    return st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(each) for key, each in choices.items()}
    )


@st.composite
def sets_of_values(draw: st.DrawFn) -> Values:
    config: Values = draw(_some(_CONFIG))
    config["servers"] = draw(
        st.lists(st.sampled_from(_SERVERS), unique_by=lambda each: str(each["name"]))
    )
    values: Values = {"config": config, **draw(_some(_PARTS))}
    values |= draw(st.sampled_from([{}, *_MONITORS]))
    more: Values = draw(st.sampled_from([{}, *_HISTORIES]))
    if "history" in more:
        config.pop("history", None)
        values.pop("persistence", None)
    return values | more
