"""A server that is away, or has no room: whether it is waited for, and when it is asked again."""

from __future__ import annotations

import math

from asr_client.errors import ASRError, ServerError

__all__ = ["MOST_LOST", "Outage", "passes"]

# How often a piece is sent again that may have been worked on when its server went away: a server's
# end loses it once, its next one perhaps once more; what is lost oftener may be what ends it.
MOST_LOST = 3

_FIRST_DELAY_S = 0.25
_LONGEST_DELAY_S = 10.0
# The longest window of a rate limit that is waited for; a day's would look like a hang.
_LONGEST_WINDOW_S = 3600.0


def passes(error: ASRError) -> bool:
    """
    Whether what failed may be sent again when the server is back.

    Besides what a retry policy repeats, it is a request that its deadline kept from being sent.
    """
    never_sent = error.code == "deadline" and error.executed == "no"
    return error.fault.retryable == "yes" or never_sent


class Outage:
    """
    The time since a server was last heard of, if that is not now.

    While it lasts, one request at a time asks whether it is over, ever more seldom. A rate limit is
    none: the gateway is there, and names the time.

    Args:
        patience_s: How long it may last before what waits fails.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._since_s = math.inf
        self._ask_at_s = -math.inf
        self._limited_until_s = -math.inf
        self._delay_s = _FIRST_DELAY_S

    @property
    def is_on(self) -> bool:
        """Whether the last that was heard of the server is a failure."""
        return self._since_s < math.inf

    def was_on(self, at_s: float) -> bool:
        """Whether it was on at an instant, and is still."""
        return self._since_s <= at_s

    def begins_in_s(self, now_s: float) -> float:
        """Seconds until it may be asked again; 0 is now."""
        return max(0.0, self._ask_at_s - now_s, self._limited_until_s - now_s)

    def failed(self, error: ASRError, now_s: float) -> bool:
        """Take in that a request failed; tell whether it is waited on."""
        told_s = error.retry_after_s if isinstance(error, ServerError) else None
        if error.code == "rate_limited" and told_s and told_s <= _LONGEST_WINDOW_S:
            self._limited_until_s = max(self._limited_until_s, now_s + told_s)
            return True
        self._since_s = min(self._since_s, now_s)
        if now_s >= self._ask_at_s:  # those that were under way together fail together
            self._ask_at_s = now_s + (told_s or self._delay_s)
            self._delay_s = min(2 * self._delay_s, _LONGEST_DELAY_S)
        if self._ask_at_s - self._since_s <= self._patience_s:
            return True
        self._ask_at_s = now_s  # whoever comes from now on has a try of his own, and no more
        return False

    def worked(self) -> None:
        """Take in that the server has answered."""
        self._since_s, self._ask_at_s = math.inf, -math.inf
        self._delay_s = _FIRST_DELAY_S
