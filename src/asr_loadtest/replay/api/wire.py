"""Objects as the bytes that an API server writes. Pure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["TimeShift", "encode", "encode_line", "encode_spaced"]

# Go escapes these in strings, for pages that show JSON.
_ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
_TIMESTAMP = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z"')
_SECONDS = "%Y-%m-%dT%H:%M:%S"


def encode(thing: Any) -> bytes:
    """Write *thing* as Kubernetes does: compact, keys in their order."""
    text = json.dumps(thing, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_ESCAPES).encode()


def encode_line(thing: Any) -> bytes:
    """Write *thing* as an answer's body or as a line of a watch."""
    return encode(thing) + b"\n"


def encode_spaced(thing: Any) -> bytes:
    """Write *thing* as the recorded backend of the metrics API did, with blanks."""
    return json.dumps(thing).encode()


class TimeShift:
    """
    Moves the times inside objects into the watcher's present, at the replay's pace.

    Args:
        recorded: Second 0 of the recording.
        played: Second 0 of the replay.
        speed: How many recorded seconds a real one plays.
    """

    def __init__(self, recorded: datetime, played: datetime, speed: float) -> None:
        self._recorded = recorded
        self._played = played
        self._speed = speed

    def __call__(self, body: bytes) -> bytes:
        """Move every time in *body*, an encoded object; fractions of seconds stay in length."""
        return _TIMESTAMP.sub(self._moved, body)

    def _moved(self, found: re.Match[bytes]) -> bytes:
        whole, fraction = found[1].decode(), (found[2] or b"").decode()
        then = datetime.strptime(whole, _SECONDS).replace(tzinfo=UTC)
        then += timedelta(seconds=float(fraction or 0))
        moved = self._played + (then - self._recorded) / self._speed
        digits = f"{moved.microsecond:06d}".ljust(len(fraction) - 1, "0")[: len(fraction) - 1]
        tail = f".{digits}" if fraction else ""
        return f'"{moved.strftime(_SECONDS)}{tail}Z"'.encode()
