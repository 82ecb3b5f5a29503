"""Budgets whose pods are not told by labels alone."""

from __future__ import annotations

import pytest

from asr_loadtest.manifests import check_manifests

BUDGET = """
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: asr}
spec:
  maxUnavailable: 1
"""


def _found(selector: str) -> set[str]:
    return {each.name for each in check_manifests({"pdb.yaml": BUDGET + selector})}


@pytest.mark.parametrize(
    "selector",
    ["  selector: {}", "  selector: {matchExpressions: [{key: app, operator: Exists}]}"],
)
def test_selector_that_is_no_list_of_labels_is_not_blamed(selector: str) -> None:
    """An empty one means all pods, and expressions are not read."""
    assert "budget-selector" not in _found(selector)


@pytest.mark.parametrize("selector", ["", "  selector: {matchLabels: {app: other}}"])
def test_selector_that_means_nobody_is(selector: str) -> None:
    """Without a selector no pod is meant, nor with labels that none has."""
    assert "budget-selector" in _found(selector)
