"""What a caller may choose about the gateway stand-in."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asr_client.auth import ApiKey
from asr_client.errors import ConfigError
from asr_client.testing.rate_limit import WINDOWS_S
from asr_client.testing.routes import GRPC_SERVICES, Route, documented_routes

__all__ = ["Cors", "GatewayOptions", "Tls", "check_keys"]


@dataclass(frozen=True, slots=True)
class Cors:
    """
    What browsers are told.

    Attributes:
        origins: Pages that may call; "*" for all. A single one is told to everybody, as Kong does.
        methods: What they may call with.
        headers: What they may send.
        exposed_headers: What they may read.
        credentials: Whether cookies may go along.
        max_age_s: How long a browser may remember all this; None: it is not told.
    """

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "POST", "OPTIONS")
    headers: tuple[str, ...] = ("Content-Type", "X-API-Key", "X-Request-ID")
    exposed_headers: tuple[str, ...] = ("Retry-After", "RateLimit-Remaining", "X-Request-ID")
    credentials: bool = False
    max_age_s: int | None = 3600


@dataclass(frozen=True, slots=True)
class Tls:
    """
    Encryption between client and gateway.

    Attributes:
        certificate: PEM file with the gateway's certificate.
        key: PEM file with its key; None: it is in the certificate's file.
        client_ca: PEM file with the authority whose client certificates are asked for, and without
            which nobody gets in; None: no client certificate is asked for.
    """

    certificate: Path
    key: Path | None = None
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """
        Load the files.

        Raises:
            ConfigError: If one of them cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["h2", "http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.client_ca is not None:
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(f"cannot use the gateway's certificates: {error}") from error
        return context


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """
    Settings of the gateway, named and preset like those of the documented Kong.

    Attributes:
        api_keys: Keys that open it, each a consumer of its own; none: it stands open.
        key_names: Headers that may hold the key; the first one found decides.
        hide_credentials: Whether the key is kept from the upstream.
        limits: Requests allowed in each "second", "minute" and "hour"; empty: any number.
        limit_by: Who shares a limit: one consumer's calls, or all from one address ("ip").
        hide_client_headers: Whether the limiter keeps its headers to itself, Retry-After included.
        error_code: Status of a refusal by the limiter.
        error_message: Its text.
        max_body_bytes: The largest request; None: any size.
        cors: What browsers are told; None: nothing.
        correlation_header: Header that names a call in all logs, kept if the client sends it and
            made up if not; empty: none.
        headers: Whether the gateway shows itself: Server, Via and all X-Kong-*.
        model: The model behind /api/v1/asr/infer.
        routes: Paths it knows; None: the documented ones.
        grpc_services: Beginnings of the gRPC methods it knows.
        retries: Further tries of a GET, and of anything that could not be sent.
        connect_timeout_s: For a connection to the upstream.
        read_timeout_s: For each wait for the upstream's next bytes.
        client_idle_s: How long a client's connection is kept without a request.
        tls: Encryption; None: plain.
        clock: Wall clock of windows, key lifetimes and Date, in seconds since 1970.
    """

    api_keys: tuple[ApiKey, ...] = ()
    key_names: tuple[str, ...] = ("X-API-Key",)
    hide_credentials: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)
    limit_by: Literal["consumer", "ip"] = "consumer"
    hide_client_headers: bool = False
    error_code: int = 429
    error_message: str = "API rate limit exceeded"
    max_body_bytes: int | None = 64 * 2**20
    cors: Cors | None = None
    correlation_header: str = "X-Request-ID"
    headers: bool = True
    model: str = "asr"
    routes: tuple[Route, ...] | None = None
    grpc_services: tuple[str, ...] = GRPC_SERVICES
    retries: int = 1
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 120.0
    client_idle_s: float = 75.0
    tls: Tls | None = None
    clock: Callable[[], float] = field(default=time.time, compare=False, repr=False)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.limits) - set(WINDOWS_S))
        if unknown:
            raise ConfigError(
                f"unknown windows: {', '.join(unknown)}", hint=f"choose from {', '.join(WINDOWS_S)}"
            )
        if any(limit < 1 for limit in self.limits.values()):
            raise ConfigError("a limit lets at least one request through")
        check_keys(*self.api_keys)
        if min(self.connect_timeout_s, self.read_timeout_s, self.client_idle_s) <= 0:
            raise ConfigError("timeouts of the gateway must be positive")
        if self.retries < 0:
            raise ConfigError("retries must be 0 or more")

    @property
    def ways(self) -> tuple[Route, ...]:
        """The routes, or the documented ones."""
        return documented_routes(self.model) if self.routes is None else self.routes


def check_keys(*keys: object) -> None:
    """Refuse what would print a key: plain text, say (ConfigError)."""
    if not all(isinstance(key, ApiKey) for key in keys):
        raise ConfigError("a gateway's keys are ApiKey objects, so that nothing prints them")
