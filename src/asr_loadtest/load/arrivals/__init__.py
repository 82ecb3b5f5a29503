"""
When each request is meant to start: decided before the run, whatever the servers do.

    process.py    an arrival; a schedule as a rate plan and a spacing
    shapes.py     rate plans: flat, ramp, steps, bursts      diurnal.py    one more: a day
    spacing.py    how arrivals scatter about the plan: even, Poisson, gamma
    replay.py     a schedule out of a recorded trace         trace.py      reading one
    sharing.py    a schedule cut short, or split over workers
    making.py     from what people write to a schedule       values.py     checking that
"""

from __future__ import annotations

from asr_loadtest.load.arrivals.making import KINDS, ArrivalSettings, make_arrivals
from asr_loadtest.load.arrivals.process import Arrival, Arrivals
from asr_loadtest.load.arrivals.sharing import limit, share_of

__all__ = [
    "KINDS",
    "Arrival",
    "ArrivalSettings",
    "Arrivals",
    "limit",
    "make_arrivals",
    "share_of",
]
