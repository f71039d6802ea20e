"""The strict schemas of Kubernetes: unknown keys are mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

import kubernetes_validate
import kubernetes_validate.utils

from tests.helm.charts import Object

# It would read and parse megabytes for every object.
kubernetes_validate.utils.schema_contents = cache(
    kubernetes_validate.utils.schema_contents
)

# Of those that the chart makes; their schemas come with their operators.
CUSTOM = ("ServiceMonitor", "PodMonitor", "PrometheusRule", "GrafanaDashboard")


def mistakes(objects: Iterable[Object], version: str) -> list[str]:
    """What Kubernetes of that version would refuse, each with the object's name."""
    found: list[str] = []
    for each in objects:
        if each["kind"] not in CUSTOM:
            found += _mistakes_in(json.dumps(each, sort_keys=True), version)
    return found


@cache  # most objects are the same in most sets of values
def _mistakes_in(text: str, version: str) -> tuple[str, ...]:
    document = json.loads(text)
    try:
        kubernetes_validate.validate(document, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = ".".join(str(key) for key in error.absolute_path)
        return (f"{document['kind']} {version} {place}: {error.message}",)
    return ()
