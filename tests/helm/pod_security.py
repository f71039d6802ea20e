"""The profile *restricted* of the Pod Security Standards, as far as a pod can break it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_PROFILES = ("RuntimeDefault", "Localhost")


def breaches_of_restricted(pod: Any) -> list[str]:
    return list(_breaches(pod))


def _breaches(pod: Any) -> Iterator[str]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield key
    for volume in pod.get("volumes", []):
        if not volume.keys() - {"name"} <= _VOLUMES:
            yield f"volume {volume['name']}"
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        security = container.get("securityContext", {})
        for breach in _container_breaches(security, pod.get("securityContext", {})):
            yield f"{container['name']}: {breach}"


def _container_breaches(own: Any, pods: Any) -> Iterator[str]:
    capabilities = own.get("capabilities", {})
    profile = own.get("seccompProfile", pods.get("seccompProfile", {}))
    kept = {
        "privileged": not own.get("privileged"),
        "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is False,
        "capabilities.drop": capabilities.get("drop") == ["ALL"],
        "capabilities.add": not set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"},
        "runAsNonRoot": own.get("runAsNonRoot", pods.get("runAsNonRoot")),
        "runAsUser": 0 not in (own.get("runAsUser"), pods.get("runAsUser")),
        "seccompProfile": profile.get("type") in _PROFILES,
        # Ours: the profile does not ask for it.
        "readOnlyRootFilesystem": own.get("readOnlyRootFilesystem"),
    }
    yield from (rule for rule, holds in kept.items() if not holds)
