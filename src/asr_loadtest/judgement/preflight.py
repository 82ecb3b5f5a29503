"""
What was found before the start, judged: a target, and a plan that makes sense there.

Kong's limits count in windows of fixed length, for each key; `read_quotas` reads them off any
reply. A plan that is above them measures the limit, and one that is near them meets it now and
then: both look like a slow service to whoever does not tell 429s apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asr_client.pacing.headers import Quota
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.units import percent

__all__ = ["PlannedLoad", "Scouted", "check_start", "sustained_rps"]

_WINDOWS = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}
_NEAR = 0.8
_PAST = (
    "to measure the servers, use more keys where that is permitted (--asr-spread-keys), or go past"
    " the gateway (the NodePort); to measure the limit, --asr-preflight off"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scouted:
    """
    What the engine found out with a few requests.

    Attributes:
        is_ready: Whether the model is; None if it could not be asked.
        ready_says: What was said about it.
        key: Whether the key was "accepted" or "refused"; "unknown" if nothing told.
        key_says: What was said about it, without the key.
        quotas: The gateway's limits on one key, by `read_quotas`; empty if it tells none.
        keys: How many keys take turns.
    """

    is_ready: bool | None = None
    ready_says: str = ""
    key: Literal["accepted", "refused", "unknown"] = "unknown"
    key_says: str = ""
    quotas: tuple[Quota, ...] = ()
    keys: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLoad:
    """
    What is going to be offered.

    Attributes:
        rate_rps: Mean rate; None in a closed loop, whose rate shows only then.
        peak_rps: The highest rate that lasts; None if it is the mean.
        duration_s: How long; None if until stopped.
    """

    rate_rps: float | None
    peak_rps: float | None = None
    duration_s: float | None = None


def check_start(scouted: Scouted, plan: PlannedLoad) -> tuple[Finding, ...]:
    """Tell what speaks against starting ("stop"), and what to look out for ("warn")."""
    return (*_readiness(scouted), *_limits(scouted, plan))


def sustained_rps(quotas: tuple[Quota, ...], keys: int = 1) -> float | None:
    """Give the requests a second that all keys together may send for ever; None if not told."""
    return min((keys * quota.limit / quota.size_s for quota in quotas), default=None)


def _readiness(scouted: Scouted) -> Iterator[Finding]:
    if scouted.key == "refused":
        yield Finding(
            "stop",
            "key",
            _joined("the API key is refused", scouted.key_says),
            "asr-client doctor shows what the gateway makes of it",
        )
    if scouted.is_ready is False:
        yield Finding(
            "stop",
            "model",
            _joined("the model is not ready", scouted.ready_says),
            "wait until it is loaded; asr-client models shows what the server has",
        )
    elif scouted.is_ready is None and scouted.key != "refused":
        yield Finding(
            "warn",
            "model",
            _joined("whether the model is ready could not be asked", scouted.ready_says),
        )


def _joined(words: str, said: str) -> str:
    return f"{words}: {said}" if said else words


def _limits(scouted: Scouted, plan: PlannedLoad) -> Iterator[Finding]:
    """Of several windows only the worst counts: they have one remedy."""
    findings = [found for quota in scouted.quotas for found in _limit(quota, scouted.keys, plan)]
    yield from sorted(findings, key=lambda found: found.severity != "stop")[:1]


def _limit(quota: Quota, keys: int, plan: PlannedLoad) -> Iterator[Finding]:
    allowed, left = keys * quota.limit, keys * quota.remaining
    allows = f"the gateway allows {_count(quota, keys)}"
    needed = _needed(quota, plan)
    if needed is None:
        yield _finding("warn", f"{allows}; what a closed loop sends shows only then", quota)
        return
    needs = f"the plan needs {needed:.0f}"
    if needed > allowed:
        yield _finding("stop", f"{allows}, {needs}: it would measure the limit", quota, needed)
    elif needed > left and quota.size_s > 1:
        says = f"{allows}, of which {left} are left, {needs}: others use the key, too"
        yield _finding("warn", says, quota, needed)
    elif needed > _NEAR * allowed:
        near = f"{percent(needed / allowed)} of it: chance alone will exceed it now and then"
        yield _finding("warn", f"{allows}, {needs}, {near}", quota, needed)


def _needed(quota: Quota, plan: PlannedLoad) -> float | None:
    """Give how many requests the plan has for one window at most; None if nobody knows."""
    if plan.rate_rps is None:
        return None
    # A peak that lasts fills a minute, but not an hour.
    is_short = quota.size_s <= 60  # noqa: PLR2004 - a minute
    rate_rps = max(plan.rate_rps, plan.peak_rps or 0.0) if is_short else plan.rate_rps
    lasts_s = quota.size_s if plan.duration_s is None else min(quota.size_s, plan.duration_s)
    return rate_rps * lasts_s


def _count(quota: Quota, keys: int) -> str:
    window = _WINDOWS.get(quota.size_s, f"in {quota.size_s} s")
    of_one = f"{quota.limit} requests {window}"
    return f"{of_one} for this key" if keys == 1 else f"{of_one} for each of {keys} keys"


def _finding(
    severity: Literal["stop", "warn"], words: str, quota: Quota, needed: float | None = None
) -> Finding:
    figures = {"limit": quota.limit, "remaining": quota.remaining, "window_s": quota.size_s}
    return Finding(severity, "rate_limit", words, _PAST, {**figures, "needed": needed})
