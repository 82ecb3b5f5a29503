"""
What Triton says, or the service that stands in its place: text before status.

Triton says 500 for requests that it cannot parse, and on `generate` 400 for a model that raised
(docs/servers.md 1, 4): its status alone misleads.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from asr_client.classification.answer import Answer, compile_sentences, find_sentence
from asr_client.faults import Code, Executed, Fault, Origin, Retryable

__all__ = ["judge_in_band", "judge_triton"]


def _fault(
    code: Code,
    executed: Executed = "no",
    retryable: Retryable = "no",
    origin: Origin = "triton",
) -> Fault:
    return Fault(code, origin, executed, retryable)


# May be the fault of another caller's request in the same batch, hence once more.
_MODEL_RAISED = _fault("model_error", "yes", "once", "model")
# An answer that began well: the model ran, and failed on the way.
_BROKE_OFF = _fault("model_error", "maybe", "once")
_NO_MODEL = _fault("not_found_model")
_NO_PATH = _fault("not_found_route")
_BAD = _fault("bad_request")

_SENTENCES = compile_sentences(
    (r"stub process.{0,80} is not healthy", _fault("unavailable", "no", "yes")),
    # Before all others, since the model's own text follows it, and may say anything.
    (r"failed to process the (request|batch)|onnx runtime error", _MODEL_RAISED),
    (r"pytorch execute failure|cuda error|out of memory", _MODEL_RAISED),
    (r"exceeds maximum queue size|request timeout expired", _fault("overloaded", "no", "yes")),
    (r"server is stopping|stopped accepting new", _fault("unavailable", "no", "yes")),
    # A readiness call is answered by this, there is nothing to repeat; a model without any
    # version failed to load here, and may have loaded on another replica.
    (r"model version not ready", _NO_MODEL),
    (r"has no available versions", _fault("not_found_model", "no", "once")),
    (r"request for unknown model|requested model .{1,200} is not available", _NO_MODEL),
    (r"^this (api|protocol) is restricted", _fault("auth")),
    (r"model load / unload is not allowed", _fault("config")),
    (r"larger than max|exceeds? the maximum allowed|max-input-size", _fault("too_large")),
    (r"(failed|unable) to parse|attempt to access (json|non-exist)", _BAD),
)

# Codes of the services that speak ULCA; read in their sources (docs/servers.md 7).
_BY_WORD: Mapping[str, Fault] = {
    "DHRUVA-101": _fault("gateway_upstream_unreachable", "maybe", "once"),
    "DHRUVA-102": _fault("gateway_upstream_unreachable", "maybe", "once"),
    "DHRUVA-107": _fault("unavailable", "no", "yes"),
    "DHRUVA-116": _BAD,  # the client's audio, although it is a 500
    "AUDIO_TOO_LONG": _fault("too_large"),
    "FILE_TOO_LARGE": _fault("too_large"),
    "INVALID_API_KEY": _fault("auth"),
    "MODEL_NOT_FOUND": _NO_MODEL,
    "RATE_LIMIT_EXCEEDED": _fault("rate_limited", "no", "yes"),
    "TRITON_INFERENCE_ERROR": _fault("model_error", "maybe", "once"),
}
# ai4i-core says 503 for silence: the next try would find the same silence.
_SILENCE = re.compile(r"no transcripts? extracted", re.IGNORECASE)

_BY_STATUS: Mapping[int, Fault] = {
    401: _fault("auth"),
    403: _fault("auth"),
    404: _NO_MODEL,
    405: _NO_PATH,
    408: _fault("gateway_timeout", "no", "yes"),
    410: _NO_PATH,
    413: _fault("too_large"),
    429: _fault("rate_limited", "maybe", "yes"),
    500: _fault("model_error", "maybe", "once"),
    501: _BAD,
    502: _fault("gateway_upstream_unreachable", "maybe", "yes"),
    503: _fault("unavailable", "maybe", "yes"),
    504: _fault("gateway_timeout", "maybe", "once"),
}
_NOT_FOUND, _NOT_IMPLEMENTED, _METHOD = 404, 501, 405
_BAD_REQUEST, _UNAVAILABLE, _FIRST_SERVER_ERROR = 400, 503, 500
# What a router says; whoever looked for a model says more.
_ROUTERS = re.compile(r"(not found)?$|unknown (service|method)|method not found", re.IGNORECASE)
_QUOTED = re.compile(r"['\"]([^'\"]{1,64})['\"]")


def judge_triton(answer: Answer) -> Fault:
    """Judge what Triton answered."""
    if answer.word in _BY_WORD:
        return _BY_WORD[answer.word]
    certain = _by_sentence(answer.text, answer.own_values)
    return certain or _by_status(answer.status, answer.text, asks_to_wait=answer.asks_to_wait)


def judge_in_band(text: str) -> Fault:
    """Judge the error inside a success: a stream has one status, told before its first event."""
    return _by_sentence(text) or _BROKE_OFF


def _by_sentence(text: str, own_values: Collection[str] = ()) -> Fault | None:
    """Say what a text of Triton's means for certain, whatever its status; None if nothing."""
    if _SILENCE.search(text):
        return replace(_MODEL_RAISED, retryable="no")
    fault = find_sentence(_SENTENCES, text)
    if fault is _MODEL_RAISED and _quotes(text, own_values):
        return replace(fault, retryable="no")
    return fault


def _quotes(text: str, own_values: Collection[str]) -> bool:
    """Whether the model complains of what this very request said, not of a neighbour's."""
    complaint = text.partition("message:")[2] or text
    return not set(_QUOTED.findall(complaint)).isdisjoint(own_values)


def _by_status(status: int, text: str, *, asks_to_wait: bool) -> Fault:
    if status in (_NOT_FOUND, _NOT_IMPLEMENTED) and _ROUTERS.match(text):
        return _NO_PATH
    if not text and status == _METHOD:
        return _fault("config")  # to HEAD, the one method whose replies have no text
    if not text and status == _BAD_REQUEST:
        return _fault("unavailable", "no", "yes")  # the server's readiness, of which 400 is the no
    if status == _UNAVAILABLE and asks_to_wait:
        return _fault("overloaded", "maybe", "yes")
    other = _fault("server_bug", "maybe", "once") if status >= _FIRST_SERVER_ERROR else _BAD
    return _BY_STATUS.get(status, other)
