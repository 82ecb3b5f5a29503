"""
The conditions in an HPA's status: why it does what it does, in the controller's own words.

Source: horizontal.go of Kubernetes 1.36; each reason was seen there, but for FailedGet...Metric of
other kinds than Resource.
"""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.spec import MetricSpec

__all__ = ["Conditions", "failed_metric_reason"]

_FALSE = {"FailedGetScale", "ScalingDisabled", "DesiredWithinRange"}


@dataclass(frozen=True, slots=True)
class Conditions:
    """
    The reasons of the three conditions; "" of one that was never set.

    One that a sync does not come to keeps what an earlier one said, however stale.

    Attributes:
        able_to_scale: FailedGetScale, SucceededGetScale, ReadyForNewScale, ScaleUpStabilized,
            ScaleDownStabilized, SucceededRescale.
        scaling_active: ValidMetricFound, ScalingDisabled, FailedGetResourceMetric, ...
        scaling_limited: DesiredWithinRange, ScaleUpLimit, ScaleDownLimit, TooManyReplicas,
            TooFewReplicas.
    """

    able_to_scale: str = ""
    scaling_active: str = ""
    scaling_limited: str = ""

    def told(self) -> dict[str, tuple[str, str]]:
        """Give status ("True", "False") and reason by the condition's type, as the API has them."""
        reasons = {
            "AbleToScale": self.able_to_scale,
            "ScalingActive": self.scaling_active,
            "ScalingLimited": self.scaling_limited,
        }
        return {kind: (_status(reason), reason) for kind, reason in reasons.items() if reason}


def failed_metric_reason(metric: MetricSpec) -> str:
    """Give the reason of ScalingActive when this metric is the first that failed."""
    return f"FailedGet{metric.source}Metric"


def _status(reason: str) -> str:
    is_false = reason in _FALSE or reason.startswith("FailedGet")
    return "False" if is_false else "True"
