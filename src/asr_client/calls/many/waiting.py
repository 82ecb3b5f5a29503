"""Parts that wait to be sent: how many there should be, and which one goes next."""

from __future__ import annotations

from asr_client.calls.many.hearing import Hearing, Part
from asr_client.calls.many.line import Line
from asr_client.calls.many.shapes import Shapes
from asr_client.contracts.recognizer import Recognizer

__all__ = ["Waiting", "wanted"]

# Pieces of audio that wait, besides what the concurrency has room for; what they may weigh.
_SPARE = 8
_MOST_WAITING_S = 900.0
# A batch that Triton joins is rarely larger.
_LONGEST_RUN = 32


def wanted(limit: int) -> int:
    """Tell how many should wait where *limit* are under way, for a choice among their lengths."""
    return 2 * limit + _SPARE


class Waiting:
    """
    Parts that wait.

    Args:
        recognizer: The model that they wait for.
        shapes: What goes into one request.
    """

    def __init__(self, recognizer: Recognizer, shapes: Shapes) -> None:
        self._line: Line[Part] = Line(min(recognizer.max_batch_size, _LONGEST_RUN))
        self._shapes = shapes
        self._rate_hz = recognizer.sample_rate_hz
        self._samples = 0

    def __len__(self) -> int:
        return len(self._line)

    def has_room(self, limit: int) -> bool:
        """Tell whether there should be more of them, where *limit* are under way."""
        is_light = self._samples < _MOST_WAITING_S * self._rate_hz
        return len(self) < wanted(limit) and (is_light or not len(self))

    def add(self, part: Part) -> None:
        """Let it wait for its turn."""
        self._samples += part.samples
        self._line.add(part, self._shapes.length(part.samples))

    def put_back(self, part: Part) -> None:
        """Let it go before others of its length: it has waited already."""
        self._samples += part.samples
        self._line.put_back(part, self._shapes.length(part.samples))

    def send_home(self, hearing: Hearing) -> list[Part]:
        """Let all parts of one recording go."""
        gone = self._line.send_home(lambda part: part.hearing is hearing)
        self._samples -= sum(part.samples for part in gone)
        return gone

    def take(self) -> Part | None:
        """Take the next one; what is known to be too large is halved before."""
        while (part := self._line.take()) is not None:
            self._samples -= part.samples
            if not (self._shapes.is_too_large(part.samples) and self.halve(part)):
                break
        return part

    def halve(self, part: Part) -> bool:
        """Put two halves in the place of a part that is too large, if it is long enough."""
        halves = self._shapes.halves(part)
        for half in part.hearing.exchange(part, halves) if halves else ():
            self.put_back(half)
        return bool(halves)
