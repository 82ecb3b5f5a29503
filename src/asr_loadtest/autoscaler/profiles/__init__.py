"""
Load for an autoscaler, made from its own windows and rates.

    facts.py      what is known before the start
    steering.py   from wishes to replicas, as the controller goes about it
    rehearsal.py  a load played through, at best and at worst
    score.py      how long each load of a pattern must last
    outlook.py    which rules that puts to the test; needs.py  what the others need
    expecting.py  when how many replicas should be there, as ranges
    plan.py       all of it in the run's own seconds; describing.py  the same in words
"""

from __future__ import annotations

from asr_loadtest.autoscaler.profiles.describing import describe
from asr_loadtest.autoscaler.profiles.facts import START_S, HpaFacts
from asr_loadtest.autoscaler.profiles.outlook import Outlook
from asr_loadtest.autoscaler.profiles.plan import HpaPlan, Phase, make_hpa_plan

__all__ = ["START_S", "HpaFacts", "HpaPlan", "Outlook", "Phase", "describe", "make_hpa_plan"]
