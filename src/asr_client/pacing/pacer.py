"""Everybody who sends to one gateway with one key, and when each of them may go."""

from __future__ import annotations

import math
import random as chance
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from asr_client.pacing.headers import Quota, read_quotas, read_stamp, read_times
from asr_client.pacing.hold import Hold
from asr_client.pacing.line import Line
from asr_client.pacing.sends import Sends
from asr_client.pacing.window import Window
from asr_client.retry import Random

__all__ = ["Pacer", "Ticket"]

# Until the first reply shows the limits, so many may go in so long.
_UNSEEN = 4
_UNSEEN_S = 1.0
# The others ask again after a moment, which doubles each time.
_MOMENT_S = 0.002
_LONGEST_MOMENT_S = 0.05
# Clocks and timers are not finer.
_SOON_S = 0.001


@dataclass(frozen=True, slots=True)
class Ticket:
    """
    A place in the line.

    Attributes:
        at_s: When its holder may go if that is past, and else when to `renew` it.
        number: Which one it is; 0 is nobody's, where nothing is limited.
        asked: How often it has been put off.
        is_guess: Nothing is known of any limit yet: there may be room long before.
    """

    at_s: float
    number: int = 0
    asked: int = 0
    is_guess: bool = False


_AT_ONCE = Ticket(-math.inf)


class Pacer:
    """
    Tells callers when to go; for any number of threads and tasks.

    A caller takes a ticket with `book`, waits until its `at_s`, shows it with `renew`, and waits
    again if it has moved. Whoever has gone says with `settle`, `lose` or `cancel` what came of it.
    All instants are monotonic seconds. Places follow the order of booking, and are worked out anew
    whenever someone asks, from what is known then: nobody holds an instant that others have lost.

    Args:
        random: Draws the jitter.
        wall_clock_s: How far our wall clock is ahead of our monotonic one; None asks them.
    """

    def __init__(
        self, *, random: Random = chance.random, wall_clock_s: float | None = None
    ) -> None:
        self._random = random
        self._wall_clock_s = wall_clock_s
        self.forget()

    def forget(self) -> None:
        """Be as new; its own lock, too, which a fork may have copied while a thread held it."""
        self._deciding = threading.Lock()
        self._windows: dict[int, Window] = {}  # by length
        self._is_unlimited = False
        self._hold = Hold()
        self._sends = Sends()
        self._line = Line()
        self._last_number = 0

    @property
    def limits(self) -> dict[int, int]:
        """The limits that replies have told of: requests, by the window's length in seconds."""
        with self._deciding:
            return {size_s: window.limit for size_s, window in sorted(self._windows.items())}

    def book(self, now_s: float) -> Ticket:
        """Take a place at the end of the line."""
        with self._deciding:
            if self._is_unlimited and now_s >= self._hold.until_s:
                return _AT_ONCE
            self._last_number += 1
            return self._put(Ticket(now_s, self._last_number), now_s)

    def renew(self, ticket: Ticket, now_s: float) -> Ticket:
        """Go, if the ticket's time has come and still holds; else get a later one."""
        with self._deciding:
            return self._put(ticket, now_s) if ticket.number else ticket

    def _put(self, ticket: Ticket, now_s: float) -> Ticket:
        place = self._line.ahead_of(ticket.number, now_s)
        at_s = self._at_s(place, ticket.asked, now_s)
        if at_s > now_s:
            self._line.join(ticket.number, at_s)
            is_guess = not self._has_seen_limits and now_s >= self._hold.until_s
            return Ticket(at_s, ticket.number, ticket.asked + 1, is_guess)
        self._line.leave(ticket.number)
        self._sends.add(now_s)
        return Ticket(now_s, ticket.number, ticket.asked)

    def _at_s(self, place: int, asked: int, now_s: float) -> float:
        """When the one with *place* others before him may go, or may ask again."""
        self._forget_windows(now_s)
        from_s = max(now_s, self._hold.until_s)
        if not self._has_seen_limits:
            has_room = place + self._sends.since(now_s - _UNSEEN_S) < _UNSEEN
            moment_s = min(_MOMENT_S * 2 ** min(asked, 10), _LONGEST_MOMENT_S)
            at_s = from_s if has_room else from_s + moment_s
        else:
            at_s = self._window_s(place, from_s)
        return max(at_s, self._hold.release_s(self._random)) if now_s < from_s else at_s

    @property
    def _has_seen_limits(self) -> bool:
        """Whether replies have shown limits, or that there are none."""
        return bool(self._windows) or self._is_unlimited

    def _window_s(self, place: int, from_s: float) -> float:
        """When all windows have room; the latest wins."""
        slots = [window.slot(place, from_s, self._sends) for window in self._windows.values()]
        latest = max(slots, key=lambda slot: slot.at_s, default=None)
        if latest is None or latest.at_s <= from_s + _SOON_S:
            return from_s
        return latest.at_s + self._random() * latest.slack_s

    def cancel(self, ticket: Ticket) -> None:
        """Give the place back: nothing was sent, or nothing got there."""
        with self._deciding:
            if not self._line.leave(ticket.number):
                self._sends.remove(ticket.at_s)

    def lose(self, ticket: Ticket) -> None:
        """It was sent and no reply came: it may have been counted."""
        with self._deciding:
            if self._line.leave(ticket.number):
                self._sends.add(ticket.at_s)

    def settle(  # noqa: PLR0913 - facts of one reply, each with its name
        self,
        ticket: Ticket,
        *,
        headers: Mapping[str, str],
        sent_s: float,
        now_s: float,
        is_limited: bool = False,
        consumed: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        """
        Learn from a reply; from a refusal that names a time no more than that time, since what it
        says is left is void by then.

        Args:
            ticket: Whose request was answered.
            headers: The reply's, with lower-case names.
            sent_s: When the request was sent.
            now_s: When the reply was here.
            is_limited: Whether it was refused because of a rate limit.
            consumed: Whether the gateway counted it; None if that is not known. Kong counts
                neither its own 401, 413 and 429 nor its 404.
            retry_after_s: When to come back, if the refusal says so.
        """
        quotas = read_quotas(headers)
        with self._deciding:
            if is_limited:
                self._stay_away(sent_s, now_s, retry_after_s)
            else:
                self._hold = self._hold.answered(sent_s)
            if self._line.leave(ticket.number):
                self._sends.add(ticket.at_s)
            if consumed is False:
                self._sends.remove(ticket.at_s)
            if quotas and not (is_limited and retry_after_s):
                self._learn(quotas, headers, sent_s, now_s)
            elif not self._windows and not is_limited and consumed is not False:
                self._is_unlimited = True

    def _stay_away(self, sent_s: float, now_s: float, retry_after_s: float | None) -> None:
        if retry_after_s:
            self._hold = self._hold.told(retry_after_s, now_s)
        else:
            self._hold = self._hold.refused(sent_s, now_s, self._random)

    def _learn(
        self,
        quotas: tuple[Quota, ...],
        headers: Mapping[str, str],
        sent_s: float,
        now_s: float,
    ) -> None:
        self._is_unlimited = False
        times = read_times(headers, sent_s, now_s)
        stamp = read_stamp(headers, quotas, times)
        for quota in quotas:
            window = self._windows.get(quota.size_s)
            if window is None:
                window = Window(quota, self._ahead_s(), now_s)
                self._windows[quota.size_s] = window
            window.observe(quota, times, stamp, self._sends)

    def _ahead_s(self) -> float:
        if self._wall_clock_s is None:
            return time.time() - time.monotonic()
        return self._wall_clock_s

    def _forget_windows(self, now_s: float) -> None:
        """Begin anew with what has not been heard of for long: an operator may have changed it."""
        for size_s in [s for s, window in self._windows.items() if window.is_forgotten(now_s)]:
            del self._windows[size_s]
