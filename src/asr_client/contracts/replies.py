"""
Who answered, and with what: a refusal, over HTTP or gRPC, becomes one error class.

Pure rules over status, headers and text; one table a wire. The facts behind each rule are in
docs/servers.md. Texts are matched by lower-case substring, because versions differ in the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from asr_client.contracts.wire import Reply
from asr_client.errors import (
    AuthError,
    ContractError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    RouteNotFoundError,
    ServerBugError,
    ServerError,
)

__all__ = [
    "answered_by",
    "grpc_error",
    "http_error",
    "is_closed_door",
    "read_json",
    "read_ok",
]

_LONGEST_MESSAGE = 400
_RETRY_AFTER_DIGITS = 9

# What a text says for certain, whatever the status. Triton says 500 for requests that it cannot
# parse, and 400 on `generate` where it says 500 on `infer` (docs/servers.md 1, 4).
_BY_TEXT: tuple[tuple[str, type[ServerError]], ...] = (
    # First, since a model's own text follows it, and may say anything.
    ("failed to process the request(s)", ServerBugError),
    ("is not healthy", OverloadedError),
    ("exceeds maximum queue size", OverloadedError),
    ("request timeout expired", OverloadedError),
    ("server is stopping", OverloadedError),
    ("request for unknown model", ModelNotFoundError),
    ("model version not ready", ModelNotFoundError),
    ("failed to parse the request json", RejectedInputError),
    ("unable to parse '", RejectedInputError),
    ("this api is restricted", AuthError),
    ("this protocol is restricted", AuthError),
)

_BY_HTTP_STATUS: Mapping[int, type[ServerError]] = {
    401: AuthError,
    403: AuthError,
    404: RouteNotFoundError,
    405: RouteNotFoundError,
    408: OverloadedError,
    426: RouteNotFoundError,
    429: RateLimitedError,
    501: RejectedInputError,
    502: OverloadedError,
    503: OverloadedError,
    504: OverloadedError,
}

# Numbers of grpc.StatusCode; written out, so that this module needs no grpc.
_BY_GRPC_CODE: Mapping[int, type[ServerError]] = {
    3: RejectedInputError,  # INVALID_ARGUMENT
    4: OverloadedError,  # DEADLINE_EXCEEDED, from the gateway: the client's own is no reply
    5: ModelNotFoundError,  # NOT_FOUND
    7: AuthError,  # PERMISSION_DENIED
    8: RateLimitedError,  # RESOURCE_EXHAUSTED
    12: RouteNotFoundError,  # UNIMPLEMENTED
    13: ServerBugError,  # INTERNAL
    14: OverloadedError,  # UNAVAILABLE
    16: AuthError,  # UNAUTHENTICATED
}

# Kong translates its own refusals into one fixed word a gRPC code (docs/servers.md 6).
_KONG_GRPC_WORDS = frozenset(
    {"unauthenticated", "resourceexhausted", "notfound", "invalidargument", "permissiondenied"}
)

_HINTS: tuple[tuple[str, str], ...] = (
    (
        "no api key found",
        "give a key with ASR_API_KEY; or another header: published gateways also read apikey",
    ),
    (
        "no route matched",
        "the gateway has no such path: check the URL's prefix and --protocol",
    ),
    ("failed to get a peer", "no replica is up behind the gateway: try again later"),
    ("stub process", "one model instance died: the server must be restarted"),
)


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


def is_closed_door(error: ServerError) -> bool:
    """Whether this path is closed to everybody here, as opposed to a refusal of the caller."""
    if isinstance(error, AuthError):
        return error.status == HTTPStatus.FORBIDDEN or "restricted" in error.message
    return isinstance(error, RouteNotFoundError | RejectedInputError | ModelNotFoundError)


def read_ok(reply: Reply, what: str) -> Any:
    """Read the JSON of a success over HTTP; raise the error that anything else means."""
    if reply.status != HTTPStatus.OK:
        raise http_error(reply)
    return read_json(reply.body, what)


def answered_by(headers: Mapping[str, str], text: str) -> str:
    """
    Tell who wrote an error: "kong", "triton" or "unknown".

    Kong alone sets X-Kong-Response-Latency; its 502 and 504 carry the upstream's headers and are
    known by their text. Triton's errors are {"error": "..."}, Kong's {"message": ...}.
    """
    if "x-kong-response-latency" in headers or text.lower() in _KONG_GRPC_WORDS:
        return "kong"
    if '{"error":"' in text.replace(" ", ""):
        return "triton"
    if "upstream server" in text:
        return "kong"
    passed_on = "x-kong-upstream-latency" in headers
    kongs = '"message"' in text and "x-kong-request-id" in headers and not passed_on
    return "kong" if kongs else "unknown"


def http_error(reply: Reply) -> ServerError:
    """Make the error of an HTTP reply that is not a success."""
    text = reply.body.decode("utf-8", "replace")
    who = answered_by(reply.headers, text)
    return _error(
        _class_by_http(reply.status, text),
        reply,
        message=f"{_name(who)} answered {reply.status}: {_message_in(text) or 'no text'}",
        who=who,
    )


def grpc_error(reply: Reply, code_name: str) -> ServerError:
    """Make the error of a gRPC reply whose status is not OK."""
    who = answered_by(reply.headers, reply.details)
    # gRPC itself puts a proxy's HTTP error into these words; everything else is the server's.
    if who == "unknown" and not reply.details.startswith("Received http2 header"):
        who = "triton"
    return _error(
        _class_by_grpc(reply, who),
        reply,
        message=f"{_name(who)} answered {code_name}: {_shorten(reply.details) or 'no text'}",
        who=who,
    )


def _error(kind: type[ServerError], reply: Reply, *, message: str, who: str) -> ServerError:
    return kind(
        message,
        hint=_hint(kind, message, reply.status),
        status=reply.status,
        answered_by=who,
        retry_after_s=_retry_after_s(reply.headers),
        request_id=reply.headers.get("x-kong-request-id", reply.headers.get("x-request-id", "")),
    )


def _class_by_http(status: int, text: str) -> type[ServerError]:
    certain = _class_by_text(text)
    if certain is not None:
        return certain
    if status in _BY_HTTP_STATUS:
        return _BY_HTTP_STATUS[status]
    if _is_redirect(status):
        return RouteNotFoundError
    is_servers = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return ServerBugError if is_servers else RejectedInputError


def _is_redirect(status: int) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def _class_by_grpc(reply: Reply, who: str) -> type[ServerError]:
    text = reply.details.lower()
    if "an invalid response was received from the upstream" in text or "upstream server is" in text:
        return OverloadedError
    if who == "kong" and text.startswith(("notfound", "no route matched")):
        return RouteNotFoundError
    if "message larger than max" in text:
        return RejectedInputError
    return _class_by_text(text) or _BY_GRPC_CODE.get(reply.status, ServerBugError)


def _class_by_text(text: str) -> type[ServerError] | None:
    lower = text.lower()
    return next((kind for part, kind in _BY_TEXT if part in lower), None)


def _hint(kind: type[ServerError], message: str, status: int) -> str:
    lower = message.lower()
    for part, hint in _HINTS:
        if part in lower:
            return hint
    if status in (413, 417):
        return "the gateway limits the size of a request: send shorter audio"
    if _is_redirect(status):
        return "the server redirects: give the URL that it redirects to, often https://"
    if kind is RouteNotFoundError and message.startswith("Triton answered 404"):
        return "is the URL right? it is the server's address, with no path of its own for Triton"
    if kind is ModelNotFoundError:
        return "`asr-client models` lists what the server has; choose one with --model"
    return ""


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    believable = value.isdecimal() and len(value) < _RETRY_AFTER_DIGITS
    return float(value) if believable else None


def _message_in(text: str) -> str:
    """Find the sentence in an error body: Triton, Kong and FastAPI each name it otherwise."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if isinstance(fields, dict):
        for key in ("error", "message", "detail"):
            value = fields.get(key)
            if isinstance(value, dict):
                value = value.get("message")
            if isinstance(value, str):
                return _shorten(value)
    return _shorten(_without_markup(text))


def _without_markup(text: str) -> str:
    """Keep the title of an HTML page (nginx, haproxy), which says all there is to know."""
    title = re.search("<title>([^<]*)", text, re.IGNORECASE)
    return title[1] if title else text


def _shorten(text: str) -> str:
    """One line, without the stack of a model's exception: it shows the server's paths."""
    one_line = " ".join(text.partition("\n\nAt:")[0].split())
    return one_line if len(one_line) <= _LONGEST_MESSAGE else one_line[:_LONGEST_MESSAGE] + "…"


def _name(who: str) -> str:
    return {"kong": "the gateway (Kong)", "triton": "Triton"}.get(who, "the server")
