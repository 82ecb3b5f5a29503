"""What has come of a run so far, counted; for progress, summary and exit code."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asr_client.faults import Attempt

__all__ = ["Standing", "Tally"]

# The rate is that of the last so many seconds, and of no less than so many.
_RECENT_S = 30.0
_AT_LEAST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    Where a run stands.

    Attributes:
        total: Recordings that were named.
        done: Those transcribed by this run.
        skipped: Those that an earlier run has done.
        failed: Those that failed, or have gaps.
        under_way: Those that requests are under way for; None where nobody says how many there
            are at a time.
        audio_s: Seconds of audio transcribed by this run.
        elapsed_s: Since it began.
        rtfx: Seconds of audio transcribed a second, lately.
        share: How much of it is over, 0..1; by seconds of audio where lengths are known.
        left_s: How long the rest will take, if it goes on so; None where nothing tells.
    """

    total: int
    done: int
    skipped: int
    failed: int
    under_way: int | None
    audio_s: float
    elapsed_s: float
    rtfx: float
    share: float
    left_s: float | None

    @property
    def over(self) -> int:
        """Recordings that are over, one way or the other."""
        return self.done + self.skipped + self.failed


class Tally:
    """
    Counts what comes of recordings, which go by their place in the list; for several threads.

    Args:
        total: How many recordings there are.
        jobs: How many requests are under way at a time, where that is a number.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        total: int,
        *,
        jobs: int | str = "auto",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self._jobs = jobs
        self.done = self.skipped = self.failed = self.incomplete = 0
        self.failures: Counter[str] = Counter()
        self.audio_s = 0.0
        self.requests = self.retries = 0
        self.waited_s = 0.0
        self._clock = clock
        self._began_s = clock()
        self._counting = threading.Lock()
        self._taken = 0
        self._known_s: dict[int, float] = {}
        self._over: set[int] = set()
        self._known_over = 0
        self._over_s = 0.0
        self._all_s = 0.0
        self._heard_s = 0.0
        self._recent: deque[tuple[float, float]] = deque()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began_s

    @property
    def not_tried(self) -> int:
        """How many of the recordings nothing has come of."""
        return self.total - self.done - self.skipped - self.failed

    def measured(self, place: int, seconds: float) -> None:
        """Learn how long a recording is; what is learnt last holds."""
        with self._counting:
            change = seconds - self._known_s.get(place, 0.0)
            self._known_over += place in self._over and place not in self._known_s
            self._known_s[place] = seconds
            self._all_s += change
            self._over_s += change if place in self._over else 0.0

    def took(self) -> None:
        """One has been taken up."""
        with self._counting:
            self._taken += 1

    def skip(self, place: int) -> None:
        """One was done already."""
        with self._counting:
            self.skipped += 1
            self._end(place)

    def succeed(self, place: int, audio_s: float, attempts: Sequence[Attempt]) -> None:
        """One is transcribed."""
        self.measured(place, audio_s)
        with self._counting:
            self.done += 1
            self._transcribed(audio_s)
            self._count(attempts)
            self._end(place)

    def leave_gaps(self, place: int, audio_s: float, attempts: Sequence[Attempt]) -> None:
        """One is transcribed in part, which counts as failed."""
        self.measured(place, audio_s)
        with self._counting:
            self.failed += 1
            self.incomplete += 1
            self.failures["incomplete"] += 1
            self._transcribed(audio_s)
            self._count(attempts)
            self._end(place)

    def fail(self, place: int, code: str, attempts: Sequence[Attempt] = ()) -> None:
        """One has failed."""
        with self._counting:
            self.failed += 1
            self.failures[code] += 1
            self._count(attempts)
            self._end(place)

    def hear(self, audio_s: float) -> None:
        """There is text for so many more seconds of audio, whatever recording they are of."""
        with self._counting:
            self._heard_s += audio_s
            self._recent.append((self._clock(), audio_s))

    def _transcribed(self, audio_s: float) -> None:
        self.audio_s += audio_s
        if (untold_s := self.audio_s - self._heard_s) > 0:
            self._heard_s += untold_s
            self._recent.append((self._clock(), untold_s))

    def _count(self, attempts: Sequence[Attempt]) -> None:
        self.requests += len(attempts)
        self.retries += sum(each.fault is not None for each in attempts)
        self.waited_s += sum(each.waited_s for each in attempts)

    def _end(self, place: int) -> None:
        if place not in self._over:
            self._over.add(place)
            self._known_over += place in self._known_s
            self._over_s += self._known_s.get(place, 0.0)

    def standing(self) -> Standing:
        """Tell where the run stands now."""
        with self._counting:
            now_s = self._clock()
            while self._recent and self._recent[0][0] < now_s - _RECENT_S:
                self._recent.popleft()
            elapsed_s = now_s - self._began_s
            seconds = max(min(elapsed_s, _RECENT_S), _AT_LEAST_S)
            over = self.done + self.skipped + self.failed
            share = self._share(over)
            return Standing(
                total=self.total,
                done=self.done,
                skipped=self.skipped,
                failed=self.failed,
                under_way=self._under_way(over),
                audio_s=self.audio_s,
                elapsed_s=elapsed_s,
                rtfx=sum(audio_s for _, audio_s in self._recent) / seconds,
                share=share,
                left_s=self._left_s(seconds),
            )

    def _under_way(self, over: int) -> int | None:
        # Some are taken ahead, so that lengths can be put together.
        taken = self._taken - (over - self.skipped)
        return min(taken, self._jobs) if isinstance(self._jobs, int) else None

    def _share(self, over: int) -> float:
        all_s, over_s = self._audio_s()
        return over_s / all_s if all_s > 0 else over / self.total if self.total else 1.0

    def _left_s(self, seconds: float) -> float | None:
        """Take what is left at the rate of late."""
        recent_s = sum(audio_s for _, audio_s in self._recent)
        if not recent_s:
            return None
        all_s, over_s = self._audio_s()
        return max(0.0, all_s - over_s) * seconds / recent_s

    def _audio_s(self) -> tuple[float, float]:
        """Seconds of audio, and those that are done with; unknown lengths are taken for average."""
        average_s = self._all_s / len(self._known_s) if self._known_s else 0.0
        unknown = self.total - len(self._known_s)
        unknown_over = len(self._over) - self._known_over
        all_s = self._all_s + average_s * unknown
        begun_s = max(0.0, self._heard_s - self.audio_s)  # of recordings that are not over
        return all_s, min(all_s, self._over_s + average_s * unknown_over + begun_s)
