"""
When the next request may go, so that a gateway's rate limits are used and never run into.

Read in this order: headers.py (what a reply tells), window.py (one limit, and when it has room),
hold.py (what a refusal forbids), pacer.py (all of it, for one gateway and key), registry.py (who
shares a pacer), holder.py (a client's own). Nothing here waits: a caller is told when to come.

concurrency/ stands for itself: how many requests may be under way at a time.
"""

from __future__ import annotations

from asr_client.pacing.holder import Pacers
from asr_client.pacing.pacer import Pacer, Ticket
from asr_client.pacing.registry import pacer_for

__all__ = ["Pacer", "Pacers", "Ticket", "pacer_for"]
