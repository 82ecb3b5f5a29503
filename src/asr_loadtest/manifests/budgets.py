"""Disruption budgets: whose pods they are for, and whether any pod may go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import Document, Manifests

__all__ = ["CHECKS"]


def _budget(manifests: Manifests) -> Iterator[Defect]:
    for budget in manifests.of_kind("PodDisruptionBudget"):
        said = [key for key in ("minAvailable", "maxUnavailable") if key in budget.spec]
        if len(said) != 1:
            yield Defect(
                "budget",
                budget.where,
                f"it says {' and '.join(said) or 'neither minAvailable nor maxUnavailable'}",
                "say one of them: maxUnavailable: 1",
            )


def _budget_selector(manifests: Manifests) -> Iterator[Defect]:
    for budget in manifests.of_kind("PodDisruptionBudget"):
        said, selector = (
            budget.tree("spec", "selector"),
            budget.tree("spec", "selector", "matchLabels"),
        )
        # An empty one means all pods; expressions are not read here.
        is_by_labels = budget.spec.get("selector") != {} and "matchExpressions" not in said
        if is_by_labels and not manifests.selected(selector):
            yield Defect(
                "budget-selector",
                budget.where,
                f"no pods have the labels {dict(selector)}: nothing is protected",
                "use labels of a pod template",
            )


def _budget_blocks(manifests: Manifests) -> Iterator[Defect]:
    for budget in manifests.of_kind("PodDisruptionBudget"):
        fewest = _fewest_replicas(manifests, budget)
        if _leaves_none_to_take(budget.spec, fewest):
            yield Defect(
                "budget-blocks",
                budget.where,
                f"with {fewest} replicas no pod may be taken away: a drain waits for ever",
                "maxUnavailable: 1",
            )


def _fewest_replicas(manifests: Manifests, budget: Document) -> int:
    """Count the replicas that are there at the least: the HPA's minimum, else the Deployment's."""
    selector = budget.tree("spec", "selector", "matchLabels")
    mine = [each.document.name for each in manifests.selected(selector)]
    for hpa in manifests.of_kind("HorizontalPodAutoscaler"):
        if hpa.tree("spec", "scaleTargetRef").get("name") in mine:
            return int(hpa.spec.get("minReplicas", 1))
    counts = [each.document.spec.get("replicas", 1) for each in manifests.selected(selector)]
    return min(counts, default=1)


def _leaves_none_to_take(spec: Any, replicas: int) -> bool:
    kept, taken = spec.get("minAvailable"), spec.get("maxUnavailable")
    if kept is not None:
        return bool(_count(kept, replicas) >= replicas)
    return taken is not None and _count(taken, replicas) < 1


def _count(value: int | str, replicas: int) -> int:
    """Give a number of pods; both percentages of a budget are rounded up."""
    text = str(value)
    return -(-int(text[:-1]) * replicas // 100) if text.endswith("%") else int(text)


CHECKS = (_budget, _budget_selector, _budget_blocks)
