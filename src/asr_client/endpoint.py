"""A server's address: what callers write, checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import SplitResult, quote, unquote, urlsplit

from asr_client.errors import ConfigError

__all__ = [
    "AI4I_PATH",
    "ASR_INFER_PATH",
    "PROTOCOLS",
    "ULCA_PATH",
    "Endpoint",
    "Protocol",
    "parse_url",
]

Protocol = Literal["auto", "http", "grpc", "generate", "asr-infer", "ulca", "ai4i"]
PROTOCOLS: tuple[str, ...] = get_args(Protocol)

_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 8001, "grpcs": 443}

# Triton's gRPC port and its NodePort in the published service: nobody serves HTTP there.
_GRPC_PORTS = (8001, 30081)

ASR_INFER_PATH = "/api/v1/asr/infer"
AI4I_PATH = "/api/v1/asr/inference"
ULCA_PATH = "/services/inference/asr"
_CALLS: tuple[tuple[str, Protocol], ...] = (
    (ASR_INFER_PATH, "asr-infer"),
    (AI4I_PATH, "ai4i"),
    (ULCA_PATH, "ulca"),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where a server is.

    Attributes:
        scheme: "http", "https", "grpc" or "grpcs".
        host: Name or address, without brackets.
        port: 1..65535.
        prefix: Path before every request's own, such as "/api/v1/asr"; no slash at its end.
        protocol: What the URL itself says of the protocol; "auto" when it says nothing.
        model: The model that the URL names, if it does.
        why: Why *protocol* is not "auto"; empty when it is.
    """

    scheme: str
    host: str
    port: int
    prefix: str = ""
    protocol: Protocol = "auto"
    model: str = ""
    why: str = ""

    @property
    def is_grpc(self) -> bool:
        """Whether requests go over gRPC."""
        return self.scheme in ("grpc", "grpcs")

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ("https", "grpcs")

    @property
    def is_here(self) -> bool:
        """Whether it is on this very machine."""
        return self.host in ("localhost", "127.0.0.1", "::1")

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.prefix}"


def parse_url(url: str) -> Endpoint:
    """
    Read a server's URL.

    A bare "host:port" means http, or gRPC on Triton's gRPC ports 8001 and 30081. The full URL of
    one call (".../api/v1/asr/infer", ".../v2/models/asr/generate") tells the protocol, too.

    Raises:
        ConfigError: If it is no URL of a server, or holds a password or a key.
    """
    text = url.strip()
    # What may hold a secret is never repeated.
    shown = "the URL" if "@" in text or "?" in text or "#" in text else repr(url)
    parts = _split(text if "://" in text else f"http://{text}", shown)
    endpoint = Endpoint(
        scheme=parts.scheme.lower(),
        host=parts.hostname or "",
        port=_port(parts, shown),
        prefix=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~"),
    )
    if "://" not in text and endpoint.port in _GRPC_PORTS:
        why = f"port {endpoint.port} is Triton's gRPC port"
        endpoint = replace(endpoint, scheme="grpc", protocol="grpc", why=why)
    elif endpoint.is_grpc:
        endpoint = replace(endpoint, protocol="grpc", why=f"the URL says {endpoint.scheme}://")
    if not endpoint.is_grpc:
        return _read_path(endpoint)
    if endpoint.prefix:
        raise ConfigError(f"a gRPC URL has no path, but {shown} does")
    return endpoint


def _split(text: str, shown: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        host.encode("idna")
    except (ValueError, UnicodeError) as error:
        raise ConfigError(f"{shown} is not a URL") from error
    if parts.scheme.lower() not in _DEFAULT_PORTS:
        raise ConfigError(
            f"URL scheme {parts.scheme!r} is unknown", hint="use http, https, grpc or grpcs"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            "the URL must hold neither a user name, nor a password, nor a query",
            hint="give the key with api_key, ASR_API_KEY or --api-key-file",
        )
    if not host or any(character.isspace() for character in host):
        raise ConfigError(f"{shown} names no host", hint="for example http://host:8000")
    return parts


def _port(parts: SplitResult, shown: str) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"the port in {shown} is not within 1..65535") from error
    if port == 0:
        raise ConfigError(f"the port in {shown} is not within 1..65535")
    return port or _DEFAULT_PORTS[parts.scheme.lower()]


def _read_path(endpoint: Endpoint) -> Endpoint:
    """Recognise the full URL of one call, and cut the call's own path off the prefix."""
    for suffix, protocol in _CALLS:
        if endpoint.prefix.endswith(suffix):
            prefix = endpoint.prefix.removesuffix(suffix)
            return replace(
                endpoint, prefix=prefix, protocol=protocol, why=f"the URL ends in {suffix}"
            )
    prefix, found, rest = f"{endpoint.prefix}/".rpartition("/v2/")
    if not found:
        return endpoint
    endpoint = replace(endpoint, prefix=prefix)
    kind, _, path = rest.strip("/").partition("/")
    if kind != "models" or not path:
        return endpoint  # ".../v2", ".../v2/health/ready": whose server it is matters, no more
    model, _, action = path.partition("/")
    endpoint = replace(endpoint, model=unquote(model))
    action = action.rpartition("/")[2]  # past "versions/1"
    if action not in ("generate", "infer"):
        return endpoint
    called: Protocol = "generate" if action == "generate" else "http"
    return replace(endpoint, protocol=called, why=f"the URL ends in /{action}")
