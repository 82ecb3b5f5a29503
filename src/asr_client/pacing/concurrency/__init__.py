"""
How many requests may be under way at a time, so that a server is kept busy and no queue is grown.

With one more under way a server does more, until it has its hands full; from there on all of them
only wait longer. That latency grows does not tell which: in a server that makes batches both grow
together. So this goes by throughput, in four rules:

1. Ramp. Each answer makes room for one more, which doubles the limit from round to round, up to
   five times what the server does in the time of a quick answer. Where that is reached and does
   not rise any more, three times as many are left.
2. Climb. Now and then it tries a neighbour, 1.4 times as many or as few, and moves there if that
   is better: more if twice as many would bring 9 % more throughput, fewer if they bring less.
3. Latency. If answers take half as long again as usual at the same limit, capacity has gone: the
   limit shrinks in proportion. If they are as much quicker, it has come: another ramp.
4. Refusals. Each is one too many: the limit is what is left under way. After a while it tries one
   more, then two, four; each time that is refused, it waits twice as long for the next.

Nothing is learned while fewer are under way than may be: then recordings come too slowly, or a
rate limit holds.

    epoch.py      what a stretch of answers shows: throughput, latency
    search.py     ramp and climb                   ceiling.py   refusals
    adaptive.py   all of it                        limits.py    a number that stays as it is

The flow of many recordings calls this from one place; nothing here waits, and no clock is read.
"""

from __future__ import annotations

from asr_client.pacing.concurrency.adaptive import AdaptiveConcurrency
from asr_client.pacing.concurrency.limits import Concurrency, FixedConcurrency

__all__ = ["AdaptiveConcurrency", "Concurrency", "FixedConcurrency"]
