"""Pods: labels, probes, volumes, GPUs; what holds for any program in them."""

from __future__ import annotations

from collections.abc import Iterator

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Manifests, selects

__all__ = ["CHECKS"]

_GPU = "nvidia.com/gpu"
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _selector(manifests: Manifests) -> Iterator[Defect]:
    for workload in manifests.workloads():
        wanted = workload.document.tree("spec", "selector", "matchLabels")
        if workload.document.kind != "Job" and not selects(wanted, workload.labels):
            yield Defect(
                "selector",
                workload.document.where,
                f"it looks for pods with {dict(wanted)}, and makes them with "
                f"{dict(workload.labels)}",
                "give the template every label of the selector",
            )


def _gpu(manifests: Manifests) -> Iterator[Defect]:
    for container in manifests.containers():
        asked = container.tree("resources", "requests").get(_GPU)
        limit = container.tree("resources", "limits").get(_GPU)
        if asked is not None and asked != limit:
            yield Defect(
                "gpu-request",
                container.workload.document.where,
                f"{container.name} requests {asked} GPU with a limit of {limit}",
                f"make the limit of {_GPU} equal to the request",
            )


def _probe_port(manifests: Manifests) -> Iterator[Defect]:
    for container in manifests.containers():
        for probe in _PROBES:
            port = container.tree(probe, "httpGet").get("port")
            if port is not None and port not in container.ports():
                yield Defect(
                    "probe-port",
                    container.workload.document.where,
                    f"{probe} of {container.name} asks the port {port}, which it does not open",
                    "name one of the container's ports",
                )


def _volume(manifests: Manifests) -> Iterator[Defect]:
    for container in manifests.containers():
        there = container.workload.volumes()
        for mount in container.body.get("volumeMounts") or []:
            if mount.get("name") not in there:
                yield Defect(
                    "volume",
                    container.workload.document.where,
                    f"{container.name} mounts the volume {mount.get('name')}, which there is not",
                    "list it under volumes",
                )


CHECKS = (_selector, _gpu, _probe_port, _volume)
