"""
What Kong says for itself: which answers are its own, and what they mean.

Kong marks what it answers alone (docs/servers.md 6), unless its operator switched the marks off;
then its sentences and the shape of its JSON give it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asr_client.classification.answer import Answer, Reach, compile_sentences, find_sentence
from asr_client.classification.bodies import Body
from asr_client.classification.proxies import judge_proxy
from asr_client.faults import Code, Executed, Fault, Retryable

__all__ = ["is_kongs_body", "is_kongs_status", "judge_kong"]


def _fault(code: Code, executed: Executed = "no", retryable: Retryable = "no") -> Fault:
    return Fault(code, "kong", executed, retryable)


_NO_UPSTREAM = _fault("gateway_upstream_unreachable", "no", "yes")
_LIMITED = _fault("rate_limited", "no", "yes")

# From their beginning: a model's exception may quote another gateway's sentence further on.
_SENTENCES = compile_sentences(
    # It tried: whether the request arrived there, Kong itself cannot tell.
    (
        r"^an invalid response was received from the up|^the upstream server is currently",
        _fault("gateway_upstream_unreachable", "maybe", "yes"),
    ),
    (r"^the upstream server is timing out", _fault("gateway_timeout", "maybe", "once")),
    # It had nobody to try.
    (r"^failure to get a peer|^name resolution failed|^failed the initial dns", _NO_UPSTREAM),
    # It refused.
    (r"^no api key found|^duplicate api key|^invalid authentication cred", _fault("auth")),
    (r"^api rate limit exceeded", _LIMITED),
    (r"^no route matched", _fault("not_found_route")),
    (r"^please use https protocol|^grpc request matched grpcs route", _fault("config")),
    (r"^request size limit exceeded|^payload too large", _fault("too_large")),
)

# Over gRPC, Kong 3 says one fixed word a status.
_GRPC_WORDS = frozenset(
    {
        "aborted",
        "deadlineexceeded",
        "invalidargument",
        "notfound",
        "permissiondenied",
        "resourceexhausted",
        "unauthenticated",
        "unavailable",
        "unimplemented",
    }
)
_TRIED_IN_VAIN = (502, 504)
_TOO_MANY_REQUESTS = 429
_QUOTA = "ratelimit-remaining"


def is_kongs_status(details: str) -> bool:
    """Whether Kong wrote the text of a status over gRPC."""
    return details.lower() in _GRPC_WORDS or _is_kongs_sentence(details)


def is_kongs_body(status: int, headers: Mapping[str, str], body: Body, reach: Reach) -> bool:
    """Whether Kong wrote an answer over HTTP that does not say so, or says that it passed it on."""
    if body.hand in ("kong", "markup", "plain") and _is_kongs_sentence(body.text):
        return True
    if reach == "upstream":
        return body.hand in ("nothing", "kong") and _is_kongs_silence(status, headers)
    # With its marks switched off: others write {"message": ...} too, but not with this label.
    return body.hand == "kong" and "charset=utf-8" in headers.get("content-type", "").lower()


def _is_kongs_sentence(text: str) -> bool:
    return find_sentence(_SENTENCES, text) is not None


def _is_kongs_silence(status: int, headers: Mapping[str, str]) -> bool:
    """Kong's own 502 and 504; and the 429 with which it replaces a reply that went over a quota."""
    is_spent = any(_QUOTA in name and value == "0" for name, value in headers.items())
    return status in _TRIED_IN_VAIN or (status == _TOO_MANY_REQUESTS and is_spent)


def judge_kong(answer: Answer) -> Fault:
    """Judge what Kong answered itself."""
    if answer.status == _TOO_MANY_REQUESTS or answer.is_out_of_quota:
        return replace(_LIMITED, executed="yes") if answer.reach == "upstream" else _LIMITED
    certain = find_sentence(_SENTENCES, answer.text)
    if certain is not None:
        return certain
    guess = replace(judge_proxy(answer), origin="kong")
    return replace(guess, executed="no") if answer.reach == "nobody" else guess
