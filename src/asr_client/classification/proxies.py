"""What a proxy other than Kong says, by sentence and by status; Kong says much the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asr_client.classification.answer import Answer, compile_sentences, find_sentence
from asr_client.faults import Code, Executed, Fault, Retryable

__all__ = ["fault_of_status", "judge_proxy"]


def _fault(code: Code, executed: Executed = "no", retryable: Retryable = "no") -> Fault:
    return Fault(code, "proxy", executed, retryable)


_LIMITED = _fault("rate_limited", "no", "yes")
_UNREACHABLE = _fault("gateway_upstream_unreachable", "maybe", "yes")
_NO_UPSTREAM = _fault("gateway_upstream_unreachable", "no", "yes")
_TIMED_OUT = _fault("gateway_timeout", "maybe", "once")

_SENTENCES = compile_sentences(
    # nginx; Go's servers
    (r"plain HTTP request was sent to (an )?HTTPS|HTTP request to an HTTPS", _fault("tls")),
    # haproxy; Envoy; Traefik
    (r"no server is available|no healthy upstream|no available server", _NO_UPSTREAM),
    (r"upstream connect error", _UNREACHABLE),
    (r"(upstream|stream|endpoint) request (timeout|timed out)", _TIMED_OUT),
)

_BY_STATUS: Mapping[int, Fault] = {
    401: _fault("auth"),
    403: _fault("auth"),
    404: _fault("not_found_route"),
    405: _fault("not_found_route"),
    407: _fault("auth"),
    408: _fault("gateway_timeout", "no", "yes"),  # it waited for the request, not for the reply
    410: _fault("not_found_route"),
    413: _fault("too_large"),
    417: _fault("too_large"),
    421: _fault("config"),
    426: _fault("config"),
    429: _LIMITED,
    502: _UNREACHABLE,
    503: _fault("unavailable", "no", "yes"),
    504: _TIMED_OUT,
    # Cloudflare's own: no connection to the server behind it, and its silence.
    520: _UNREACHABLE,
    521: _NO_UPSTREAM,
    522: _UNREACHABLE,
    523: _NO_UPSTREAM,
    524: _TIMED_OUT,
}
_REDIRECTS = range(300, 400)
_OTHER_REFUSALS = range(400, 500)


def judge_proxy(answer: Answer) -> Fault:
    """Judge what a proxy answered in the server's place."""
    if answer.is_out_of_quota and answer.reach != "upstream":
        return _LIMITED
    return find_sentence(_SENTENCES, answer.text) or fault_of_status(answer.status)


def fault_of_status(status: int) -> Fault:
    """Say what a gateway means by a status when its text does not tell."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _REDIRECTS:
        return _fault("config")
    if status in _OTHER_REFUSALS:
        return _fault("bad_request")
    return replace(_UNREACHABLE, code="server_bug", retryable="once")
