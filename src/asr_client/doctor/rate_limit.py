"""How many requests the gateway takes, and how many of them are left; pure check."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from asr_client.doctor.findings import Facts, Finding, failed, passed, skipped, warning
from asr_client.doctor.identity import is_kong
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer
from asr_client.errors import ASRError, ServerError

__all__ = ["Window", "check_rate_limit", "least_remaining", "read_windows"]

_WINDOWS_S = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_LIMIT = re.compile(r"x-ratelimit-limit-(\w+)")
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)

_LITTLE_LEFT = 0.1
# Kong refuses these before it counts (docs/servers.md 6).
_UNCOUNTED = ("auth", "not_found_route")


@dataclass(frozen=True, slots=True)
class Window:
    """A limit: *limit* requests in each window of *length_s*, of which *remaining* are left."""

    name: str
    length_s: int
    limit: int
    remaining: int

    @property
    def sustained_rps(self) -> float:
        """Requests a second that can go on for ever."""
        return self.limit / self.length_s

    @property
    def is_nearly_used_up(self) -> bool:
        """Whether the next user of the key will feel it; seconds pass too soon to matter."""
        return self.length_s > 1 and self.remaining < self.limit * _LITTLE_LEFT


def read_windows(headers: Mapping[str, str]) -> tuple[Window, ...]:
    """Read the windows that a reply tells of, the shortest first."""
    windows = []
    for name, value in headers.items():
        found = _LIMIT.fullmatch(name)
        window = found[1] if found else ""
        left = headers.get(f"x-ratelimit-remaining-{window}", "")
        if window in _WINDOWS_S and _NUMBER.fullmatch(value) and _NUMBER.fullmatch(left):
            windows.append(Window(window, _WINDOWS_S[window], int(value), int(left)))
    return tuple(sorted(windows, key=lambda window: window.length_s))


def least_remaining(replies: Sequence[Answer[object]]) -> int | None:
    """Give how many requests are left in the window of a minute or longer that has the least."""
    for answer in reversed(replies):
        windows = read_windows(answer.headers)
        if windows:
            longer = (each.remaining for each in windows if each.length_s > 1)
            return min(longer, default=None)
    return None


def check_rate_limit(seen: Seen) -> Finding:
    """How many requests the key may send, and how many of them are left."""
    if not seen.replies:
        return skipped("no reply to judge by")
    told = [windows for windows in map(_windows_of, seen.replies) if windows]
    return _told(seen, told) if told else _untold(seen)


def _told(seen: Seen, told: Sequence[tuple[Window, ...]]) -> Finding:
    windows, facts = told[-1], _facts(told[-1])
    says = "; ".join(f"{w.remaining} of {w.limit} left this {w.name}" for w in windows)
    says += f"; {_rate(windows)} can go on for ever"
    rows = (7,) if len(windows) > 1 else ()
    refusal = _refusal(seen)
    if refusal is not None:
        used_up = "no room for this examination" if refusal.origin == "client" else "used up"
        return failed(f"{used_up}: {says}", _wait(refusal), rows=(7,), facts=facts)
    if _jumps(told):
        return warning(
            f"{says}; what is left goes up and down: several gateways count, each for itself",
            "expect up to one limit a gateway, and none of it for certain; "
            "policy: redis makes them count together",
            rows=(7,),
            facts=facts,
        )
    short = next((w for w in windows if w.is_nearly_used_up), None)
    if short is not None:
        advice = f"until the {short.name} is over, this client waits for its turn"
        return warning(f"little is left: {says}", advice, rows=rows, facts=facts)
    return passed(says, facts=facts, rows=rows)


def _untold(seen: Seen) -> Finding:
    refusal = _refusal(seen)
    unhide = "hide_client_headers: false in Kong's rate-limiting tells clients when to come back"
    if refusal is not None:
        return failed(f"used up, and the limit is hidden: {refusal.message}", unhide, rows=(7,))
    if any(answer.code == "rate_limited" for answer in seen.answers):
        return warning(
            "there is a limit, which was met on the way; it is hidden", unhide, rows=(7,)
        )
    if all(answer.code in _UNCOUNTED for answer in seen.replies):
        return skipped("told only to those whose key and path are right")
    if is_kong(seen):
        says = "the gateway shows no limit: there is none, or it is hidden"
        return passed(says, facts={"hidden": True})
    return passed("none shown")


def _refusal(seen: Seen) -> ASRError | None:
    """Find what was left undone because of a limit, as opposed to what was asked again in time."""
    errors = (each.error for each in seen.outcomes)
    return next((each for each in errors if each and each.code == "rate_limited"), None)


def _windows_of(answer: Answer[object]) -> tuple[Window, ...]:
    return read_windows(answer.headers)


def _rate(windows: Sequence[Window]) -> str:
    binding = min(windows, key=lambda window: window.sustained_rps)
    return f"{binding.sustained_rps:.3g} requests/s (by the {binding.name})"


def _facts(windows: Sequence[Window]) -> Facts:
    return {
        "limits": {window.name: window.limit for window in windows},
        "remaining": {window.name: window.remaining for window in windows},
        "sustained_rps": min(window.sustained_rps for window in windows),
    }


def _wait(refusal: ASRError) -> str:
    wait_s = refusal.retry_after_s if isinstance(refusal, ServerError) else None
    when = f"come back in {wait_s:.0f} s" if wait_s is not None else "come back later"
    if refusal.origin == "client":
        return f"{when}, or give each step more time (--timeout); this client waits for its turn"
    return f"{when}, send less, or have the consumer's limit raised; other users of this key count"


def _jumps(told: Sequence[tuple[Window, ...]]) -> bool:
    """
    Whether a long window grew in the middle: a count of another node was shown.

    A new window starts full (but for the request that told of it), so a jump to there says nothing.
    """
    longest = [max(windows, key=lambda window: window.length_s) for windows in told]
    return any(
        before.name == after.name
        and before.length_s > 1
        and before.remaining < after.remaining < after.limit - 1
        for before, after in pairwise(longest)
    )
