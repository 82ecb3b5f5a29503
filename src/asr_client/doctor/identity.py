"""Who answers there, and whether its clock is ours; pure checks of what was seen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime

from asr_client.doctor.findings import Facts, Finding, failed, passed, skipped, warning
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer

__all__ = ["check_clock", "check_who", "is_kong", "kong_version"]

_KONG = re.compile(r"kong/(\d+(?:\.\d+)*)", re.IGNORECASE)
_KONG_MARKS = ("x-kong-response-latency", "x-kong-upstream-latency", "x-kong-request-id")

# Date counts whole seconds, and the reply takes its time.
_CLOCK_SLACK_S = 5.0


def is_kong(seen: Seen) -> bool:
    """Whether a Kong is among those who answered."""
    return any(_is_kongs(answer) for answer in seen.replies)


def _is_kongs(answer: Answer[object]) -> bool:
    is_marked = any(mark in answer.headers for mark in _KONG_MARKS)
    return is_marked or bool(_KONG.search(_software(answer.headers))) or answer.origin == "kong"


def _software(headers: Mapping[str, str]) -> str:
    return f"{headers.get('server', '')} {headers.get('via', '')}"


def kong_version(replies: Sequence[Answer[object]]) -> str:
    """Give the version that Kong shows, or what its headers tell of it; empty if nothing does."""
    for answer in replies:
        shown = _KONG.search(_software(answer.headers))
        if shown:
            return shown[1]
    if any("x-kong-request-id" in answer.headers for answer in replies):
        return "3.5 or newer"  # older ones have no such header (docs/servers.md 6)
    return ""


def check_who(seen: Seen) -> Finding:
    """Kong, Triton, another proxy, or nothing that this client can talk to."""
    if not seen.replies:
        return _nobody(seen)
    behind = seen.server.value if seen.server and seen.server.value else ""
    behind = behind or ("a KServe v2 server" if seen.kserve_is_here else "")
    if is_kong(seen):
        version = kong_version(seen.replies)
        says = f"Kong {version}".strip() + (f", and behind it {behind}" if behind else "")
        return passed(says, facts={"who": "kong", "version": version, "server": behind})
    proxy = _proxy(seen)
    if proxy:
        says = f"{proxy}, a proxy that is not Kong" + (f"; behind it {behind}" if behind else "")
        return passed(says, facts={"who": "proxy", "server": behind})
    if behind:
        return passed(f"{behind}, directly", facts={"who": "triton", "server": behind})
    if seen.json_call_is_here:
        says = "a service that knows the documented call, and no Triton"
        return passed(says, facts={"who": "adapter"})
    return _somebody(seen)


def _proxy(seen: Seen) -> str:
    """Name the proxy, by what it says of itself or by how it refuses."""
    for answer in seen.replies:
        software = answer.headers.get("server") or answer.headers.get("via", "")
        if answer.origin == "proxy" or "via" in answer.headers:
            return software or "something that does not name itself"
        if software.lower().startswith(("nginx", "haproxy", "envoy", "traefik", "cloudflare")):
            return software
    return ""


def _somebody(seen: Seen) -> Finding:
    software = next((a.headers["server"] for a in seen.replies if "server" in a.headers), "")
    refused = [answer for answer in seen.replies if answer.code in ("auth", "rate_limited")]
    if refused:
        says = f"somebody who refuses to talk: {refused[0].says}"
        return warning(says, facts={"who": "unknown"})
    return warning(
        f"{software or 'a web server'}, which answers, but like no Triton and no known gateway",
        "is this the right host and port?",
        facts={"who": "unknown"},
    )


def _nobody(seen: Seen) -> Finding:
    speech = seen.speech
    if not seen.is_reachable or (seen.handshake is not None and seen.handshake.error):
        return skipped("no connection")
    if speech is None or speech.kind == "silence":
        said = seen.live.says if seen.live is not None else "no reply"
        return failed(f"nobody answers: {said}", "is it the right port, and the server awake?")
    if speech.kind == "http" and not seen.endpoint.is_grpc:
        said = seen.live.says if seen.live is not None else "no reply"
        says = f"it speaks HTTP, but gave no whole answer: {said}"
        return failed(says, "is it the right host and port?")
    wanted = "gRPC" if seen.endpoint.is_grpc else "HTTP"
    spoken = {
        "http": "HTTP/1.1 and no gRPC",
        "http2": "HTTP/2 only, as gRPC does",
        "tls": "TLS",
        "other": f"something else: {speech.banner!r}",
    }[speech.kind]
    rows = (6,) if wanted == "gRPC" and speech.kind == "http" else ()
    says = f"the port does not speak {wanted}, but {spoken}"
    return failed(says, _other_url(seen), rows=rows)


def _other_url(seen: Seen) -> str:
    endpoint, kind = seen.endpoint, seen.speech.kind if seen.speech else "other"
    if kind == "tls":
        return f"use {'grpcs' if endpoint.is_grpc else 'https'}://{endpoint.authority}"
    if kind == "http":
        return (
            f"use {'https' if endpoint.is_tls else 'http'}://{endpoint.authority}; Triton's gRPC "
            "port is another one (8001), and a Kong listener needs http2 for gRPC"
        )
    if kind == "http2":
        return f"use {'grpcs' if endpoint.is_tls else 'grpc'}://{endpoint.authority}"
    return "another service listens there: check the port"


def check_clock(seen: Seen) -> Finding:
    """Whether server and client agree on what time it is."""
    skew_s = next((s for s in map(_skew_s, seen.replies) if s is not None), None)
    if not seen.replies:
        return skipped("no reply to judge by")
    if skew_s is None:
        return skipped("no reply says what time it is (Triton itself never does)")
    facts: Facts = {"skew_s": round(skew_s, 1)}
    if abs(skew_s) <= _CLOCK_SLACK_S:
        return passed(f"the clocks agree within {_CLOCK_SLACK_S:g} s", facts=facts)
    direction = "behind" if skew_s > 0 else "ahead of"
    return warning(
        f"this machine's clock is {abs(skew_s):.0f} s {direction} the server's",
        "set the clocks by NTP: certificates, and the times in both logs, depend on them",
        facts=facts,
    )


def _skew_s(answer: Answer[object]) -> float | None:
    """Give the server's clock minus ours, in seconds."""
    try:
        told_s = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # A Date is cut to the second, so half a second is missing on average.
    return told_s + 0.5 - answer.at_s
