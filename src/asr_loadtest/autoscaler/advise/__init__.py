"""
What will go wrong with an autoscaler, told before it does: from its file and two samples.

    advice.py           advise(): all findings; gaps.py  what could not be looked at
    situation.py        what is known: manifests, samples, figures
    timeline_advice.py  advise_timeline(): the same of a cluster that was watched
    samples/            how the pods were doing
    findings/           what may go wrong, one kind a module
    pod_needs.py        what a pod asks for, may take, and how long it may load
    amounts.py          words
"""

from __future__ import annotations

from asr_loadtest.autoscaler.advise.advice import Advice, Gap, advise
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.autoscaler.advise.samples.text import parse_sample
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
