"""
The client's count of good answers held against the servers' own.

Successes only, since Triton's other counters do not add up (measured on 2.51): what a full queue
refused is counted nowhere; an ensemble counts each failure twice; and an error that a Python model
answers counts as that model's success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.cluster.triton.server_timeline import ServedCount
from asr_loadtest.load.outcomes import Outcome

__all__ = ["Reconciliation", "answered_well", "maybe_answered_well", "reconcile"]

Agreement = Literal["equal", "server_saw_more", "server_saw_fewer", "unknown"]

# A good answer with other words is one to the server.
_GOOD: tuple[Outcome, ...] = ("ok", "wrong_transcript")
# The server may have finished what nobody waited for any more; and a model's own error is one of
# its successes.
_MAYBE: tuple[Outcome, ...] = (
    "timeout",
    "connection",
    "truncated",
    "gateway_error",
    "server_error",
    "bad_request",
)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """
    Two counts of one thing.

    Attributes:
        client: Good answers that the client has.
        maybe: Requests beyond those that may have been answered well, unseen by the client.
        server: Requests that the servers answered well; None if that is not known.
        agreement: "equal" if the servers' count is from *client* to *client* + *maybe*.
        words: The verdict in a sentence.
        doubts: What speaks against the servers' count, a sentence each.
    """

    client: int
    maybe: int
    server: int | None
    agreement: Agreement
    words: str
    doubts: tuple[str, ...] = ()


def answered_well(outcomes: Mapping[Outcome, int]) -> int:
    """Count what servers must have counted as success; of all samples, warm-up included."""
    return sum(outcomes.get(outcome, 0) for outcome in _GOOD)


def maybe_answered_well(outcomes: Mapping[Outcome, int]) -> int:
    """Count what servers may have counted as success although the client has no good answer."""
    return sum(outcomes.get(outcome, 0) for outcome in _MAYBE)


def reconcile(ok_count: int, maybe_count: int, served: ServedCount) -> Reconciliation:
    """
    Hold the client's count against the servers'.

    Args:
        ok_count: What `answered_well` gave.
        maybe_count: What `maybe_answered_well` gave.
        served: What `ServerTimeline.served_count` gave for the same time.
    """
    agreement, words = _judge(ok_count, maybe_count, served.requests)
    return Reconciliation(ok_count, maybe_count, served.requests, agreement, words, served.doubts)


def _judge(good: int, maybe: int, served: int | None) -> tuple[Agreement, str]:
    if served is None:
        return "unknown", f"the client has {good} good answers; the servers' count is not known"
    counts = f"the client has {good} good answers, the servers count {served}"
    if served > good + maybe:
        return "server_saw_more", (
            f"{counts}: {served - good - maybe} more than were sent and could have been answered. "
            "Somebody else asked the model, too, or a gateway repeated requests"
        )
    if served < good:
        return "server_saw_fewer", (
            f"{counts}: {good - served} are missing. A pod answered whose metrics were not read, "
            "a server restarted, or a cache before the servers answered"
        )
    unseen = f", {served - good} of which did not reach the client" if served > good else ""
    return "equal", f"{counts}{unseen}: they agree"
