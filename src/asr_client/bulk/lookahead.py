"""Work on what comes next while the present is under way; never further ahead than so much."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

__all__ = ["map_ahead"]

Given = TypeVar("Given")
Result = TypeVar("Result")


def map_ahead(
    function: Callable[[Given], Result], values: Iterable[Given], *, threads: int, ahead: int
) -> Iterator[Result]:
    """Give function(value) for each in order, computed in *threads*, at most *ahead* too early."""
    waiting: deque[Future[Result]] = deque()
    rest = iter(values)
    pool = ThreadPoolExecutor(threads, "asr-bulk")
    try:
        waiting.extend(pool.submit(function, value) for value in islice(rest, ahead))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(function, value) for value in islice(rest, 1))
            yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
