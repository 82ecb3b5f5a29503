"""
One call over gRPC: who ended it, and what it means.

Many statuses have two makers, a server and the client's own library, and only the text tells which
(docs/servers.md 2). What a server said is judged as over HTTP, by the status that stands for the
code: so the same cause has the same verdict on both wires.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from asr_client.classification.answer import (
    Answer,
    Sentences,
    compile_sentences,
    find_sentence,
    is_out_of_quota,
    reach_of,
)
from asr_client.classification.connecting import CONFIG, LOST, judge_connecting
from asr_client.classification.grpc_codes import HTTP_STATUS, KONGS_STATUS
from asr_client.classification.kong import is_kongs_status, judge_kong
from asr_client.classification.proxies import fault_of_status
from asr_client.classification.triton import judge_triton
from asr_client.faults import Fault

__all__ = ["judge_grpc"]

_DEADLINE = Fault("deadline", "client", "maybe", "once")
_CANCELLED = Fault("cancelled", "client", "maybe", "no")
_TIMED_OUT = Fault("gateway_timeout", "proxy", "maybe", "once")
_SENT_TOO_MUCH = Fault("too_large", "client", "no", "no")
_GOT_TOO_MUCH = Fault("too_large", "client", "maybe", "no")

_UNKNOWN_ERROR = 500

_FROM_HTTP = re.compile(r"^received http2 header with status: (\d{3})", re.IGNORECASE)

# What the library says for itself, by code.
_OWN_WORDS: Mapping[str, Sentences] = {
    "INTERNAL": compile_sentences((r"^(invalid|illegal) metadata$", CONFIG)),
    "CANCELLED": compile_sentences((r"^(channel closed|locally cancelled)", _CANCELLED)),
    "DEADLINE_EXCEEDED": compile_sentences((r"^$|(?<!context )deadline exceeded", _DEADLINE)),
    "RESOURCE_EXHAUSTED": compile_sentences(
        (r"(?<!server: )sent message larger than max", _SENT_TOO_MUCH),
        (r"(?<!server: )received message larger than max", _GOT_TOO_MUCH),
    ),
}
_NO_CONNECTION = re.compile(
    r"^(failed to connect|dns resolution failed|errors resolving|empty address list)",
    re.IGNORECASE,
)
# Codes of a call whose connection ended under it, and the words for that. With other words these
# codes come from a server: a full queue is UNAVAILABLE, too.
_LOST_CODES = ("UNAVAILABLE", "CANCELLED", "UNKNOWN")
_LOST_WORDS = re.compile(
    r"^(\w+: )?(ipv[46]:\S+ )?(socket closed|connection reset by peer|broken pipe|(recv|send)msg"
    r"|endpoint closing|goaway|too.many.pings|stream removed|transport closed|keepalive watchdog"
    r"|connection (timed out|aborted|dropped))",
    re.IGNORECASE,
)
# With INTERNAL, too, this is the library's; anything else there is what a model said.
_RESET = re.compile(r"^(stream removed \()?(received )?rst_stream", re.IGNORECASE)


def judge_grpc(
    code: str, details: str, headers: Mapping[str, str], *, own_values: Collection[str] = ()
) -> Fault | None:
    """
    Judge how a call over gRPC ended.

    Args:
        code: Name of the status, "OK" for a success.
        details: Its text.
        headers: Initial and trailing metadata together.
        own_values: What the request said and a server may quote, such as its language: a model
            that failed on one of these fails again.

    Returns:
        The fault; None for a success. Its origin is client, dns, tcp or tls if the library made
        the status itself.
    """
    if code == "OK":
        return None
    lower = {name.lower(): value for name, value in headers.items()}
    return _judge_library(code, details, lower) or _judge_server(code, details, lower, own_values)


def _judge_library(code: str, details: str, headers: Mapping[str, str]) -> Fault | None:
    own = find_sentence(_OWN_WORDS.get(code, ()), details)
    if own is not None:
        return own
    if code == "UNAVAILABLE" and _NO_CONNECTION.search(details):
        return judge_connecting(details)
    is_through_kong = reach_of(headers) == "upstream"
    if _RESET.search(details):
        # Kong ends a stream so when its upstream was silent for too long.
        return replace(_TIMED_OUT, origin="kong") if is_through_kong else LOST
    is_lost = code in _LOST_CODES and _LOST_WORDS.search(details) and not is_through_kong
    return LOST if is_lost else None


def _judge_server(
    code: str, details: str, headers: Mapping[str, str], own_values: Collection[str]
) -> Fault:
    from_http = _FROM_HTTP.search(details)
    if from_http is not None:
        return fault_of_status(int(from_http[1]))
    reach = reach_of(headers)
    is_kongs = reach == "nobody" or is_kongs_status(details)
    if code == "DEADLINE_EXCEEDED" and not is_kongs:
        return _TIMED_OUT
    statuses = KONGS_STATUS if is_kongs else HTTP_STATUS
    answer = Answer(
        origin="kong" if is_kongs else "triton",
        status=statuses.get(code, _UNKNOWN_ERROR),
        text=details,
        reach=reach,
        is_out_of_quota=is_out_of_quota(headers),
        asks_to_wait="retry-after" in headers,
        own_values=own_values,
    )
    return judge_kong(answer) if is_kongs else judge_triton(answer)
