"""What a HorizontalPodAutoscaler declares, with the defaults that the API server fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.hpa.flags import DEFAULT_FLAGS, ControllerFlags
from asr_loadtest.cluster.kubernetes.quantity import quantity

__all__ = [
    "Behavior",
    "HpaSpec",
    "MetricSpec",
    "Policy",
    "ScalingRules",
    "parse_hpa",
    "parse_hpa_spec",
]

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
    tolerance: float = DEFAULT_FLAGS.tolerance


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
        flags: Of the controller that reads it: they give what the manifest leaves open.
    """

    minimum: int
    maximum: int
    metrics: tuple[MetricSpec, ...]
    behavior: Behavior | None = None
    target: tuple[str, str] = ("Deployment", "")
    flags: ControllerFlags = DEFAULT_FLAGS

    @property
    def rules(self) -> Behavior:
        """
        Give the rules in force: the declared ones, or what their absence means.

        Without a behavior block: one step up to twice as many, or 4; down at once, after the
        window.
        """
        tolerance = self.flags.tolerance
        return self.behavior or Behavior(
            ScalingRules(0.0, (), tolerance=tolerance),
            ScalingRules(self.flags.downscale_stabilization_s, (), tolerance=tolerance),
        )


# Of a manifest without metrics.
_METRIC_DEFAULT = MetricSpec("Resource", "cpu", 80.0, "Utilization")

# Of a block that has only one half: pkg/apis/autoscaling/v2/defaults.go.
_UP_POLICIES = (Policy("Percent", 100, 15.0), Policy("Pods", 4, 15.0))
_DOWN_POLICIES = (Policy("Percent", 100, 15.0),)


def parse_hpa(manifest: Mapping[str, Any], flags: ControllerFlags = DEFAULT_FLAGS) -> HpaSpec:
    """
    Read a manifest, or an object of the API.

    Args:
        manifest: All of it.
        flags: Of the controller that will read it.

    Raises:
        ConfigError: If it is no HorizontalPodAutoscaler of autoscaling/v2, or not a whole one.
    """
    kind, version = manifest.get("kind"), manifest.get("apiVersion")
    if kind != "HorizontalPodAutoscaler" or version != "autoscaling/v2":
        raise ConfigError(
            f"this is {kind or 'nothing'} of {version or 'no version'}",
            hint="wanted: a HorizontalPodAutoscaler of autoscaling/v2",
        )
    return parse_hpa_spec(manifest.get("spec") or {}, flags)


def parse_hpa_spec(spec: Mapping[str, Any], flags: ControllerFlags = DEFAULT_FLAGS) -> HpaSpec:
    """
    Read the `spec` of a HorizontalPodAutoscaler; arguments as those of `parse_hpa`.

    Raises:
        ConfigError: If something is missing or out of range.
    """
    try:
        reference = spec.get("scaleTargetRef") or {}
        read = HpaSpec(
            minimum=int(spec.get("minReplicas", 1)),
            maximum=int(spec["maxReplicas"]),
            metrics=tuple(map(_metric, spec.get("metrics") or ())) or (_METRIC_DEFAULT,),
            behavior=_behavior(spec.get("behavior"), flags),
            target=(str(reference.get("kind", "Deployment")), str(reference.get("name", ""))),
            flags=flags,
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
    if any(metric.target <= 0 for metric in read.metrics):
        raise ConfigError(
            "the HPA has a metric with a target of 0 or less", hint="wanted: a target above 0"
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


def _behavior(fields: Mapping[str, Any] | None, flags: ControllerFlags) -> Behavior | None:
    if fields is None:
        return None
    down_s, tolerance = flags.downscale_stabilization_s, flags.tolerance
    return Behavior(
        _rules(fields.get("scaleUp"), ScalingRules(0.0, _UP_POLICIES, tolerance=tolerance)),
        _rules(fields.get("scaleDown"), ScalingRules(down_s, _DOWN_POLICIES, tolerance=tolerance)),
    )


def _rules(fields: Mapping[str, Any] | None, default: ScalingRules) -> ScalingRules:
    if not fields:
        return default
    window_s, tolerance = fields.get("stabilizationWindowSeconds"), fields.get("tolerance")
    return ScalingRules(
        window_s=default.window_s if window_s is None else float(window_s),
        policies=tuple(map(_policy, fields.get("policies") or ())) or default.policies,
        select=cast("Select", fields.get("selectPolicy") or default.select),
        tolerance=default.tolerance if tolerance is None else quantity(tolerance),
    )


def _policy(fields: Mapping[str, Any]) -> Policy:
    return Policy(fields["type"], int(fields["value"]), float(fields["periodSeconds"]))
