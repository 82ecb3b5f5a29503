"""The controller's flags: they give what a manifest leaves open, and no client can read them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_FLAGS", "ControllerFlags"]


@dataclass(frozen=True, slots=True)
class ControllerFlags:
    """
    Flags of kube-controller-manager, named `--horizontal-pod-autoscaler-...`.

    Attributes:
        sync_period_s: From the end of one look at an HPA to the next; seen as 15.07 s. The
            algorithm does not ask for it: its caller says when each look is.
        downscale_stabilization_s: The window down where the manifest names none.
        cpu_initialization_s: How long after its start a pod's CPU counts only if it is ready.
        initial_readiness_delay_s: A pod that lost readiness earlier than this after its start has
            never been ready.
        tolerance: How far a ratio may be off 1 where the manifest does not say.

    Source: pkg/controller/podautoscaler/config/v1alpha1/defaults.go of Kubernetes 1.36.
    """

    sync_period_s: float = 15.0
    downscale_stabilization_s: float = 300.0
    cpu_initialization_s: float = 300.0
    initial_readiness_delay_s: float = 30.0
    tolerance: float = 0.1


DEFAULT_FLAGS = ControllerFlags()
"""The flags of a controller that was given none."""
