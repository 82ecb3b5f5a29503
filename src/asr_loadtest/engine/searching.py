"""--asr-search."""

from __future__ import annotations

from asr_loadtest.engine.conduct import Conductor
from asr_loadtest.engine.ending import Ending
from asr_loadtest.engine.plan import Plan

__all__ = ["search_limit"]


def search_limit(conductor: Conductor, plan: Plan) -> Ending:
    """Find the limit."""
    raise NotImplementedError
