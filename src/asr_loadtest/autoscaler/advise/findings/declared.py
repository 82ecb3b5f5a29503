"""What an HPA's own file already says will happen."""

from __future__ import annotations

from collections.abc import Iterable

from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.judgement.findings import Finding, Severity
from asr_loadtest.manifests.defects import Defect

__all__ = ["find_absent_behavior", "find_disagreements", "find_fixed_size", "find_one_way"]

# Checks of manifests that tell of scaling, and of pods that are to go and come.
_OF_SCALING: dict[str, Severity] = {
    "namespace": "warn",
    "scale-target": "warn",
    "two-hpas": "warn",
    "selector": "warn",
    "window": "warn",
    "policy": "warn",
    "budget": "warn",
    "budget-selector": "warn",
    "budget-blocks": "warn",
    "pinned": "warn",
    "fixed-replicas": "caveat",
}


_NEEDS_WORKLOADS = {"budget-blocks", "budget-selector", "namespace", "scale-target"}


def find_disagreements(
    defects: Iterable[Defect], *, has_workloads: bool = True
) -> tuple[Finding, ...]:
    """
    Take what concerns scaling of the defects that `check_manifests` has found.

    Args:
        defects: All of them.
        has_workloads: Whether a workload is among the manifests: without any nothing can be said
            about who is meant by whom.
    """
    return tuple(
        Finding(
            _OF_SCALING[defect.name],
            defect.name.replace("-", "_"),
            f"{defect.where}: {defect.words}",
            defect.remedy,
        )
        for defect in defects
        if defect.name in _OF_SCALING and (has_workloads or defect.name not in _NEEDS_WORKLOADS)
    )


def find_absent_behavior(spec: HpaSpec) -> Finding | None:
    """Tell what no behavior block means."""
    if spec.behavior is not None:
        return None
    return Finding(
        "caveat",
        "absent_behavior",
        "there is no behavior block: up to twice as many replicas, or 4, come at once without any"
        f" window, and all that are too many go at once after {spec.rules.down.window_s:g} s",
        "say scaleUp and scaleDown in spec.behavior, as deploy/kubernetes/ai-model-hpa.yaml does",
        {"down_window_s": spec.rules.down.window_s},
    )


def find_fixed_size(spec: HpaSpec) -> Finding | None:
    """Tell that nothing is left to scale."""
    if spec.minimum != spec.maximum:
        return None
    return Finding(
        "warn",
        "fixed_size",
        f"minReplicas and maxReplicas are both {spec.minimum}: nothing is ever scaled",
        "lower minReplicas, or raise maxReplicas",
        {"minimum": spec.minimum, "maximum": spec.maximum},
    )


def find_one_way(spec: HpaSpec) -> Finding | None:
    """Tell that one direction is switched off."""
    rules = spec.rules
    off = [
        name
        for name, each in (("scaleUp", rules.up), ("scaleDown", rules.down))
        if each.select == "Disabled"
    ]
    if not off:
        return None
    return Finding(
        "caveat",
        "one_way",
        f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} switched off (selectPolicy:"
        " Disabled): replicas never go that way, but to keep within minReplicas and maxReplicas",
        "leave selectPolicy out where scaling is meant to work",
    )
