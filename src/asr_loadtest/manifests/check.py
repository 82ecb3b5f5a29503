"""All checks, over files that belong together."""

from __future__ import annotations

from collections.abc import Mapping

from asr_loadtest.manifests import access, budgets, gateway, pods, scaling, services, triton
from asr_loadtest.manifests.defects import Defect
from asr_loadtest.manifests.documents import parse_manifests

__all__ = ["check_manifests"]

_CHECKS = (
    *access.CHECKS,
    *pods.CHECKS,
    *triton.CHECKS,
    *services.CHECKS,
    *scaling.CHECKS,
    *budgets.CHECKS,
    *gateway.CHECKS,
)


def check_manifests(texts: Mapping[str, str]) -> tuple[Defect, ...]:
    """
    Find what an API server would let through, and what would not work all the same.

    Args:
        texts: Contents of YAML files by their names: Kubernetes manifests and a declarative
            configuration of Kong. What refers to each other must be among them.

    Returns:
        Defects, in the order of the checks; empty if there are none.

    Raises:
        ConfigError: If a file is no YAML.
    """
    manifests = parse_manifests(texts)
    found = [defect for check in _CHECKS for defect in check(manifests)]
    return (*found, *access.find_keys(texts))
