"""How many a server has taken without refusing any, and when it is asked for more."""

from __future__ import annotations

__all__ = ["Ceiling"]

# So many good answers come between two attempts to have one more under way. Twice as many after
# one that was refused, so that in the long run one request of 256 is.
_FEWEST, _MOST = 16, 256
# No more at once than this part of what has gone well.
_SHARE = 8


class Ceiling:
    """
    The highest limit that is worth trying.

    A refusal is one too many, and says so: what is left under way is what there is room for. After
    a while one more is tried; where that goes well two, then four, up to an eighth of all, since
    capacity may have come.

    Args:
        least: It is never lower.
        most: Nor ever higher.
    """

    def __init__(self, least: int, most: int) -> None:
        self.limit = most
        self._least, self._most = least, most
        self._is_trying = False
        self._patience = _FEWEST
        self._good = 0
        self._step = 1

    def refused(self, left: int) -> None:
        """Learn that a request was refused, and *left* others were not, or not yet."""
        if self._is_trying:
            self._patience = min(2 * self._patience, _MOST)
        self._is_trying = False
        self._good, self._step = 0, 1
        self.limit = max(self._least, min(self.limit, left))

    def answered(self) -> bool:
        """Learn that one was answered while as many as allowed were under way; True if it rises."""
        if self.limit >= self._most:
            return False
        self._good += 1
        if self._good < self._patience:
            return False
        if self._is_trying:
            self._patience = max(self._patience // 2, _FEWEST)
        self._is_trying = True
        self._good = 0
        self.limit = min(self._most, self.limit + self._step)
        self._step = min(2 * self._step, max(1, self.limit // _SHARE))
        return True
