"""
How Kong 3.9.1 words its answers: reasons, headers in their spelling and order, bodies; pure.

Held against recordings of a real one, case by case (tests/testing).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from asr_client.testing.headers import Headers, first, values, without
from asr_client.testing.kong_rules import Refusal

__all__ = [
    "KONG",
    "Answer",
    "Latency",
    "Marks",
    "error_body",
    "own_answer",
    "proxied_headers",
    "reason_of",
    "upstream_headers",
]

KONG = "kong/3.9.1"

# Where nginx's words are not those of the standard library.
_REASONS = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    417: "",
    426: "",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
_HOP_BY_HOP = ("connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade")
_HTML = """\
<!doctype html>
<html>
  <head>
    <meta charset="utf-8">
    <title>Error</title>
  </head>
  <body>
    <h1>Error</h1>
    <p>{message}.</p>
    <p>request_id: {request_id}</p>
  </body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    reason: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Latency:
    """
    The times that Kong tells.

    Attributes:
        total_ms: From the request's head until now.
        upstream_ms: The last try's share of it; None: the upstream was never tried. That a client
            sees the one or the other is how it knows whether anything can have run.
    """

    total_ms: int
    upstream_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """
    What the gateway shows of itself in one answer.

    Attributes:
        request_id: Kong's own id of the request.
        via: The protocol's version in Via: "1.1", or "2" for gRPC.
        shown: False where the operator said `headers = off`.
    """

    request_id: str
    via: str = "1.1"
    shown: bool = True

    def latency(self, latency: Latency) -> Headers:
        """Give the headers about time."""
        if not self.shown:
            return ()
        if latency.upstream_ms is None:
            return (("X-Kong-Response-Latency", str(latency.total_ms)),)
        return (
            ("X-Kong-Upstream-Latency", str(latency.upstream_ms)),
            ("X-Kong-Proxy-Latency", str(max(0, latency.total_ms - latency.upstream_ms))),
        )

    def server(self) -> Headers:
        """Give the header about the software."""
        return (("Server", KONG),) if self.shown else ()

    def proxied(self, earlier: tuple[str, ...] = ()) -> Headers:
        """Give the header of those who passed the message on."""
        return (("Via", ", ".join((*earlier, f"{self.via} {KONG}"))),) if self.shown else ()

    def identity(self) -> Headers:
        """Give the header with Kong's own id."""
        return (("X-Kong-Request-Id", self.request_id),) if self.shown else ()


def reason_of(status: int) -> str:
    """Give the reason phrase that nginx has for a status."""
    if status in _REASONS:
        return _REASONS[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def own_answer(  # noqa: PLR0913 - the facts of one answer
    refusal: Refusal,
    asked: Headers,
    plugins: Headers,
    latency: Latency,
    marks: Marks,
    *,
    now_s: float,
) -> Answer:
    """
    Word an answer of Kong's own.

    Args:
        refusal: What it says.
        asked: The request's headers: they decide the format.
        plugins: Headers of cors, rate limiter and correlation id.
        latency: Tells whether the upstream was tried.
        marks: Kong's name and id.
        now_s: For the Date header.
    """
    kind, body = ("", b"") if refusal.bare else error_body(refusal, asked, marks.request_id)
    headers = (
        ("Date", formatdate(now_s, usegmt=True)),
        *((("Content-Type", kind),) if kind else ()),
        ("Connection", "close" if refusal.closes else "keep-alive"),
        *plugins,
        *refusal.headers,
        ("Content-Length", str(len(body))),
        *marks.latency(latency),
        *(marks.proxied() if latency.upstream_ms is not None else ()),
        *marks.server(),
        *marks.identity(),
    )
    return Answer(refusal.status, reason_of(refusal.status), headers, body)


def error_body(refusal: Refusal, asked: Headers, request_id: str) -> tuple[str, bytes]:
    """Give media type and body of an error, in a format that the client takes."""
    wanted = first(asked, "Accept") or first(asked, "Content-Type")
    if "text/html" in wanted:
        text = _HTML.format(message=refusal.message, request_id=request_id)
        return "text/html; charset=utf-8", text.encode()
    if "text/plain" in wanted or (not wanted and refusal.by_nginx):
        return "text/plain; charset=utf-8", _plain(refusal.message, request_id)
    message, identity = json.dumps(refusal.message), json.dumps(request_id)
    text = f'{{\n  "message":{message},\n  "request_id":{identity}\n}}'
    return "application/json; charset=utf-8", text.encode()


def _plain(message: str, request_id: str) -> bytes:
    return f"{message}\nrequest_id: {request_id}\n".encode()


def proxied_headers(
    theirs: Headers, plugins: Headers, latency: Latency, marks: Marks, *, closes: bool
) -> Headers:
    """Give the headers of an answer passed on: the upstream's own, and what Kong adds."""
    kept = without(theirs, (*_HOP_BY_HOP, "via", *(name.lower() for name, _ in plugins)))
    return (
        *kept,
        ("Connection", "close" if closes else "keep-alive"),
        *plugins,
        *(() if values(kept, "Server") else marks.server()),
        *marks.latency(latency),
        *marks.proxied(values(theirs, "Via")),
        *marks.identity(),
    )


def upstream_headers(theirs: Headers, added: Headers, dropped: tuple[str, ...]) -> Headers:
    """Give the headers of a request passed on: one with a length, without the connection's own."""
    gone = (*_HOP_BY_HOP, "host", "expect", "content-length", "transfer-encoding", "via", *dropped)
    replaced = tuple(name.lower() for name, _ in added)
    return (*added, *without(theirs, (*gone, *replaced)))
