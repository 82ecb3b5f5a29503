"""Services: whom they lead to, at which ports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests, Workload

__all__ = ["CHECKS"]

_NODE_PORTS = range(30000, 32768)


def _services(manifests: Manifests) -> Iterator[tuple[Document, dict[str, Any]]]:
    for service in manifests.of_kind("Service"):
        for port in service.spec.get("ports") or []:
            yield service, port


def _nodeport_range(manifests: Manifests) -> Iterator[Defect]:
    for service, port in _services(manifests):
        number = port.get("nodePort")
        if number is not None and number not in _NODE_PORTS:
            yield Defect(
                "nodeport-range",
                service.where,
                f"nodePort {number} passes a dry run and is refused by the real apply",
                "choose one of 30000 to 32767",
            )


def _nodeport_twice(manifests: Manifests) -> Iterator[Defect]:
    owners: dict[int, Document] = {}
    for service, port in _services(manifests):
        number = port.get("nodePort")
        if number in owners:
            yield Defect(
                "nodeport-twice",
                service.where,
                f"nodePort {number} is that of {owners[number].name} already",
                "choose another one",
            )
        elif number is not None:
            owners[number] = service


def _leads_nowhere(manifests: Manifests) -> Iterator[Defect]:
    for service in manifests.of_kind("Service"):
        selector = service.tree("spec", "selector")
        if selector and not manifests.selected(selector):
            yield Defect(
                "service-selector",
                service.where,
                f"no pods have the labels {dict(selector)}",
                "use labels of a pod template",
            )


def _target_port(manifests: Manifests) -> Iterator[Defect]:
    for service, port in _services(manifests):
        target = port.get("targetPort", port.get("port"))
        for workload in manifests.selected(service.tree("spec", "selector")):
            if target not in _open_ports(workload):
                yield Defect(
                    "target-port",
                    service.where,
                    f"port {port.get('port')} leads to {target}, which "
                    f"{workload.document.name} does not open",
                    "name a port of the container",
                )


def _open_ports(workload: Workload) -> set[int | str]:
    return {port for container in workload.containers() for port in container.ports()}


def _pinned(manifests: Manifests) -> Iterator[Defect]:
    for service in manifests.of_kind("Service"):
        if service.spec.get("sessionAffinity") == "ClientIP":
            yield Defect(
                "pinned",
                service.where,
                "each caller stays with one pod, so that added pods get new callers only",
                "leave sessionAffinity out",
            )


CHECKS = (_nodeport_range, _nodeport_twice, _leads_nowhere, _target_port, _pinned)
