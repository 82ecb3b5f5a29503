"""
The controller, sync by sync: what it is served, what it remembers, what it does.

    the target's replicas ──▶ recommend ──▶ settle ──▶ rescale, or not
                              metrics        windows, rates, bounds

Source: reconcileAutoscaler in horizontal.go of Kubernetes 1.36.
"""

from __future__ import annotations

from dataclasses import replace

from asr_loadtest.autoscaler.hpa.conditions import Conditions, failed_metric_reason
from asr_loadtest.autoscaler.hpa.inputs import Inputs
from asr_loadtest.autoscaler.hpa.memory import Memory, Sync
from asr_loadtest.autoscaler.hpa.proposals import Recommendation, recommend
from asr_loadtest.autoscaler.hpa.settling import Settled, settle
from asr_loadtest.autoscaler.hpa.spec import HpaSpec

__all__ = ["Controller", "advance"]


class Controller:
    """
    The controller of one HPA.

    Args:
        spec: What the HPA declares, and the controller's flags.
    """

    def __init__(self, spec: HpaSpec) -> None:
        self.spec = spec
        self._memory = Memory()

    def sync(self, at_s: float, current: int | None, inputs: Inputs) -> Sync:
        """
        Look at the target once, and decide.

        Args:
            at_s: Now; no earlier than before.
            current: The target's spec.replicas; None if it cannot be read.
            inputs: What pods and metrics are served.

        What fails is told in the answer: nothing is raised.
        """
        self._memory, done = advance(self.spec, self._memory, at_s, current, inputs)
        return done

    def restart(self) -> None:
        """Forget recommendations and steps, as a controller does that is started anew."""
        self._memory = self._memory.lost()


def advance(
    spec: HpaSpec, memory: Memory, at_s: float, current: int | None, inputs: Inputs
) -> tuple[Memory, Sync]:
    """Make one sync, as `Controller.sync` does, and give what is remembered after it."""
    if current is None:
        conditions = replace(memory.conditions, able_to_scale="FailedGetScale")
        done = Sync(at_s, None, None, conditions, failure="the target's scale cannot be read")
    else:
        memory = memory.begun(at_s, current)
        done = _decide(spec, memory, at_s, current, inputs)
    return memory.after(spec, done), done


def _decide(spec: HpaSpec, memory: Memory, at_s: float, current: int, inputs: Inputs) -> Sync:
    if current == 0 and spec.minimum:
        told = replace(
            memory.conditions,
            able_to_scale="SucceededGetScale",
            scaling_active="ScalingDisabled",
        )
        return Sync(at_s, 0, 0, told)
    if not spec.minimum <= current <= spec.maximum:
        return _corrected(spec, memory, at_s, current)
    asked = recommend(spec, inputs, current, at_s)
    if asked.replicas is None:
        return _blocked(memory, asked, at_s, current)
    settled = settle(spec, memory, at_s, current, asked.replicas)
    return _moved(asked, settled, at_s, current)


def _corrected(spec: HpaSpec, memory: Memory, at_s: float, current: int) -> Sync:
    """Go back to a bound at once: neither metrics nor windows nor rates are asked."""
    if current > spec.maximum:
        bound, words = spec.maximum, "above Spec.MaxReplicas"
    else:
        bound, words = spec.minimum, "below Spec.MinReplicas"
    told = replace(memory.conditions, able_to_scale="SucceededRescale")
    return Sync(at_s, current, bound, told, reason=f"Current number of replicas {words}")


def _blocked(memory: Memory, asked: Recommendation, at_s: float, current: int) -> Sync:
    """Do nothing, because of metrics that failed; nothing is recommended either."""
    failed = asked.failed
    told = replace(
        memory.conditions,
        able_to_scale="SucceededGetScale",
        scaling_active=failed_metric_reason(failed.metric) if failed else "",
    )
    return Sync(at_s, current, current, told, proposals=asked.proposals, failure=_failure(asked))


def _moved(asked: Recommendation, settled: Settled, at_s: float, current: int) -> Sync:
    """Follow what has settled; perhaps it is what there is."""
    done = Sync(
        at_s,
        current,
        settled.replicas,
        Conditions(settled.waiting, "ValidMetricFound", settled.limited_by),
        recommended=asked.replicas,
        by=asked.by,
        stabilized=settled.stabilized,
        proposals=asked.proposals,
        failure=_failure(asked),
    )
    if not done.change:
        return done
    told = replace(done.conditions, able_to_scale="SucceededRescale")
    return replace(done, conditions=told, reason=_reason(asked, current))


def _reason(asked: Recommendation, current: int) -> str:
    """Give the event's reason, which goes by the wish alone; a limit may have let less through."""
    wish = asked.replicas or 0
    if wish == current:
        return ""
    return f"{asked.by} above target" if wish > current else "All metrics below target"


def _failure(asked: Recommendation) -> str:
    return asked.failed.failure if asked.failed else ""
