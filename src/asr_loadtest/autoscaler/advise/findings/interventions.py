"""What else moved pods of a watched cluster, or kept them from being moved."""

from __future__ import annotations

from itertools import pairwise

from asr_loadtest.autoscaler.advise.amounts import say_s
from asr_loadtest.cluster.kubernetes.sightings import DisruptionBudgetSeen
from asr_loadtest.cluster.kubernetes.steps import Steps
from asr_loadtest.cluster.kubernetes.timeline import ClusterTimeline
from asr_loadtest.judgement.findings import Finding

__all__ = ["find_blocked_drains", "find_manual_changes", "find_rollout"]

# A budget's status lags behind its pods by less.
_SETTLED_S = 30.0


def find_manual_changes(timeline: ClusterTimeline) -> Finding | None:
    """Find changes of the replicas that are not known to be the autoscaler's."""
    by_hand = [each for each in timeline.changes if each.by == "somebody"]
    if not by_hand:
        return None
    told = ", ".join(f"{each.before} to {each.after} at {each.at_s:.0f} s" for each in by_hand[:3])
    more = f" and {len(by_hand) - 3} more" if len(by_hand) > 3 else ""  # noqa: PLR2004 - as above
    return Finding(
        "caveat",
        "manual_changes",
        f"replicas were changed by somebody else than the HPA ({told}{more}): it takes them back at"
        " its next look, without a window",
        "to have pods in advance raise minReplicas; leave replicas out of the Deployment's file",
        {"changes": len(by_hand)},
    )


def find_rollout(timeline: ClusterTimeline) -> Finding | None:
    """Find times in which two versions of the pods ran: figures are of both."""
    sets = [
        Steps.of((each.at_s, 0 if each.is_gone else each.replicas) for each in versions)
        for versions in timeline.replica_sets.values()
    ]
    edges = sorted({at_s for steps in sets for at_s, _ in steps.points} | {timeline.until_s})
    both = [
        (from_s, until_s)
        for from_s, until_s in pairwise(edges)
        if sum(1 for steps in sets if steps.at(from_s)) > 1
    ]
    if not both:
        return None
    total_s = sum(until_s - from_s for from_s, until_s in both)
    return Finding(
        "caveat",
        "rollout",
        f"a rollout went on from {both[0][0]:.0f} s on for {say_s(total_s)}: pods of two versions"
        " served, and new ones loaded",
        "test when no rollout is under way: kubectl rollout status",
        {"rollout_s": total_s},
    )


def find_blocked_drains(timeline: ClusterTimeline) -> Finding | None:
    """Find times in which no pod could be taken away though all were healthy."""
    names = sorted({each.name for each in timeline.budgets})
    blocked = {name: _blocked_s(timeline, name) for name in names}
    worst = max(blocked, key=lambda name: blocked[name], default=None)
    if worst is None or blocked[worst] <= _SETTLED_S:
        return None
    return Finding(
        "warn",
        "blocked_drains",
        f"for {say_s(blocked[worst])} the budget {worst} allowed no disruption though all pods were"
        " healthy: a drain of a node would have waited",
        "say maxUnavailable: 1 in the PodDisruptionBudget, or raise minReplicas in the HPA above"
        " its minAvailable",
        {"blocked_s": blocked[worst]},
    )


def _blocked_s(timeline: ClusterTimeline, name: str) -> float:
    blocks = Steps.of((each.at_s, _blocks(each)) for each in timeline.budgets if each.name == name)
    return sum(b - a for a, b, is_blocked in blocks.spans(timeline.until_s) if is_blocked)


def _blocks(budget: DisruptionBudgetSeen) -> bool:
    all_healthy = budget.healthy >= budget.expected > 0
    return all_healthy and budget.allowed == 0 and not budget.is_gone
