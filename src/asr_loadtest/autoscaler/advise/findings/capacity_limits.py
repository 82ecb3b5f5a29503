"""What keeps load from pods, or pods from load: the gateway, the GPUs, the rate of scaling."""

from __future__ import annotations

import math

from asr_loadtest.autoscaler.advise.findings.pace import policy_rate_per_min
from asr_loadtest.autoscaler.advise.pod_needs import GPU, PodNeeds
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_few_gpus", "find_rate_limit", "find_slow_policy"]


def find_rate_limit(spec: HpaSpec, limit_rps: float, pod_rps: float) -> Finding | None:
    """
    Find a gateway that lets through less than the replicas carry.

    Args:
        spec: Its maxReplicas.
        limit_rps: What the gateway allows, all callers together.
        pod_rps: What one pod carries.
    """
    capacity_rps = spec.maximum * pod_rps
    if limit_rps >= capacity_rps:
        return None
    enough = max(math.ceil(limit_rps / pod_rps), 1)
    consequence = (
        "the load never asks for more than minReplicas"
        if enough <= spec.minimum
        else f"more than {enough} replicas are never needed"
    )
    return Finding(
        "warn",
        "rate_limit",
        f"the gateway allows {limit_rps:.3g} requests/s, {spec.maximum} replicas carry"
        f" {capacity_rps:.3g}: {consequence}, and callers see 429 while pods are idle",
        f"raise the gateway's rate limit to {math.ceil(60 * capacity_rps)} a minute, or set"
        f" maxReplicas to {max(enough, spec.minimum)}",
        {
            "limit_rps": limit_rps,
            "pod_rps": pod_rps,
            "capacity_rps": capacity_rps,
            "replicas_needed": enough,
        },
    )


def find_few_gpus(spec: HpaSpec, needs: PodNeeds, gpus: int) -> Finding | None:
    """
    Find that maxReplicas asks for more GPUs than there are.

    Args:
        spec: Its maxReplicas.
        needs: The GPUs of a pod; one if it does not say.
        gpus: That the cluster has for these pods.
    """
    of_pod = needs.requests.get(GPU, 1.0)
    room = math.floor(gpus / of_pod)
    if room >= spec.maximum:
        return None
    return Finding(
        "warn",
        "few_gpus",
        f"{gpus} GPUs have room for {room} pods of {of_pod:g} each, maxReplicas is {spec.maximum}:"
        " the rest stays Pending, and counts as idle",
        f"set maxReplicas to {room}, or add GPU nodes",
        {"gpus": gpus, "room": room, "maximum": spec.maximum},
    )


def find_slow_policy(spec: HpaSpec, ramp_rps_per_min: float, pod_rps: float) -> Finding | None:
    """
    Find load that grows faster than the policies may add replicas.

    Args:
        spec: Its rules for scaling up.
        ramp_rps_per_min: By how many requests a second the load grows in a minute.
        pod_rps: What one pod carries.
    """
    needed, allowed = ramp_rps_per_min / pod_rps, policy_rate_per_min(spec)
    if needed <= allowed:
        return None
    return Finding(
        "warn",
        "slow_policy",
        f"the load grows by {needed:.3g} replicas a minute, scaleUp allows {allowed:.3g} from"
        f" {spec.minimum} on: the queue grows until the ramp ends",
        f"add a policy of {math.ceil(needed)} Pods in 60 s to scaleUp.policies, or raise"
        " minReplicas before the ramp",
        {"needed_per_min": needed, "allowed_per_min": allowed},
    )
