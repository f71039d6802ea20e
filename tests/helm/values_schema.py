"""What values.yaml may hold, as JSON Schema draft-07, which every Helm since 3 enforces.

`config` is taken from the models of the agent, so that Helm refuses what the agent would
refuse. Leaves may be null: that is how one values file takes back what another says.
Patterns are those that Go understands, without look-ahead.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from agent.config import json_schema

Schema = dict[str, Any]

_NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"
_NAMESPACE = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_SERVICE = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
_QUANTITY = "^[0-9]+(\\.[0-9]+)?([kMGTPE]|[KMGTPE]i)?$"
_PROMETHEUS_DURATION = "^([0-9]+(ms|[smhdwy]))*$"
_DEFINITIONS = "#/definitions/"


def text(pattern: str | None = None, *, longest: int | None = None) -> Schema:
    schema: Schema = {"type": ["string", "null"]}
    if pattern is not None:
        schema["pattern"] = pattern
    if longest is not None:
        schema["maxLength"] = longest
    return schema


def needed(schema: Schema) -> Schema:
    """The same, but never null or absent: nothing could be rendered without it."""
    kinds = [kind for kind in schema["type"] if kind != "null"]
    return schema | {"type": kinds[0]}


def flag() -> Schema:
    return {"type": ["boolean", "null"]}


def whole(low: int, high: int | None = None) -> Schema:
    schema: Schema = {"type": ["integer", "null"], "minimum": low}
    return schema if high is None else schema | {"maximum": high}


def port() -> Schema:
    return whole(1, 65_535)


def choice(*names: str) -> Schema:
    return {"enum": [*names, None]}


def listed(items: Schema) -> Schema:
    return {"type": ["array", "null"], "items": items}


def texts() -> Schema:
    """Labels and annotations."""
    return {
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "null"]},
    }


def kubernetes() -> Schema:
    """What Kubernetes itself checks."""
    return {"type": ["object", "null"]}


def kubernetes_list() -> Schema:
    return listed({"type": "object"})


def section(**properties: Schema) -> Schema:
    """Known keys and no others; those that are never null have to be there."""
    required = [key for key, each in properties.items() if _is_needed(each)]
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return schema | ({"required": required} if required else {})


def _is_needed(schema: Schema) -> bool:
    kind = schema.get("type")
    return isinstance(kind, str) and kind != "object"


def _count_or_share() -> Schema:
    share = {"type": "string", "pattern": "^(100|[0-9]{1,2})%$"}
    return {"anyOf": [{"type": "integer", "minimum": 0}, share, {"type": "null"}]}


def _pull_secrets() -> Schema:
    name = {"type": "string", "pattern": _NAME}
    return listed(
        {
            "anyOf": [
                name,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"name": name},
                    "required": ["name"],
                },
            ]
        }
    )


def _monitor(**more: Schema) -> Schema:
    return section(
        enabled=flag(),
        namespace=text(f"^$|{_NAMESPACE}", longest=63),
        labels=texts(),
        annotations=texts(),
        interval=text(_PROMETHEUS_DURATION),
        scrapeTimeout=text(_PROMETHEUS_DURATION),
        honorLabels=flag(),
        jobLabel=text(),
        podTargetLabels=listed({"type": "string"}),
        sampleLimit=whole(0),
        relabelings=kubernetes_list(),
        metricRelabelings=kubernetes_list(),
        **more,
    )


def _alert_change() -> Schema:
    return section(
        **{
            "enabled": flag(),
            "for": text(_PROMETHEUS_DURATION),
            "keepFiringFor": text(_PROMETHEUS_DURATION),
            "severity": text("^[a-z]+$"),
            "thresholds": {
                "type": ["object", "null"],
                "additionalProperties": {"type": ["number", "string", "null"]},
            },
            "labels": texts(),
            "annotations": texts(),
        }
    )


def _sections() -> Mapping[str, Schema]:
    return {
        "global": section(
            imageRegistry=text(),
            imagePullSecrets=_pull_secrets(),
        )
        | {"additionalProperties": True, "type": ["object", "null"]},
        "image": section(
            registry=text("^[^ /]*$"),
            repository=needed(text("^[a-z0-9]+([._/-]+[a-z0-9]+)*$")),
            tag=text("^$|^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"),
            digest=text("^$|^sha256:[0-9a-f]{64}$"),
            pullPolicy=choice("Always", "IfNotPresent", "Never"),
        ),
        "resets": section(enabled=flag()),
        "history": section(
            existingSecret=section(
                name=text(f"^$|{_NAME}", longest=253),
                key=needed(text("^[-._a-zA-Z0-9]+$")),
            )
        ),
        "persistence": section(
            enabled=flag(),
            existingClaim=text(f"^$|{_NAME}", longest=253),
            storageClass=text(f"^-?$|{_NAME}", longest=253),
            accessModes=listed(
                {"enum": ["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"]}
            ),
            size=needed(text(_QUANTITY)),
            fsGroup=whole(1),
            annotations=texts(),
            labels=texts(),
            keep=flag(),
        ),
        "strategy": section(
            type={"enum": ["Recreate", "RollingUpdate"]}, rollingUpdate=kubernetes()
        )
        | {"required": ["type"]},
        "service": section(
            type=choice("ClusterIP", "NodePort", "LoadBalancer"),
            port=needed(port()),
            ipFamilyPolicy=choice(
                "", "SingleStack", "PreferDualStack", "RequireDualStack"
            ),
            ipFamilies=listed({"enum": ["IPv4", "IPv6"]}),
            annotations=texts(),
            labels=texts(),
        ),
        "serviceAccount": section(
            create=flag(),
            name=text(f"^$|{_NAME}", longest=253),
            annotations=texts(),
        ),
        "podDisruptionBudget": section(
            enabled=flag(),
            minAvailable=_count_or_share(),
            maxUnavailable=_count_or_share(),
            unhealthyPodEvictionPolicy=choice("AlwaysAllow", "IfHealthyBudget"),
        ),
        "networkPolicy": section(
            enabled=flag(),
            ingressFrom=kubernetes_list(),
            egress=section(
                enabled=flag(),
                databasePorts=listed(needed(port())),
                databasesTo=kubernetes_list(),
                dnsPorts=listed(needed(port())),
                dnsTo=kubernetes_list(),
                extra=kubernetes_list(),
            ),
        ),
        "serviceMonitor": _monitor(targetLabels=listed({"type": "string"})),
        "podMonitor": _monitor(),
        "prometheusRule": section(
            enabled=flag(),
            namespace=text(f"^$|{_NAMESPACE}", longest=63),
            labels=texts(),
            annotations=texts(),
            interval=text(_PROMETHEUS_DURATION),
            runbookUrl=text("^$|^https?://"),
            additionalRuleLabels=texts(),
            additionalRuleAnnotations=texts(),
            alerts={
                "type": ["object", "null"],
                "additionalProperties": _alert_change(),
            },
            extraGroups=kubernetes_list(),
        ),
        "dashboards": section(
            enabled=flag(),
            namespace=text(f"^$|{_NAMESPACE}", longest=63),
            labels=texts(),
            annotations=texts(),
            operator=section(
                enabled=flag(),
                instanceSelector=kubernetes(),
                folder=text(),
                resyncPeriod=text("^([0-9]+(ms|s|m|h))*$"),
                allowCrossNamespaceImport=flag(),
                labels=texts(),
                annotations=texts(),
            ),
        ),
        "tests": section(enabled=flag()),
    }


def _pod() -> Mapping[str, Schema]:
    return {
        "replicas": needed(whole(0)),
        "revisionHistoryLimit": whole(0),
        "podLabels": texts(),
        "podAnnotations": texts(),
        "priorityClassName": text(f"^$|{_NAME}"),
        "runtimeClassName": text(f"^$|{_NAME}"),
        "schedulerName": text(f"^$|{_NAME}"),
        "terminationGracePeriodSeconds": whole(0),
        "nodeSelector": texts(),
        "tolerations": kubernetes_list(),
        "affinity": kubernetes(),
        "topologySpreadConstraints": kubernetes_list(),
        "hostAliases": kubernetes_list(),
        "dnsPolicy": choice(
            "", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"
        ),
        "dnsConfig": kubernetes(),
        "podSecurityContext": kubernetes(),
        "securityContext": kubernetes(),
        "resources": section(
            requests=kubernetes(), limits=kubernetes(), claims=kubernetes_list()
        )
        | {"type": ["object", "null"]},
        "startupProbe": kubernetes(),
        "livenessProbe": kubernetes(),
        "readinessProbe": kubernetes(),
        "extraEnv": listed(
            {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "value": {"type": "string"},
                    "valueFrom": {"type": "object"},
                },
                "required": ["name"],
                "additionalProperties": False,
            }
        ),
        "extraEnvFrom": kubernetes_list(),
        "extraVolumes": kubernetes_list(),
        "extraVolumeMounts": kubernetes_list(),
        "extraContainers": kubernetes_list(),
        "initContainers": kubernetes_list(),
        "extraObjects": listed({"type": ["object", "string"]}),
    }


def values_schema(descriptions: Mapping[str, str]) -> Schema:
    """The whole schema; descriptions are told by the path of the key they are about."""
    config, definitions = _config()
    root = section(
        enabled=flag() | {"description": "For charts that have this one as a part."},
        nameOverride=text(longest=63),
        fullnameOverride=text(f"^$|{_SERVICE}", longest=52),
        namespaceOverride=text(f"^$|{_NAMESPACE}", longest=63),
        commonLabels=texts(),
        commonAnnotations=texts(),
        imagePullSecrets=_pull_secrets(),
        config=config,
        configFiles={
            "type": ["object", "null"],
            "propertyNames": {"pattern": "^[-._a-zA-Z0-9]+$"},
            "additionalProperties": {"type": "string"},
        },
        **_sections(),
        **_pod(),
    )
    _describe(root, descriptions, ())
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart sequence-agent",
        **root,
        "definitions": definitions,
    }


def _describe(
    schema: Schema, descriptions: Mapping[str, str], path: Sequence[str]
) -> None:
    for key, value in schema["properties"].items():
        here = (*path, key)
        if found := descriptions.get(".".join(here)):
            value["description"] = found
        elif "properties" in value:
            value["title"] = ".".join(here)
            _describe(value, descriptions, here)


def _config() -> tuple[Schema, Schema]:
    """The schema of the agent's file, as far as values go, and what it refers to."""
    schema = _for_go(json_schema())
    definitions: Schema = schema.pop("$defs")
    variable = definitions.pop("Variable")["pattern"]
    for each in (schema, *definitions.values()):
        _with_nulls(each, variable)
    for key in ("$schema", "required", "description"):
        del schema[key]
    # The release may be there before its servers are.
    del schema["properties"]["servers"]["minItems"]
    schema["properties"]["servers"]["type"] = ["array", "null"]
    server = definitions["Server"]
    del server["oneOf"]  # a Secret may hold the DSN; templates/_config.tpl has the rule
    server["properties"]["existingSecret"] = _existing_secret()
    # The Service and the probes have to know it.
    definitions["Listen"]["properties"]["port"] = port()
    return schema, definitions


def _existing_secret() -> Schema:
    key = {"type": "string", "pattern": "^[-._a-zA-Z0-9]+$"}
    return {
        "type": ["object", "null"],
        "title": "Secret of a server",
        "description": "A Secret whose keys become files; read again at each connection.",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": _NAME, "maxLength": 253},
            "passwordKey": key | {"description": "The key of the password."},
            "dsnKey": key | {"description": "The key of a whole DSN."},
        },
        "required": ["name"],
    }


def _for_go(value: Any) -> Any:
    """Draft 2020-12 in terms of draft-07, with patterns that Go can compile."""
    if isinstance(value, list):
        return [_for_go(each) for each in value]
    if not isinstance(value, dict):
        return copy.deepcopy(value)
    changed = {key: _for_go(each) for key, each in value.items()}
    if isinstance(reference := changed.get("$ref"), str):
        changed["$ref"] = reference.replace("#/$defs/", _DEFINITIONS)
    pattern = changed.get("pattern")
    if isinstance(pattern, str) and pattern.startswith("^(?=.)"):
        changed["pattern"] = pattern.replace("(?=.)", "", 1)
        changed["minLength"] = 1
    if isinstance(changed.get("format"), str):
        del changed["format"]
    return changed


def _with_nulls(schema: Schema, variable: str) -> None:
    schema["type"] = [schema["type"], "null"]
    required = schema.get("required", [])
    for key, value in schema.get("properties", {}).items():
        _flatten(value, variable)
        kinds = value.get("type")
        if key not in required and isinstance(kinds, str):
            value["type"] = [kinds, "null"]
        if key in required and isinstance(kinds, list):
            value["type"] = [kind for kind in kinds if kind != "null"]


def _flatten(value: Schema, variable: str) -> None:
    """One schema in place of `anyOf`, so that Helm tells a mistake in one line.

    That needs no more than one kind of each type: a keyword says nothing about values
    of other types.
    """
    kinds = [kind for kind in value.pop("anyOf", []) if kind != {"type": "null"}]
    types, patterns = set(), []
    for kind in kinds:
        if kind == {"$ref": f"{_DEFINITIONS}Variable"}:
            kind = {"type": "string", "pattern": variable}  # noqa: PLW2901
        if names := kind.get("enum"):
            kind = {"type": "string", "pattern": f"^({'|'.join(names)})$"}  # noqa: PLW2901
        value.update({key: kind[key] for key in kind if key not in {"type", "pattern"}})
        types.add(kind.get("type"))
        patterns += [kind["pattern"]] if "pattern" in kind else []
    if patterns:
        value.update({"type": [*sorted(types), "null"], "pattern": "|".join(patterns)})
    elif types - {None}:
        value["type"] = types.pop()
