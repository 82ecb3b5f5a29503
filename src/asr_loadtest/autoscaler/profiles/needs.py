"""What a rule would need that a load does not give it."""

from __future__ import annotations

from asr_loadtest.autoscaler.profiles.facts import HpaFacts

__all__ = ["what_is_needed"]


def what_is_needed(facts: HpaFacts, lasting_s: float, *, is_up: bool) -> str:
    """
    Say why replicas do not go this way, or not far enough, and what would make them.

    Args:
        facts: Of the autoscaler.
        lasting_s: How long the load would have to last, in the cluster's seconds, if that is all.
        is_up: Which way.
    """
    if obstacle := _obstacle(facts, is_up=is_up):
        return obstacle
    load = "high load" if is_up else "low load after a high one"
    return f"{lasting_s / facts.speed:.3g} s of {load}; hpa-full has it"


def _obstacle(facts: HpaFacts, *, is_up: bool) -> str:
    """Say what no load would overcome; empty if one would."""
    rules = facts.spec.rules.up if is_up else facts.spec.rules.down
    if facts.spec.maximum <= facts.fewest:
        return f"cannot be, the HPA allows {facts.fewest} replicas and no other number"
    if rules.select == "Disabled":
        return f"cannot be, scaling {'up' if is_up else 'down'} is disabled"
    if not facts.drivers:
        return "another metric than memory, which says little of a load"
    if is_up and facts.first == facts.spec.maximum:
        return f"fewer replicas at the start than {facts.first}, which is the most"
    if not is_up and facts.memory_floor > facts.fewest:
        return f"pods that hold less than {facts.memory_percent:.0f} % of their memory request"
    return ""
