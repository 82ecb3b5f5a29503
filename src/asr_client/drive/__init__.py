"""
The drivers of a flow: they do what it yields, and hand it what came of that.

threads.py in the caller's thread, and in more of them where a flow starts others; event_loop.py
the same on a loop, with tasks.
"""

from __future__ import annotations

from asr_client.drive.event_loop import run_async, stream_async
from asr_client.drive.threads import run, stream

__all__ = ["run", "run_async", "stream", "stream_async"]
