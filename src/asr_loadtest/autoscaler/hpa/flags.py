"""The controller's flags: they give what a manifest leaves open, and no client can read them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_FLAGS", "ControllerFlags"]


@dataclass(frozen=True, slots=True)
class ControllerFlags:
    """
    Flags of kube-controller-manager, named `--horizontal-pod-autoscaler-...`.

    Attributes:
        downscale_stabilization_s: The window down where the manifest names none.
        cpu_initialization_s: How long after its start a pod's CPU counts only if it is ready.
        initial_readiness_delay_s: A pod that lost readiness earlier than this after its start has
            never been ready.
        tolerance: How far a ratio may be off 1 where the manifest does not say.

    Source: pkg/controller/podautoscaler/config/v1alpha1/defaults.go of Kubernetes 1.36.
    """

    downscale_stabilization_s: float = 300.0
    cpu_initialization_s: float = 300.0
    initial_readiness_delay_s: float = 30.0
    tolerance: float = 0.1


DEFAULT_FLAGS = ControllerFlags()
"""The flags of a controller that was given none."""
