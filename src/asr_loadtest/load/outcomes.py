"""
What came of one request, in the classes that a capacity test must keep apart.

A refusal takes a millisecond and an answer a second: mixed, they flatter each other. And who
refused decides what to do next: a gateway's limit says nothing of the servers behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from asr_client.faults import Code, Fault

__all__ = ["OUTCOMES", "REFUSALS", "Outcome", "count_failed", "count_refused", "outcome_of"]

Outcome = Literal[
    "ok",
    # Turned away before any work: by the gateway's limit or by a full queue.
    "rate_limited",
    "overloaded",
    # The gateway answered for a server that it could not reach, or that did not answer it.
    "gateway_error",
    "auth",
    "bad_request",
    "too_large",
    # The server or its model failed, or answered what nobody understands.
    "server_error",
    # No whole answer came.
    "timeout",
    "connection",
    "truncated",
    # A good answer with other words than were spoken.
    "wrong_transcript",
    # The generator was late or full: nothing left this machine.
    "not_sent",
]

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
REFUSALS: tuple[Outcome, ...] = ("rate_limited", "overloaded")

_BY_CODE: Mapping[Code, Outcome] = {
    "auth": "auth",
    "bad_request": "bad_request",
    "cancelled": "connection",
    "config": "bad_request",
    "connect": "connection",
    "contract": "server_error",
    "deadline": "timeout",
    "dns": "connection",
    "gateway_timeout": "gateway_error",
    "gateway_upstream_unreachable": "gateway_error",
    "language": "bad_request",
    "model_error": "server_error",
    "not_found_model": "bad_request",
    "not_found_route": "bad_request",
    "overloaded": "overloaded",
    "rate_limited": "rate_limited",
    "server_bug": "server_error",
    "tls": "connection",
    "too_large": "too_large",
    "truncated": "truncated",
    "unavailable": "overloaded",
}


def count_refused(outcomes: Mapping[Outcome, int]) -> int:
    """Count what was turned away before any work."""
    return sum(outcomes.get(outcome, 0) for outcome in REFUSALS)


def count_failed(outcomes: Mapping[Outcome, int]) -> int:
    """Count what was sent and came to nothing; what was refused is counted apart."""
    neither = ("ok", "not_sent", *REFUSALS)
    return sum(count for outcome, count in outcomes.items() if outcome not in neither)


def outcome_of(fault: Fault) -> Outcome:
    """
    Give the class of a failure, by the SDK's own judgement of it.

    "unavailable" said by Triton is a server that has no room or is not ready; said by a gateway,
    it is the gateway's word that there is nobody behind it.
    """
    if fault.code == "unavailable" and fault.origin in ("kong", "proxy"):
        return "gateway_error"
    return _BY_CODE.get(fault.code, "server_error")
