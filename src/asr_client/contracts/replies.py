"""
The errors that refusals are: what was concluded of a reply, put into a message.

`classification/` says who answered and what it means; this module says it to people. Messages name
who, the status and the sentence; never server paths, audio or anything unprintable.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from asr_client.classification import judge_grpc, judge_http, read_retry_after_s
from asr_client.classification.advice import advise_on_answer
from asr_client.classification.bodies import Body, holds_only_an_error, read_body
from asr_client.classification.error_of import answer_class
from asr_client.classification.grpc_codes import code_name
from asr_client.classification.wording import first_id
from asr_client.contracts.wire import Reply
from asr_client.errors import (
    AuthError,
    ContractError,
    ModelNotFoundError,
    RejectedInputError,
    RouteNotFoundError,
    ServerError,
)
from asr_client.faults import Fault

__all__ = ["grpc_error", "http_error", "is_closed_door", "read_json", "read_ok"]

_NAMES: Mapping[str, str] = {
    "kong": "the gateway (Kong)",
    "proxy": "a proxy on the way",
    "client": "this client",
    "triton": "Triton",
    "model": "Triton",
}
# A success where another one was agreed on, such as 204.
_NOT_AGREED = Fault("contract", "triton", executed="maybe", retryable="no")


def read_json(body: bytes, what: str) -> Any:
    """Read JSON; ContractError, naming *what*, if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        start = body[:60].decode("utf-8", "replace")
        raise ContractError(
            f"{what} is not JSON but starts with {start!r}",
            hint="is this the URL of a Triton server or of its gateway?",
        ) from error


def read_ok(reply: Reply, what: str, own_values: Collection[str] = ()) -> Any:
    """Read the JSON of a success over HTTP; raise the error that anything else means."""
    if reply.status != HTTPStatus.OK:
        raise http_error(reply, own_values)
    fields = read_json(reply.body, what)
    if holds_only_an_error(fields):
        raise http_error(reply, own_values)
    return fields


def is_closed_door(error: ServerError) -> bool:
    """Whether this path is closed to everybody here, as opposed to a refusal of the caller."""
    if isinstance(error, AuthError):
        return error.status == HTTPStatus.FORBIDDEN or "restricted" in error.message
    return isinstance(error, RouteNotFoundError | RejectedInputError | ModelNotFoundError)


def http_error(reply: Reply, own_values: Collection[str] = ()) -> ServerError:
    """
    Make the error of an HTTP reply that is not a success.

    Args:
        reply: What came.
        own_values: What the request said and a server may quote, such as its language.
    """
    text = reply.body.decode("utf-8", "replace")
    fault = judge_http(reply.status, reply.headers, text, own_values=own_values) or _NOT_AGREED
    body = read_body(text)
    who = "the server" if _is_other_server(fault, body) else _NAMES[fault.origin]
    return _error(reply, fault, body, f"{who} answered {reply.status}")


def grpc_error(reply: Reply, own_values: Collection[str] = ()) -> ServerError:
    """Make the error of a gRPC reply whose status is not OK; see `http_error`."""
    code, text = code_name(reply.status), reply.details
    fault = judge_grpc(code, text, reply.headers, own_values=own_values) or _NOT_AGREED
    if fault.code == "deadline":
        # Transports turn the caller's own deadline into an error: what is left is somebody else's.
        fault = replace(fault, code="gateway_timeout", origin="proxy")
    who = _NAMES.get(fault.origin, "this client")
    return _error(reply, fault, Body("plain", text), f"{who} answered {code}")


def _is_other_server(fault: Fault, body: Body) -> bool:
    """Whether something stands in Triton's place."""
    return fault.origin in ("triton", "model") and body.hand != "triton"


def _error(reply: Reply, fault: Fault, body: Body, what: str) -> ServerError:
    headers, line = reply.headers, body.line
    return answer_class(fault)(
        f"{what}: {line or 'no text'}",
        hint=advise_on_answer(fault, line, location=headers.get("location", "")),
        fault=fault,
        status=reply.status,
        retry_after_s=read_retry_after_s(headers, is_rate_limited=fault.code == "rate_limited"),
        request_id=first_id(
            headers.get("x-kong-request-id"), headers.get("x-request-id"), body.request_id
        ),
    )
