"""
Each rule of an autoscaler held against what the cluster did.

What is broken is so for certain; what is held was put to the test; the rest was not exercised.

    judge.py         judge_autoscaler(): all rules and timings
    values.py        what it comes to
    load_seen.py     the load, as far as it is asked for
    tenure.py        from when to when the spec was in force
    syncs.py         when the controller looked, and what it found
    pod_counts.py    how many pods it counted
    wishes.py        how many replicas it wanted
    course.py        looks, wishes and moves in one
    bound_rules.py, rate_rules.py, window_rules.py, target_rules.py, reactions.py,
    disruptions.py   the rules
    limits.py        how far rates let a move go
    timings.py, stopwatch.py   how long things took
    time_needed.py, plural.py  words
"""

from __future__ import annotations

from asr_loadtest.autoscaler.verdict.judge import judge_autoscaler
from asr_loadtest.autoscaler.verdict.load_seen import LoadSeen
from asr_loadtest.autoscaler.verdict.timings import PodStart, Timings
from asr_loadtest.autoscaler.verdict.values import AutoscalerVerdict, RuleVerdict

__all__ = [
    "AutoscalerVerdict",
    "LoadSeen",
    "PodStart",
    "RuleVerdict",
    "Timings",
    "judge_autoscaler",
]
