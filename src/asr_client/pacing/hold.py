"""What a refusal forbids: nobody goes before a certain instant, nor all together at it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from asr_client.retry import Random, lateness_s

__all__ = ["Hold"]

# How long everybody stays away from a gateway that says only no: doubling with each refusal.
_FIRST_S = 0.25
_LONGEST_S = 60.0
# Whatever a refusal says, one request an hour may find out whether it still holds: a key must not
# be out of use for a year because of one reply.
_LONGEST_TOLD_S = 3600.0


@dataclass(frozen=True, slots=True)
class Hold:
    """
    Until when nobody may go, and how the first ones after it are spread.

    Attributes:
        until_s: Nobody goes before.
        spread_s: The waiting ones go within this time after it.
        back_off_s: How long everybody stayed away last time without being told how long to.
        since_s: When that was decided.
    """

    until_s: float = -math.inf
    spread_s: float = 0.0
    back_off_s: float = 0.0
    since_s: float = -math.inf

    def told(self, retry_after_s: float, now_s: float) -> Hold:
        """Stay away for as long as a refusal says, but no longer than an hour."""
        until_s = now_s + min(retry_after_s, _LONGEST_TOLD_S)
        if until_s <= self.until_s:
            return self
        return replace(self, until_s=until_s, spread_s=lateness_s(retry_after_s))

    def refused(self, sent_s: float, now_s: float, random: Random) -> Hold:
        """Stay away longer than last time; requests sent before that was decided teach nothing."""
        if sent_s <= self.since_s:
            return self
        back_off_s = min(max(2 * self.back_off_s, _FIRST_S), _LONGEST_S)
        until_s = max(self.until_s, now_s + random() * back_off_s)
        return Hold(until_s, back_off_s, back_off_s, now_s)

    def answered(self, sent_s: float) -> Hold:
        """Forget the last refusals, once the time they cost has passed without another one."""
        if not self.back_off_s or sent_s < max(self.until_s, self.since_s + self.back_off_s):
            return self
        return replace(self, back_off_s=0.0)

    def release_s(self, random: Random) -> float:
        """Draw an instant for one of those who wait."""
        return self.until_s + random() * self.spread_s
