"""
Each rule of an autoscaler held against what the cluster did.

What is broken is so for certain; what is held was put to the test; the rest was not exercised.

    judge.py      judge_autoscaler(): all rules and timings
    inferred/     what the controller must have seen and done
    rules/        each rule held against that
    timings.py, stopwatch.py   how long things took
    load_seen.py  the load, as far as it is asked for
    values.py     what it comes to
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
