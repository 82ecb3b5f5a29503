"""Single things that the probes saw, before anybody judged them; pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from asr_client.errors import ASRError

__all__ = [
    "Answer",
    "Certificate",
    "Contact",
    "Handshake",
    "Lookup",
    "Outcome",
    "Speech",
    "Tried",
    "Upload",
    "is_served",
]

# What was seen is only read, so an Answer[bool] is an Answer[object], too.
Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A host name looked up: its addresses, or why there are none."""

    host: str
    addresses: tuple[str, ...]
    took_s: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """One address called on the server's port; *error* says why it could not be reached."""

    address: str
    took_s: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    Whose certificate a server shows.

    Attributes:
        subject: Common name, or the first of *names*.
        names: Host names and addresses that it is for.
        issuer: Who signed it.
        starts_s: From when it is valid, in seconds since 1970.
        ends_s: Until when.
        is_signed_by_itself: Whether subject and issuer are the same.
    """

    subject: str
    names: tuple[str, ...]
    issuer: str
    starts_s: float
    ends_s: float
    is_signed_by_itself: bool = False


@dataclass(frozen=True, slots=True)
class Handshake:
    """
    An attempt to speak TLS, verified the way this client verifies.

    Attributes:
        trust: Which authorities were trusted.
        error: Why it failed; empty if it did not.
        version: "TLSv1.3" for example.
        protocol: What was agreed on to speak inside: "h2", "http/1.1" or "".
        certificate: The server's own, trusted or not; None if it showed none.
    """

    trust: str
    error: str = ""
    version: str = ""
    protocol: str = ""
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """
    What a port speaks that did not answer as its URL promised.

    Attributes:
        kind: "http" (1.1), "http2" (which is gRPC's), "tls", "other" or "silence".
        banner: What it said first, if that is readable.
    """

    kind: Literal["http", "http2", "tls", "other", "silence"]
    banner: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value_co]):
    """
    One request and what came of it.

    Attributes:
        path: Below the server's URL, or gRPC method.
        at_s: When half of its time was over, in seconds since 1970: the best guess of when the
            server wrote its Date.
        took_s: Seconds until the whole reply was there.
        status: HTTP status or gRPC code; None if no reply came.
        headers: Of the reply, in lower case.
        value: What the reply says, read by the protocol's codec; None with an error.
        error: How this client understands the refusal or the failure.
    """

    path: str
    at_s: float
    took_s: float
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    value: Value_co | None = None
    error: ASRError | None = None

    @property
    def code(self) -> str:
        """Stable name of the failure; empty if it went well."""
        return self.error.code if self.error else ""

    @property
    def origin(self) -> str:
        """Who refused; empty if it went well."""
        return self.error.origin if self.error else ""

    @property
    def says(self) -> str:
        """The failure's sentence; empty if it went well."""
        return self.error.message if self.error else ""

    @property
    def was_passed_on(self) -> bool:
        """Whether a gateway before the server passed the request on and the reply back."""
        return "x-kong-upstream-latency" in self.headers or "via" in self.headers


@dataclass(frozen=True, slots=True)
class Tried(Generic[Value_co]):
    """Something tried under another name: a header for the key, a prefix, a path."""

    name: str
    answer: Answer[Value_co]


@dataclass(frozen=True, slots=True)
class Upload:
    """One body of the search for the size limit."""

    size_bytes: int
    answer: Answer[object]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value_co]):
    """What a whole call of the client came to: a value, or its error."""

    value: Value_co | None = None
    error: ASRError | None = None


_NOT_SERVED = ("not_found_route", "auth", "rate_limited", "config")
_UNKNOWN = ("gateway_upstream_unreachable", "gateway_timeout", "unavailable", "overloaded")


def is_served(answer: Answer[object]) -> bool:
    """Whether somebody serves this path, content with the request or not."""
    return answer.status is not None and answer.code not in (*_NOT_SERVED, *_UNKNOWN)
