"""How long to wait: after failures, between questions, and for a server that says nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Waiting times, in real seconds.

    Attributes:
        first_s, longest_s: The shortest pause after a failure, and the longest after many.
        slow_s: Between tries where only a human can help: no rights, not authorised.
        forbidden_s: How long a 403 may last before it counts: a server that has just started has
            not read its roles yet (seen: 1 s, after a crash).
        spacing_s: Between any two requests while the server does not answer.
        watch_s, watch_spread_s: How long a watch is asked for, at least, and so much longer by
            chance. Short, because a token that was revoked shows at the next request only.
        silence_s: A watch that says nothing for so long is lost. Bookmarks come every 60 s;
            events have none, but end with their watch before.
        brief_s: A watch that ends within this time did not go well.
        usage_s: Between two looks at the pods' metrics: metrics-server samples every 15 s.
    """

    first_s: float = 0.5
    longest_s: float = 8.0
    slow_s: float = 30.0
    forbidden_s: float = 10.0
    spacing_s: float = 1.0
    watch_s: float = 60.0
    watch_spread_s: float = 20.0
    silence_s: float = 90.0
    brief_s: float = 1.0
    usage_s: float = 15.0

    def pause_s(self, failures: int, chance: float) -> float:
        """
        Give the pause after so many failures in a row.

        Args:
            failures: 1 or more.
            chance: From 0 to 1, so that many who failed together do not come back together.
        """
        # A server that is away for an hour must not overflow the power.
        longest_s = min(self.first_s * 2.0 ** min(failures, 30), self.longest_s)
        return max(self.first_s, longest_s * (1 - chance / 2))

    def at_speed(self, speed: float) -> Pace:
        """
        Give the pace for a replay so many times as fast, where the recording's seconds are shorter.

        What concerns the connection itself, such as silence, stays in real time.
        """
        return replace(
            self,
            first_s=self.first_s / speed,
            longest_s=self.longest_s / speed,
            slow_s=self.slow_s / speed,
            forbidden_s=self.forbidden_s / speed,
            spacing_s=self.spacing_s / speed,
            brief_s=self.brief_s / speed,
            usage_s=self.usage_s / speed,
        )
