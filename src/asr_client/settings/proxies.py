"""
Which proxy stands between a client and its server, if any.

None unless the caller says so: an environment made for browsers shall not send audio on a detour.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from asr_client.endpoint import Endpoint
from asr_client.errors import ConfigError

__all__ = ["FROM_ENVIRONMENT", "Proxy", "choose_proxy"]

FROM_ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Proxy:
    """
    An HTTP proxy; what it is shown as never holds its password.

    Attributes:
        host: Name or address, without brackets.
        port: 1..65535.
        credentials: "user:password", or empty.
    """

    host: str
    port: int
    credentials: str = field(default="", repr=False)

    @property
    def authorization(self) -> str:
        """The value of Proxy-Authorization; empty without credentials."""
        if not self.credentials:
            return ""
        return "Basic " + base64.b64encode(self.credentials.encode()).decode()

    @property
    def secret_url(self) -> str:
        """The whole URL with its password, for the engine that wants it so; not to be shown."""
        user, _, password = self.credentials.partition(":")
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if self.credentials else ""
        return f"http://{login}{self._authority}"

    @property
    def _authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"http://{self._authority}"


def choose_proxy(asked: str | None, endpoint: Endpoint, environ: Mapping[str, str]) -> Proxy | None:
    """
    Find the proxy for a server.

    Args:
        asked: A proxy's URL; "environment" for HTTPS_PROXY (TLS), HTTP_PROXY (plain), ALL_PROXY and
            NO_PROXY; None or "" for none.
        endpoint: The server.
        environ: The environment.

    Raises:
        ConfigError: If it is no URL of an HTTP proxy. The message does not repeat it.
    """
    if asked != FROM_ENVIRONMENT:
        return _read_url(asked, "proxy") if asked else None
    kind = "https_proxy" if endpoint.is_tls else "http_proxy"
    for name in (kind, "all_proxy"):
        url = _variable(name, environ)
        if url:
            exceptions = _variable("no_proxy", environ)
            return None if _is_excepted(endpoint, exceptions) else _read_url(url, name)
    return None


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return environ.get(name, "")  # CGI makes HTTP_PROXY of whatever header a caller sends
    return environ.get(name) or environ.get(name.upper(), "")


def _read_url(url: str, source: str) -> Proxy:
    try:
        parts = urlsplit(url.strip() if "://" in url else f"http://{url.strip()}")
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        host, port = "", 0
    if not host or not host.isprintable() or " " in host:
        raise ConfigError(f"{source} is no URL of a proxy", hint="such as http://proxy:3128")
    if parts.scheme != "http":
        raise ConfigError(
            f"{source} is a proxy of the kind {parts.scheme!r}",
            hint="only http:// is understood; requests to https:// and grpcs:// are tunnelled "
            "through it and stay encrypted",
        )
    login = parts.netloc.rpartition("@")[0]
    return Proxy(host, port, unquote(login))


def _is_excepted(endpoint: Endpoint, exceptions: str) -> bool:
    return any(
        _fits(endpoint, each.strip().lower()) for each in exceptions.split(",") if each.strip()
    )


def _fits(endpoint: Endpoint, exception: str) -> bool:
    """Hold a server against one entry of NO_PROXY: "*", a domain, a host with a port, a network."""
    host = endpoint.host.lower()
    if exception in ("*", host, endpoint.authority.lower()):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(exception, strict=False)
    except ValueError:  # names, not addresses
        return host.endswith("." + exception.lstrip("*").lstrip("."))
