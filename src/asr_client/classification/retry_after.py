"""How long a refusal asks to wait: in seconds, as a date, or until a limiter's next window."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

__all__ = ["read_retry_after_s"]

# A year; what asks for more says something else than seconds, such as a point in time.
_LONGEST_S = 366 * 86_400.0

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


def read_retry_after_s(
    headers: Mapping[str, str], *, is_rate_limited: bool = False
) -> float | None:
    """
    Read the seconds to wait; None if nobody says, or nothing believable.

    Args:
        headers: Lower-case names.
        is_rate_limited: A limiter refused: then the reset of its window counts, too. On any other
            reply that is only the state of a quota.
    """
    asked = headers.get("retry-after", "").strip()
    waits_s = [_seconds(asked), _until(asked, headers.get("date", ""))]
    if is_rate_limited and headers.get("ratelimit-remaining") == "0":
        waits_s.append(_seconds(headers.get("ratelimit-reset", "").strip()))
    return next((wait_s for wait_s in waits_s if wait_s is not None), None)


def _seconds(value: str) -> float | None:
    wait_s = float(value) if _SECONDS.fullmatch(value) else _LONGEST_S + 1
    return wait_s if wait_s <= _LONGEST_S else None


def _until(value: str, now: str) -> float | None:
    """Count from the server's own clock, since ours may differ; without it a date says nothing."""
    then, sent = _time(value), _time(now)
    if then is None or sent is None:
        return None
    wait_s = max((then - sent).total_seconds(), 0.0)
    return wait_s if wait_s <= _LONGEST_S else None


def _time(value: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        time = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return time if time.tzinfo is not None else None
