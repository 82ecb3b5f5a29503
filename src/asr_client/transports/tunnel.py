"""The way to a server: straight, or through a proxy that is asked to CONNECT (RFC 9110, 9.3.6)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from asr_client import __version__
from asr_client.endpoint import Endpoint
from asr_client.errors import NotSentError
from asr_client.faults import Fault
from asr_client.settings.proxies import Proxy

__all__ = ["Route", "check_login", "check_tunnel", "is_whole_head"]

_PROXY_WANTS_LOGIN = 407
_FIRST_SERVER_ERROR = 500
_LONGEST_HEAD = 64 * 2**10


@dataclass(frozen=True, slots=True)
class Route:
    """
    How a connection reaches its server.

    Attributes:
        endpoint: The server.
        tls: With what to encrypt; None for plain connections.
        proxy: What stands between, if anything does.
    """

    endpoint: Endpoint
    tls: ssl.SSLContext | None = None
    proxy: Proxy | None = None

    @property
    def first_hop(self) -> tuple[str, int]:
        """Host and port to connect to."""
        hop = self.proxy or self.endpoint
        return hop.host, hop.port

    @property
    def tunnel_request(self) -> bytes:
        """What to say to the proxy before TLS; empty if there is no tunnel to be made."""
        if self.proxy is None or self.tls is None:
            return b""
        authority = self.endpoint.authority.encode("idna").decode("ascii")
        lines = [
            f"CONNECT {authority} HTTP/1.1",
            f"Host: {authority}",
            f"User-Agent: asr-client/{__version__}",
        ]
        if self.proxy.authorization:
            lines.append(f"Proxy-Authorization: {self.proxy.authorization}")
        return "\r\n".join([*lines, "", ""]).encode("ascii")


def is_whole_head(received: bytes) -> bool:
    """Whether the proxy's answer is there; what goes on for ever counts as one, too."""
    return b"\r\n\r\n" in received or len(received) > _LONGEST_HEAD


def check_tunnel(head: bytes, route: Route) -> None:
    """Raise NotSentError unless the proxy's answer is a yes."""
    version, _, rest = head.partition(b" ")
    is_http = version.startswith(b"HTTP/1.") and b"\r\n\r\n" in rest
    status = int(rest[:3]) if is_http and rest[:3].isdigit() else 0
    if not 200 <= status < 300:  # noqa: PLR2004 - the successes of HTTP
        raise _refusal(status, route)


def check_login(status: int, route: Route) -> None:
    """Raise NotSentError if a reply says that the proxy wants to know who calls."""
    if status == _PROXY_WANTS_LOGIN and route.proxy is not None:
        raise _refusal(status, route)


def _refusal(status: int, route: Route) -> NotSentError:
    # Status 0: it was not even HTTP.
    is_passing = status >= _FIRST_SERVER_ERROR
    return NotSentError(
        f"the proxy {route.proxy} does not lead to {route.endpoint}: "
        + (f"it answered {status}" if status else "what it answered is not HTTP"),
        hint=_advice(status, route),
        fault=Fault("gateway_upstream_unreachable", "proxy", "no", "yes")
        if is_passing
        else Fault("config", "proxy", "no", "no"),
    )


def _advice(status: int, route: Route) -> str:
    if status == _PROXY_WANTS_LOGIN:
        given = route.proxy is not None and route.proxy.credentials
        return (
            "user or password in the proxy's URL are wrong"
            if given
            else "it wants a user and a password: proxy='http://user:password@host:port'"
        )
    if status >= _FIRST_SERVER_ERROR:
        return "the proxy cannot reach the server: is it up, and known to the proxy by this name?"
    return "is the proxy allowed to connect there? NO_PROXY and proxy=None go without it"
