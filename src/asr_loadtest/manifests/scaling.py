"""HPAs: what they act on, and whether their numbers can work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Container, Document, Manifests, Workload

__all__ = ["CHECKS"]

# Kubernetes' own bounds, autoscaling/v2.
_LONGEST_WINDOW_S = 3600
_LONGEST_PERIOD_S = 1800


def _hpas(manifests: Manifests) -> Iterator[Document]:
    return manifests.of_kind("HorizontalPodAutoscaler")


def _targets(manifests: Manifests, hpa: Document) -> list[Workload]:
    wanted = hpa.tree("spec", "scaleTargetRef")
    return [
        each
        for each in manifests.workloads()
        if (each.document.kind, each.document.name) == (wanted.get("kind"), wanted.get("name"))
    ]


def _scale_target(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        wanted = hpa.tree("spec", "scaleTargetRef")
        if not _targets(manifests, hpa):
            yield Defect(
                "scale-target",
                hpa.where,
                f"its target {wanted.get('kind')} {wanted.get('name')} does not exist, which no "
                "API server says",
                "name a Deployment of these manifests",
            )


def _old_api(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        if hpa.body.get("apiVersion") != "autoscaling/v2":
            yield Defect(
                "old-api",
                hpa.where,
                f"{hpa.body.get('apiVersion')} is gone, or knows CPU only",
                "apiVersion: autoscaling/v2",
            )


def _replicas_range(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        lowest, highest = hpa.spec.get("minReplicas", 1), hpa.spec.get("maxReplicas", 0)
        if not 1 <= lowest <= highest:
            yield Defect(
                "replicas-range",
                hpa.where,
                f"it may choose from {lowest} to {highest} replicas",
                "1 <= minReplicas <= maxReplicas",
            )


def _fixed_replicas(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        for target in _targets(manifests, hpa):
            if "replicas" in target.document.spec:
                yield Defect(
                    "fixed-replicas",
                    target.document.where,
                    f"each apply sets {target.document.spec['replicas']} replicas, whatever "
                    f"{hpa.name} has chosen",
                    "leave replicas out",
                )


def _two_hpas(manifests: Manifests) -> Iterator[Defect]:
    # Two files with an object of one name are variants: the second replaces the first.
    names: dict[Any, str] = {}
    for hpa in _hpas(manifests):
        wanted = hpa.tree("spec", "scaleTargetRef")
        first = names.setdefault((wanted.get("kind"), wanted.get("name")), hpa.name)
        if first != hpa.name:
            yield Defect(
                "two-hpas",
                hpa.where,
                f"{first} scales the same {wanted.get('kind')}, and neither gives in",
                "one HPA with the metrics of both",
            )


def _requests(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        for resource in _utilizations(hpa):
            for target in _targets(manifests, hpa):
                for container in target.containers():
                    if not _requests_some(container, resource):
                        yield Defect(
                            "requests",
                            target.document.where,
                            f"{container.name} requests no {resource}, of which {hpa.name} "
                            "wants a percentage: the metric fails",
                            f"resources.requests.{resource}",
                        )


def _requests_some(container: Container, resource: str) -> bool:
    """Tell whether a resource is requested; a limit alone counts as a request."""
    return any(resource in container.tree("resources", key) for key in ("requests", "limits"))


def _utilizations(hpa: Document) -> Iterator[str]:
    for metric in hpa.spec.get("metrics") or []:
        resource = metric.get("resource") or {}
        if (resource.get("target") or {}).get("type") == "Utilization":
            yield str(resource.get("name"))


def _rules(hpa: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for direction, rules in hpa.tree("spec", "behavior").items():
        yield direction, rules or {}


def _window(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        for direction, rules in _rules(hpa):
            window_s = rules.get("stabilizationWindowSeconds", 0)
            if not 0 <= window_s <= _LONGEST_WINDOW_S:
                yield Defect(
                    "window",
                    hpa.where,
                    f"the window of {direction} is {window_s} s",
                    f"0 to {_LONGEST_WINDOW_S} s",
                )


def _policy(manifests: Manifests) -> Iterator[Defect]:
    for hpa in _hpas(manifests):
        for direction, rules in _rules(hpa):
            for policy in rules.get("policies") or []:
                period_s, value = policy.get("periodSeconds", 0), policy.get("value", 0)
                if not 1 <= period_s <= _LONGEST_PERIOD_S or value < 1:
                    yield Defect(
                        "policy",
                        hpa.where,
                        f"a policy of {direction} allows {value} in {period_s} s",
                        f"a value above 0, in 1 to {_LONGEST_PERIOD_S} s",
                    )


CHECKS = (
    _scale_target,
    _old_api,
    _replicas_range,
    _fixed_replicas,
    _two_hpas,
    _requests,
    _window,
    _policy,
)
