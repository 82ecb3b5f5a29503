"""What to do about a fault: one line for whoever reads the message, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping

from asr_client.classification.wording import plain_line
from asr_client.faults import Code, Fault, Origin

__all__ = ["advise_on_answer", "advise_on_connecting", "advise_on_key"]

_ANOTHER_HEADER: Mapping[str, str] = {"x-api-key": "apikey", "apikey": "X-API-Key"}

# What a sentence asks for, whoever said it.
_BY_SENTENCE: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), advice)
    for pattern, advice in (
        (
            r"^no api key found",
            "give a key with ASR_API_KEY; or another header: published gateways also read apikey",
        ),
        (r"^duplicate api key", "send one key: in one header, and not in the URL as well"),
        (r"ring-balancer|no server is available", "no replica is up behind the gateway: try later"),
        (r"stub process", "one model instance died: the server must be restarted"),
        (r"plain http request", "the port speaks TLS: call it by https://"),
        (r"please use https|grpcs route", "the gateway takes TLS only: use https:// or grpcs://"),
    )
)

_BY_CODE: Mapping[Code, str] = {
    "not_found_model": "`asr-client models` lists what the server has; choose one with --model",
    "config": "the server wants to be called in another way: is it https://, or another URL?",
    "gateway_timeout": "the gateway waits no longer for one request: send shorter audio",
}
_KONGS_NO_ROUTE = "the gateway has no such path: check the URL's prefix and --protocol"
_WRONG_URL = "is the URL right? it is the server's address, with no path of its own for Triton"

# "(5242880 vs. 4194304)", "exceeds the maximum allowed value (67108864 bytes)"
_LIMIT = re.compile(r"(?:vs\. |limit of |maximum allowed [a-z ]{0,40}\(?)(\d{4,15})\b")
_LIMITERS: Mapping[Origin, str] = {
    "client": "this client",
    "kong": "the gateway",
    "proxy": "the gateway",
}
_MIB = 2**20

_BY_TLS_TEXT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), advice)
    for pattern, advice in (
        (
            "mismatch|verification check|hostname",
            "the certificate is another host's: call the server by the name that it shows",
        ),
        ("expired", "the server's certificate has expired, or this machine's clock is wrong"),
        (
            "certificate_verify|verify failed",
            "TLS is verified; name your own authority's PEM file with tls_ca_file",
        ),
    )
)
# How gRPC's core meets a server of another protocol: it connects, and is hung up on.
_CLOSED_AT_ONCE = re.compile("failed to connect.*socket closed", re.IGNORECASE | re.DOTALL)
_NOT_GRPC = "something listens there that does not speak plain gRPC; Triton's HTTP port, or TLS?"
_NOT_HTTP = "something listens there that does not speak HTTP; the port of gRPC (grpc://), or SSH?"
_SERVE = "is the server up, and the port right? `asr-client serve` starts one on this machine"
_RESTARTED = "the server may have been restarted; the request may have been executed"


def advise_on_answer(fault: Fault, text: str, *, location: str = "") -> str:
    """
    Advise on what somebody answered; empty if there is nothing to add.

    Args:
        fault: What was concluded.
        text: The sentence that it said.
        location: Where it redirects to, if it does.
    """
    if fault.code == "config" and location:
        # Without the query, which may hold anything.
        return (
            f"the server redirects: give this URL instead: {plain_line(location.partition('?')[0])}"
        )
    by_sentence = (advice for pattern, advice in _BY_SENTENCE if pattern.search(text))
    return next(by_sentence, "") or _advise_on_code(fault, text)


def _advise_on_code(fault: Fault, text: str) -> str:
    if fault.code == "too_large":
        return _advise_on_size(fault, text)
    if fault.code != "not_found_route":
        return _BY_CODE.get(fault.code, "")
    return _WRONG_URL if fault.origin == "triton" else _KONGS_NO_ROUTE


def _advise_on_size(fault: Fault, text: str) -> str:
    who = _LIMITERS.get(fault.origin, "the server")
    limit = _LIMIT.search(text.lower())
    size = f" to {int(limit[1]) / _MIB:.1f} MiB" if limit else ""
    return f"{who} limits the size of a request{size}: send shorter audio, or have it cut in pieces"


def advise_on_key(header: str, *, was_sent: bool) -> str:
    """Advise on a key that the gateway did not find, knowing the *header* that it looked for."""
    if not was_sent:
        return "give a key with ASR_API_KEY, --api-key-file or api_key"
    other = _ANOTHER_HEADER.get(header.lower(), "X-API-Key or apikey")
    return f"the key went in the header {header}: this gateway may want it in {other}"


def advise_on_connecting(fault: Fault, text: str, *, plain_url: str) -> str:
    """
    Advise on a connection that did not come about, or broke.

    Args:
        fault: What was concluded.
        text: What the library said.
        plain_url: The server's address without TLS, in the protocol that was tried.
    """
    if fault.code == "tls":
        by_text = (advice for pattern, advice in _BY_TLS_TEXT if pattern.search(text))
        return next(by_text, f"does the port speak TLS? try {plain_url}")
    if fault.code == "dns":
        return "the host name is not known: is it spelt right?"
    if fault.code in ("server_bug", "config") or _CLOSED_AT_ONCE.search(text):
        return _NOT_GRPC if plain_url.startswith("grpc") else _NOT_HTTP
    return _SERVE if fault.executed == "no" else _RESTARTED
