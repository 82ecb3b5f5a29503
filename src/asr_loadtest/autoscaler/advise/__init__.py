"""
What will go wrong with an autoscaler, told before it does: from its file and two samples.

    advice.py           advise(): all findings, and what could not be looked at
    timeline_advice.py  advise_timeline(): the same of a cluster that was watched

    sample.py           how the pods were doing; read by sample_text.py and its neighbours:
    sample_fields.py    our own small file     pod_usage.py      kubectl top, metrics.k8s.io
    report_sample.py    a run's report         timeline_sample.py  a watched cluster
    pod_needs.py        what a pod asks for, may take, and how long it may load

    idle_trap.py        idle pods that hold replicas, or make them      resting.py
    blind_signal.py     saturated pods that no metric sees              signals.py
    targets.py          targets against requests and limits
    slow_start.py       pods that load for long, bursts that cannot wait  pace.py
    capacity_limits.py  the gateway's limit, GPUs, the rate of scaling
    routing.py          load that does not reach new pods
    declared.py         what the files themselves say
    stuck_pods.py, metric_gaps.py, interventions.py   what a watched cluster showed
    amounts.py          words
"""

from __future__ import annotations

from asr_loadtest.autoscaler.advise.advice import Advice, Gap, advise
from asr_loadtest.autoscaler.advise.sample import Sample
from asr_loadtest.autoscaler.advise.sample_text import parse_sample
from asr_loadtest.autoscaler.advise.situation import Situation
from asr_loadtest.autoscaler.advise.timeline_advice import advise_timeline

__all__ = [
    "Advice",
    "Gap",
    "Sample",
    "Situation",
    "advise",
    "advise_timeline",
    "parse_sample",
]
