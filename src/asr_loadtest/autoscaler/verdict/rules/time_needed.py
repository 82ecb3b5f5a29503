"""How long a run must be for a rule to be put to the test."""

from __future__ import annotations

from asr_loadtest.autoscaler.hpa.spec import ScalingRules
from asr_loadtest.autoscaler.verdict.inferred.syncs import SYNC_S

__all__ = ["FIRST_MOVE_S", "time_needed"]

FIRST_MOVE_S = 4 * SYNC_S
"""From a change of the load to the first move, beside the window: samples, and looks before it."""


def time_needed(rules: ScalingRules) -> str:
    """
    Say how long one direction takes: its first move, and each further one.

    Further moves wait for the rate; where a metric's share grows as pods go, as memory's does, each
    move waits for the window again (seen: 301 s each, with a window of 300 s).
    """
    first_s = rules.window_s + FIRST_MOVE_S
    period_s = max((each.period_s for each in rules.policies), default=0.0)
    words = f"{first_s:.0f} s for the first move, {period_s + 1:.0f} s for each further one"
    if rules.window_s <= period_s:
        return words
    return f"{words} ({rules.window_s + 1:.0f} s where the wish changes with each)"
