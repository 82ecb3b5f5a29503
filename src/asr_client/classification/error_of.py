"""Which class of error a fault is: one table for HTTP, gRPC and broken connections."""

from __future__ import annotations

from collections.abc import Mapping

from asr_client.errors import (
    ASRError,
    AuthError,
    ConfigError,
    ContractError,
    DeadlineError,
    ModelNotFoundError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    ReplyLostError,
    RouteNotFoundError,
    ServerBugError,
    ServerError,
    TooLargeError,
)
from asr_client.faults import Code, Fault

__all__ = ["answer_class", "failure_class"]

_ANSWERS: Mapping[Code, type[ServerError]] = {
    "auth": AuthError,
    "bad_request": RejectedInputError,
    "config": RouteNotFoundError,  # https wanted, a redirect: the address is to be changed
    "gateway_timeout": OverloadedError,
    "gateway_upstream_unreachable": OverloadedError,
    "model_error": ServerBugError,
    "not_found_model": ModelNotFoundError,
    "not_found_route": RouteNotFoundError,
    "overloaded": OverloadedError,
    "rate_limited": RateLimitedError,
    "server_bug": ServerBugError,
    "tls": RouteNotFoundError,  # the port speaks TLS, and said so in plain HTTP
    "too_large": TooLargeError,
    "unavailable": OverloadedError,
}

_FAILURES: Mapping[Code, type[ASRError]] = {
    "config": ConfigError,
    "deadline": DeadlineError,
    "too_large": ContractError,
}


def answer_class(fault: Fault) -> type[ServerError]:
    """Give the class for what somebody answered."""
    return _ANSWERS.get(fault.code, ServerBugError)


def failure_class(fault: Fault) -> type[ASRError]:
    """Give the class for a call to which nobody answered."""
    never_sent = NotSentError if fault.executed == "no" else ReplyLostError
    return _FAILURES.get(fault.code, never_sent)
