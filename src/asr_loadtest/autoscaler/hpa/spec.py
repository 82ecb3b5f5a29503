"""What a HorizontalPodAutoscaler declares, with the defaults that the API server fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.quantity import quantity

__all__ = [
    "DEFAULT_DOWN_WINDOW_S",
    "DEFAULT_TOLERANCE",
    "Behavior",
    "HpaSpec",
    "MetricSpec",
    "Policy",
    "ScalingRules",
    "parse_hpa",
    "parse_hpa_spec",
]

DEFAULT_TOLERANCE = 0.1
"""Of the controller's flag --horizontal-pod-autoscaler-tolerance; no client can read it."""

DEFAULT_DOWN_WINDOW_S = 300.0
"""Of its flag --horizontal-pod-autoscaler-downscale-stabilization."""

Source = Literal["Resource", "ContainerResource", "Pods", "Object", "External"]
TargetType = Literal["Utilization", "AverageValue", "Value"]
Select = Literal["Max", "Min", "Disabled"]

# Where each source keeps the name of its metric.
_HOLDERS: dict[Source, str] = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}
_TARGET_FIELDS: dict[TargetType, str] = {
    "Utilization": "averageUtilization",
    "AverageValue": "averageValue",
    "Value": "value",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """
    How much may change within a period.

    Attributes:
        kind: "Pods" or "Percent" of the replicas at the period's start.
        value: How many.
        period_s: Seconds, 1..1800.
    """

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True, slots=True)
class ScalingRules:
    """
    The rules of one direction.

    Attributes:
        window_s: Stabilization window in seconds, 0..3600.
        policies: Rate policies.
        select: Which of them counts: the biggest change, the smallest, or none at all.
        tolerance: How far the ratio to the target may be off 1 before anything moves.
    """

    window_s: float
    policies: tuple[Policy, ...]
    select: Select = "Max"
    tolerance: float = DEFAULT_TOLERANCE


@dataclass(frozen=True, slots=True)
class Behavior:
    """The rules of both directions."""

    up: ScalingRules
    down: ScalingRules


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """
    One metric and its target.

    Attributes:
        source: Where it comes from.
        name: Its name: "cpu", "memory", or a custom metric's.
        target: Percent for Utilization, else the quantity as a number.
        target_type: What the target is compared with.
        container: Whose, of a ContainerResource.
    """

    source: Source
    name: str
    target: float
    target_type: TargetType
    container: str = ""

    @property
    def label(self) -> str:
        """Its name for people, such as "cpu" or "queue (Pods)"."""
        return self.name if self.source == "Resource" else f"{self.name} ({self.source})"


@dataclass(frozen=True, slots=True)
class HpaSpec:
    """
    What is declared.

    Attributes:
        minimum: minReplicas.
        maximum: maxReplicas.
        metrics: In their order; status has the same.
        behavior: None if the manifest has no behavior block, which is scaled by other rules.
        target: Kind and name of what is scaled.
    """

    minimum: int
    maximum: int
    metrics: tuple[MetricSpec, ...]
    behavior: Behavior | None = None
    target: tuple[str, str] = ("Deployment", "")

    @property
    def rules(self) -> Behavior:
        """Give the rules in force: the declared ones, or what their absence means."""
        return self.behavior or Behavior(_UP_WITHOUT, _DOWN_WITHOUT)


# Without a behavior block: one step up to twice as many, or 4; down at once, after the window.
_UP_WITHOUT = ScalingRules(0.0, ())
_DOWN_WITHOUT = ScalingRules(DEFAULT_DOWN_WINDOW_S, ())

# Of a manifest without metrics.
_METRIC_DEFAULT = MetricSpec("Resource", "cpu", 80.0, "Utilization")

# Of a block that has only one half: pkg/apis/autoscaling/v2/defaults.go.
_UP_DEFAULT = ScalingRules(0.0, (Policy("Percent", 100, 15.0), Policy("Pods", 4, 15.0)))
_DOWN_DEFAULT = ScalingRules(DEFAULT_DOWN_WINDOW_S, (Policy("Percent", 100, 15.0),))


def parse_hpa(manifest: Mapping[str, Any]) -> HpaSpec:
    """
    Read a manifest, or an object of the API.

    Raises:
        ConfigError: If it is no HorizontalPodAutoscaler of autoscaling/v2, or not a whole one.
    """
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if kind != "HorizontalPodAutoscaler" or version != "autoscaling/v2":
        raise ConfigError(
            f"this is {kind or 'nothing'} of {version or 'no version'}",
            hint="wanted: a HorizontalPodAutoscaler of autoscaling/v2",
        )
    return parse_hpa_spec(manifest.get("spec") or {})


def parse_hpa_spec(spec: Mapping[str, Any]) -> HpaSpec:
    """
    Read the `spec` of a HorizontalPodAutoscaler.

    Raises:
        ConfigError: If something is missing or out of range.
    """
    try:
        reference = spec.get("scaleTargetRef") or {}
        read = HpaSpec(
            minimum=int(spec.get("minReplicas", 1)),
            maximum=int(spec["maxReplicas"]),
            metrics=tuple(map(_metric, spec.get("metrics") or ())) or (_METRIC_DEFAULT,),
            behavior=_behavior(spec["behavior"]) if spec.get("behavior") is not None else None,
            target=(str(reference.get("kind", "Deployment")), str(reference.get("name", ""))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"the HPA's spec cannot be read: {type(error).__name__} at {error}",
            hint="kubectl apply --dry-run=server says more",
        ) from error
    if not 0 <= read.minimum <= read.maximum or read.maximum < 1:
        raise ConfigError(
            f"the HPA has minReplicas {read.minimum} and maxReplicas {read.maximum}",
            hint="wanted: 1 <= minReplicas <= maxReplicas",
        )
    return read


def _metric(fields: Mapping[str, Any]) -> MetricSpec:
    source = cast("Source", fields["type"])
    holder = fields[_HOLDERS[source]]
    kind = cast("TargetType", holder["target"]["type"])
    name = holder["name"] if "name" in holder else holder["metric"]["name"]
    return MetricSpec(
        source=source,
        name=str(name),
        target=quantity(holder["target"][_TARGET_FIELDS[kind]]),
        target_type=kind,
        container=str(holder.get("container", "")),
    )


def _behavior(fields: Mapping[str, Any]) -> Behavior:
    return Behavior(
        _rules(fields.get("scaleUp") or {}, _UP_DEFAULT),
        _rules(fields.get("scaleDown") or {}, _DOWN_DEFAULT),
    )


def _rules(fields: Mapping[str, Any], default: ScalingRules) -> ScalingRules:
    window_s = fields.get("stabilizationWindowSeconds")
    policies = fields.get("policies")
    tolerance = fields.get("tolerance")
    return ScalingRules(
        window_s=default.window_s if window_s is None else float(window_s),
        policies=default.policies if policies is None else tuple(map(_policy, policies)),
        select=cast("Select", fields.get("selectPolicy") or default.select),
        tolerance=default.tolerance if tolerance is None else quantity(tolerance),
    )


def _policy(fields: Mapping[str, Any]) -> Policy:
    return Policy(fields["type"], int(fields["value"]), float(fields["periodSeconds"]))
