"""The chart as real Helm lints and renders it: the one place that knows the binding."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import yaml

CHART = Path(__file__).parents[2] / "helm" / "sequence-agent"
CI_FILES = sorted((CHART / "ci").glob("*-values.yaml"))
# The oldest that Chart.yaml admits, two between, and the newest there is a schema of.
KUBERNETES = ("1.28", "1.31", "1.34", "1.37")
NAMESPACE = "databases"
RELEASE = "demo"

Object = Mapping[str, Any]
Values = Mapping[str, Any]


class RefusedError(Exception):
    """Helm would not install this; the text is what a user reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What an installation would create, and what it would say."""

    objects: Sequence[Object]
    notes: str

    def of_kind(self, kind: str) -> list[Object]:
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str) -> Any:
        (found,) = self.of_kind(kind)
        return found

    @property
    def configuration(self) -> str:
        """The file that the agent reads."""
        found = [
            each["data"]["sequence-agent.yaml"]
            for each in self.of_kind("ConfigMap")
            if "sequence-agent.yaml" in each.get("data", {})
        ]
        (text,) = found
        return str(text)

    @property
    def pod(self) -> Any:
        """The specification of the agent's pod."""
        return self.one("Deployment")["spec"]["template"]["spec"]

    @property
    def agent(self) -> Any:
        """The agent's container."""
        return next(each for each in self.pod["containers"] if each["name"] == "agent")


def ci_values(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(path.read_text())
    return values


def render(
    values: Values,
    *,
    chart: Path = CHART,
    release: str = RELEASE,
    kube_version: str = "1.34",
    api_versions: Sequence[str] = (),
) -> Rendered:
    """What `helm template` gives; raises RefusedError."""
    options = {
        "name": release,
        "namespace": NAMESPACE,
        "kube_version": f"v{kube_version}.0",
        "api_versions": list(api_versions),
    }
    try:
        # Not Chart.render: it cannot tell what the cluster knows.
        answer = helm_python._native.call_string(
            "helm_render",
            _loaded(chart)._raw(),
            json.dumps(values),
            json.dumps(options),
        )
    except helm_python.HelmError as error:
        raise RefusedError(str(error)) from error
    files: dict[str, str] = json.loads(answer)
    notes = [text for path, text in files.items() if path.endswith("NOTES.txt")]
    documents = [
        document
        for path, text in sorted(files.items())
        if path.endswith(".yaml")
        for document in yaml.load_all(text, Loader=_Loader)
        if document
    ]
    return Rendered(objects=tuple(documents), notes="".join(notes))


def lint(values: Values, *, kube_version: str = "1.34") -> list[str]:
    """What `helm lint --strict` complains of."""
    report = helm_python.lint(
        CHART, dict(values), strict=True, kube_version=f"v{kube_version}.0"
    )
    complaints = [each["error"] for each in report["messages"] if each["severity"] > 1]
    return [*complaints, *report["errors"]]


@cache
def _loaded(chart: Path) -> helm_python.Chart:
    return helm_python.Chart.load(chart)


class _Loader(yaml.CSafeLoader):
    """Refuses keys that are given twice, as Kubernetes does."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:  # noqa: FBT002
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {str(key) for key in keys if keys.count(key) > 1}
        assert not twice, f"given twice: {twice}"
        return super().construct_mapping(node, deep=deep)
