"""
What a reply's headers tell of the gateway's limits, and of its clock.

Kong names each window: X-RateLimit-Limit-Minute, X-RateLimit-Remaining-Minute. The RateLimit-*
headers beside them describe the binding window, the one with the least left; with `second` and
`minute` limits that is now the one and now the other (docs/servers.md 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

__all__ = ["Quota", "Stamp", "Times", "read_latency_s", "read_quotas", "read_stamp", "read_times"]

# Windows of fixed length. A month is none: its limit shows as a refusal with Retry-After.
_SIZES_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_NAMED = tuple(
    (size_s, f"x-ratelimit-limit-{name}", f"x-ratelimit-remaining-{name}")
    for name, size_s in _SIZES_S.items()
)
_LONGEST_NUMBER = 15  # digits; more is no count of requests
# Clocks that are read once per turn of an event loop run a little late.
_STALE_S = 0.005


@dataclass(frozen=True, slots=True)
class Quota:
    """
    One window as the gateway counts it.

    Attributes:
        size_s: Its length.
        limit: Requests allowed in it.
        remaining: Requests left after the one that was answered.
    """

    size_s: int
    limit: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Times:
    """
    One exchange, on our clock.

    Attributes:
        sent_s: When the request was sent: it was not counted before.
        counted_by_s: When it had been counted at the latest.
        answered_s: When its reply began at the earliest.
        received_s: When its reply was here.
    """

    sent_s: float
    counted_by_s: float
    answered_s: float
    received_s: float


@dataclass(frozen=True, slots=True)
class Stamp:
    """
    How far the gateway's clock is ahead of ours, as far as one reply tells.

    Attributes:
        low_s: At least so far,
        high_s: at most so far,
        modulo_s: give or take a multiple of this.
    """

    low_s: float
    high_s: float
    modulo_s: int


def read_quotas(headers: Mapping[str, str]) -> tuple[Quota, ...]:
    """Read the windows that a reply tells of; *headers* have lower-case names."""
    quotas = tuple(
        Quota(size_s, limit, remaining)
        for size_s, limit_name, remaining_name in _NAMED
        if limit_name in headers
        and (limit := _number(headers, limit_name))
        and (remaining := _number(headers, remaining_name)) is not None
    )
    return quotas or _read_binding(headers)


def _read_binding(headers: Mapping[str, str]) -> tuple[Quota, ...]:
    """
    Read the window that has no name. Its length is the least that holds RateLimit-Reset.

    Near the end of a window that is too short: for a moment its limit is held against a shorter
    window, where it forbids nothing.
    """
    limit = _number(headers, "ratelimit-limit")
    remaining = _number(headers, "ratelimit-remaining")
    reset_s = _number(headers, "ratelimit-reset")
    if not limit or remaining is None or reset_s is None:
        return ()
    size_s = next((size_s for size_s in _SIZES_S.values() if reset_s <= size_s), None)
    return () if size_s is None else (Quota(size_s, limit, remaining),)


def read_latency_s(headers: Mapping[str, str], name: str) -> float | None:
    """Read one of Kong's latencies, which it tells in milliseconds; None if it does not."""
    latency_ms = _number(headers, name)
    return None if latency_ms is None else latency_ms / 1000


def read_times(headers: Mapping[str, str], sent_s: float, received_s: float) -> Times:
    """Tell when the gateway counted a request, as closely as its latency headers allow."""
    spent_s = received_s - sent_s
    upstream_s = min(read_latency_s(headers, "x-kong-upstream-latency") or 0.0, spent_s)
    gateway_s = min(read_latency_s(headers, "x-kong-proxy-latency") or 0.0, spent_s - upstream_s)
    return Times(sent_s, received_s - upstream_s, sent_s + upstream_s + gateway_s, received_s)


def read_stamp(headers: Mapping[str, str], quotas: tuple[Quota, ...], times: Times) -> Stamp | None:
    """
    Read the gateway's clock, from what it counts down before anything else.

    RateLimit-Reset is Kong's own; Date may be the server's behind it, or missing: Kong passes the
    server's on, and Triton sends none.
    """
    size_s = _binding_size_s(headers, quotas)
    if size_s > 1:  # a window of a second always ends within one
        reset_s = _number(headers, "ratelimit-reset") or 0
        return _whole_second(-reset_s, times.sent_s, times.counted_by_s, size_s)
    date_s = _seconds_of_date(headers.get("date", ""))
    if date_s is None:
        return None
    return _whole_second(date_s, times.answered_s, times.received_s, _SIZES_S["day"])


def _seconds_of_date(text: str) -> int | None:
    try:
        date = parsedate_tz(text)
        return None if date is None else mktime_tz(date)
    except (ValueError, OverflowError):  # looks like a date, such as the year 99999
        return None


def _whole_second(second: int, from_s: float, until_s: float, modulo_s: int) -> Stamp:
    """Somewhen in these bounds on our clock, the gateway's showed *second*, fraction cut off."""
    return Stamp(second - until_s - _STALE_S, second + 1 - from_s + _STALE_S, modulo_s)


def _binding_size_s(headers: Mapping[str, str], quotas: tuple[Quota, ...]) -> int:
    """Tell which window RateLimit-* describe, by length; of equals Kong takes the longest."""
    limit = _number(headers, "ratelimit-limit")
    remaining = _number(headers, "ratelimit-remaining")
    reset_s = _number(headers, "ratelimit-reset")
    if reset_s is None:
        return 0
    fitting = (
        quota.size_s
        for quota in quotas
        if (quota.limit, quota.remaining) == (limit, remaining) and reset_s <= quota.size_s
    )
    return max(fitting, default=0)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        return None
    return int(text)
