"""
What the gateway refuses, and why; pure.

Kong's plugins run in this order: cors, key-auth, request-size-limiting, rate-limiting. Whoever is
refused by one never meets the next, so that a refusal uses nothing of a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asr_client.testing.headers import Headers, first, values
from asr_client.testing.options import Cors, GatewayOptions
from asr_client.testing.rate_limit import Standing

__all__ = [
    "BAD_GATEWAY",
    "GATEWAY_TIMEOUT",
    "NAME_UNKNOWN",
    "NO_KEY",
    "NO_ROUTE",
    "NO_TARGET",
    "WRONG_KEY",
    "Refusal",
    "cors_headers",
    "is_preflight",
    "over_limit",
    "preflight_headers",
    "presented_key",
    "rate_headers",
    "too_large",
]

_CHALLENGE: Headers = (("WWW-Authenticate", "Key"),)


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    An answer by the gateway itself.

    Attributes:
        status: HTTP status.
        message: What the body says.
        headers: What belongs to this refusal.
        by_nginx: Whether Kong's nginx answers instead of its plugins: then the body is plain text
            for callers that say nothing of formats.
        closes: Whether the connection ends.
        bare: Whether body and format are the caller's business: an empty body without a type.
    """

    status: int
    message: str
    headers: Headers = ()
    by_nginx: bool = False
    closes: bool = False
    bare: bool = False


NO_ROUTE = Refusal(404, "no Route matched with those values")
NO_KEY = Refusal(401, "No API key found in request", _CHALLENGE)
WRONG_KEY = Refusal(401, "Unauthorized", _CHALLENGE)
_TWO_KEYS = Refusal(401, "Duplicate API key found", _CHALLENGE)
NO_TARGET = Refusal(503, "failure to get a peer from the ring-balancer")
NAME_UNKNOWN = Refusal(503, "name resolution failed")
BAD_GATEWAY = Refusal(
    502, "An invalid response was received from the upstream server", by_nginx=True
)
GATEWAY_TIMEOUT = Refusal(504, "The upstream server is timing out", by_nginx=True)


def presented_key(headers: Headers, names: Sequence[str]) -> str | Refusal:
    """
    Find the key in a request.

    The first configured name that is there decides, even if a later one held a better key. Blanks
    around a key do no harm, quotation marks belong to it.
    """
    for name in names:
        found = [value.strip() for value in values(headers, name)]
        if len(found) > 1:
            return _TWO_KEYS
        if found and found[0]:
            return found[0]
    return NO_KEY


def too_large(size_bytes: int, headers: Headers, options: GatewayOptions) -> Refusal | None:
    """Refuse what is larger than the gateway takes; 417 where the client asked beforehand."""
    if options.max_body_bytes is None or size_bytes <= options.max_body_bytes:
        return None
    return Refusal(417 if first(headers, "Expect") else 413, "Request size limit exceeded")


def over_limit(standing: Standing | None, options: GatewayOptions) -> Refusal | None:
    """Refuse one request too many; what the client is told comes from `rate_headers`."""
    if standing is None or not standing.exceeded:
        return None
    return Refusal(options.error_code, options.error_message)


def rate_headers(standing: Standing | None, options: GatewayOptions) -> Headers:
    """Tell the client how it stands, unless the operator hides it."""
    return () if standing is None or options.hide_client_headers else standing.headers()


def is_preflight(method: str, headers: Headers, cors: Cors | None) -> bool:
    """Whether a browser asks what it may do; it cannot send a key with that."""
    asked = first(headers, "Origin") and first(headers, "Access-Control-Request-Method")
    return cors is not None and method == "OPTIONS" and bool(asked)


def preflight_headers(headers: Headers, cors: Cors) -> Headers:
    """Tell a browser what it may do."""
    asked = first(headers, "Access-Control-Request-Headers")
    allowed = asked if "*" in cors.origins else ",".join(cors.headers)
    age = (("Access-Control-Max-Age", str(cors.max_age_s)),) if cors.max_age_s is not None else ()
    return (
        *_origin(headers, cors),
        ("Access-Control-Allow-Headers", allowed),
        ("Access-Control-Allow-Methods", ",".join(cors.methods)),
        *age,
    )


def cors_headers(headers: Headers, cors: Cors | None) -> Headers:
    """Tell a browser what it may read of any answer, a refusal included."""
    if cors is None:
        return ()
    exposed = ("Access-Control-Expose-Headers", ",".join(cors.exposed_headers))
    return (*_origin(headers, cors), exposed)


def _origin(headers: Headers, cors: Cors) -> Headers:
    if "*" in cors.origins:
        return (("Access-Control-Allow-Origin", "*"),)
    origin = first(headers, "Origin")
    # A single origin is told to everybody: Kong never refuses a page, browsers do.
    allowed = cors.origins[0] if len(cors.origins) == 1 else origin
    known = (("Access-Control-Allow-Origin", allowed),) if allowed in cors.origins else ()
    credentials = (("Access-Control-Allow-Credentials", "true"),) if cors.credentials else ()
    return (("vary", "Origin"), *known, *credentials)
