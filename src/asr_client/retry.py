"""
Whether a failed request is sent again, and when: pure decisions over a Fault.

Three rules protect the server on its bad day. What may still be running is not asked for twice:
time-outs are not repeated unless the caller asks for it. What may have run is repeated only out of
a budget that successes fill, so that a server which answers nobody gets hardly more requests than
there are calls. And nobody comes back before the time that the answer names, nor all at once.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from asr_client.errors import ConfigError
from asr_client.faults import Fault

__all__ = [
    "DEFAULT_RETRY",
    "NO_RETRY",
    "Random",
    "RetryBudget",
    "RetryPolicy",
    "lateness_s",
]

Random = Callable[[], float]  # uniform in [0, 1)

_LATENESS_SHARE = 0.2
_MOST_LATE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """
    How often and how soon a request is sent again.

    Attributes:
        max_attempts: Tries of one request, the first included; 1 never repeats. A rate limit does
            not count: the server names the time, and the deadline bounds the waiting.
        first_delay_s: The longest wait before the second try; it doubles with every further one.
            The real wait is drawn evenly between 0 and that (full jitter).
        longest_delay_s: Where the doubling ends.
        repeat_timeouts: Whether a request is repeated though the server may still be working on
            it, as far as the budget goes.
    """

    max_attempts: int = 5
    first_delay_s: float = 0.25
    longest_delay_s: float = 8.0
    repeat_timeouts: bool = False

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ConfigError(f"max_attempts must be 1 or more, not {self.max_attempts}")
        if not 0 <= self.first_delay_s <= self.longest_delay_s:
            raise ConfigError("first_delay_s must be between 0 and longest_delay_s")

    def counts(self, fault: Fault) -> bool:
        """Whether a try that ended so is one of `max_attempts`."""
        return fault.code != "rate_limited" or fault.executed != "no"

    def may_repeat(self, fault: Fault, number: int) -> bool:
        """Whether another try may follow the *number*-th (1 is the first) of those that count."""
        if self.max_attempts == 1 or fault.retryable == "no":
            return False
        is_late = fault.code in ("gateway_timeout", "deadline") and fault.executed != "no"
        if is_late and not self.repeat_timeouts:
            return False
        if not self.counts(fault):
            return True
        return number < (2 if fault.retryable == "once" else self.max_attempts)

    def delay_s(self, number: int, retry_after_s: float | None, random: Random) -> float:
        """Seconds to wait after try *number*: what the answer asks for, and never less."""
        doublings = min(number - 1, 32)
        back_off_s = random() * min(self.first_delay_s * 2.0**doublings, self.longest_delay_s)
        if retry_after_s is None:
            return back_off_s
        return max(back_off_s, retry_after_s + random() * lateness_s(retry_after_s))


def lateness_s(retry_after_s: float) -> float:
    """
    How late one may come at most after a wait that an answer asks for.

    Everybody who was refused in one window is told the same instant (docs/servers.md 6).
    """
    return min(_LATENESS_SHARE * retry_after_s, _MOST_LATE_S)


DEFAULT_RETRY = RetryPolicy()
NO_RETRY = RetryPolicy(max_attempts=1)


class RetryBudget:
    """
    How many requests that may have run a client may still repeat; shared by its threads and tasks.

    It starts with *reserve*; every *successes_per_retry* answers that went well add one, up to the
    reserve. When nothing goes well, N calls make at most N + *reserve* requests; in the long run a
    client sends at most 1/*successes_per_retry* more requests than calls.
    """

    def __init__(self, reserve: int = 20, successes_per_retry: int = 10) -> None:
        # Both are atomic without a lock, which a forked child might inherit held.
        self._left = deque([True] * reserve, maxlen=reserve)
        self._successes = itertools.count(1)
        self._successes_per_retry = successes_per_retry

    def earn(self) -> None:
        """Count an answer that went well."""
        if next(self._successes) % self._successes_per_retry == 0:
            self._left.append(True)

    def spend(self) -> bool:
        """Take one retry; False if none is left."""
        try:
            return self._left.pop()
        except IndexError:
            return False
