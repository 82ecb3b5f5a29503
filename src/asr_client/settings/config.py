"""Settings: arguments first, then the environment, then defaults; checked before any I/O."""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypedDict, Unpack, cast

from asr_client.auth import NO_KEYS, ApiKeyArgument, KeySource, choose_source
from asr_client.chunking.options import DEFAULT_CHUNKING, Chunking
from asr_client.deadline import check_seconds
from asr_client.endpoint import PROTOCOLS, Endpoint, Protocol, parse_url
from asr_client.errors import ConfigError
from asr_client.faults import Attempt
from asr_client.retry import DEFAULT_RETRY, RetryPolicy
from asr_client.settings.connections import Connections
from asr_client.settings.proxies import Proxy, choose_proxy

__all__ = ["DEFAULT_MODEL", "ClientConfig", "Settings"]

DEFAULT_API_KEY_HEADER = "X-API-Key"
DEFAULT_CONNECT_TIMEOUT_S = 5.0
DEFAULT_CONNECTIONS = Connections()
DEFAULT_MODEL = "asr_am_ensemble"

_FRAMING_HEADERS = (
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "te",
    "transfer-encoding",
)
_HEADER_CHARACTERS = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")


class Settings(TypedDict, total=False):
    """What ASRClient and AsyncASRClient take by name; ASRClient says what each means."""

    protocol: Protocol | None
    model: str | None
    language: str | None
    languages: Sequence[str] | None
    api_key: ApiKeyArgument | None
    api_key_file: str | os.PathLike[str] | None
    api_key_command: str | Sequence[str] | None
    api_key_header: str | None
    deadline_s: float | None
    connect_timeout_s: float | None
    normalize_peak: bool
    chunking: Chunking | None
    retry: RetryPolicy | None
    pacing: bool
    on_attempt: Callable[[Attempt], object] | None
    telemetry: bool
    connections: Connections | None
    proxy: str | None
    tls_ca_file: str | None
    tls_cert_file: str | None
    tls_key_file: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """
    How a client reaches its server: its arguments, checked, with the gaps filled.

    Attributes are the arguments of ASRClient, and:
        endpoint: Where the server is, and what its URL says of the protocol.
        protocol_why: What decided the protocol, if it is decided.
        key_source: Where the API keys are kept; auth.KeyRing reads them.
    """

    endpoint: Endpoint
    protocol: Protocol = "auto"
    protocol_why: str = ""
    model: str = DEFAULT_MODEL
    language: str | None = None
    languages: tuple[str, ...] = ()
    key_source: KeySource = NO_KEYS
    api_key_header: str = DEFAULT_API_KEY_HEADER
    deadline_s: float | None = None
    connect_timeout_s: float = DEFAULT_CONNECT_TIMEOUT_S
    normalize_peak: bool = False
    chunking: Chunking = DEFAULT_CHUNKING
    retry: RetryPolicy = DEFAULT_RETRY
    pacing: bool = True
    on_attempt: Callable[[Attempt], object] | None = None
    telemetry: bool = False
    connections: Connections = DEFAULT_CONNECTIONS
    proxy: Proxy | None = None
    tls_ca_file: str | None = None
    tls_cert_file: str | None = None
    tls_key_file: str | None = None

    @classmethod
    def resolve(
        cls,
        url: str | None,
        *,
        environ: Mapping[str, str] = os.environ,
        **settings: Unpack[Settings],
    ) -> ClientConfig:
        """
        Combine arguments, environment and defaults.

        Raises:
            ConfigError: If no server is named, or a value cannot work.
        """
        given = _Given(settings, environ)
        endpoint = parse_url(url or environ.get("ASR_URL") or _no_server())
        protocol, why = _choose_protocol(given.text("protocol", "ASR_PROTOCOL"), endpoint)
        return cls(
            endpoint=endpoint,
            protocol=protocol,
            protocol_why=why,
            model=_model(settings.get("model") or "", endpoint)
            or environ.get("ASR_MODEL")
            or DEFAULT_MODEL,
            language=given.text("language", "ASR_LANGUAGE") or None,
            languages=tuple(settings.get("languages") or ()),
            key_source=_key_source(settings, environ),
            api_key_header=_header(given.text("api_key_header", "ASR_API_KEY_HEADER")),
            deadline_s=given.seconds("deadline_s"),
            connect_timeout_s=given.seconds("connect_timeout_s") or DEFAULT_CONNECT_TIMEOUT_S,
            normalize_peak=settings.get("normalize_peak", False),
            chunking=settings.get("chunking") or DEFAULT_CHUNKING,
            retry=settings.get("retry") or DEFAULT_RETRY,
            pacing=settings.get("pacing", True),
            on_attempt=settings.get("on_attempt"),
            telemetry=settings.get("telemetry", False),
            connections=settings.get("connections") or DEFAULT_CONNECTIONS,
            proxy=choose_proxy(settings.get("proxy"), endpoint, environ),
            tls_ca_file=settings.get("tls_ca_file"),
            tls_cert_file=settings.get("tls_cert_file"),
            tls_key_file=settings.get("tls_key_file"),
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """The caller's settings, with the environment behind them; an empty text is no setting."""

    settings: Settings
    environ: Mapping[str, str]

    def text(self, name: str, variable: str) -> str:
        value = cast("Mapping[str, object]", self.settings).get(name)
        return str(value) if value else self.environ.get(variable, "")

    def seconds(self, name: str) -> float | None:
        value = cast("Mapping[str, float | None]", self.settings).get(name)
        if value is not None:
            check_seconds(name, value)
        return value


def _no_server() -> NoReturn:
    raise ConfigError(
        "no server is named",
        hint="give its URL (--url), set ASR_URL, or start one here with `asr-client serve`",
    )


def _choose_protocol(asked: str, endpoint: Endpoint) -> tuple[Protocol, str]:
    """Let the caller's word rule; the URL's own hint fills in for "auto"."""
    if asked not in ("", *PROTOCOLS):
        raise ConfigError(f"protocol {asked!r} is unknown", hint=f"use {', '.join(PROTOCOLS)}")
    if asked in ("", "auto"):
        return endpoint.protocol, endpoint.why
    if endpoint.is_grpc != (asked == "grpc"):
        raise ConfigError(
            f"protocol {asked!r} does not go with the URL {endpoint}",
            hint="gRPC has URLs such as grpc://host:8001, everything else http:// or https://",
        )
    return cast("Protocol", asked), "asked for"


def _key_source(settings: Settings, environ: Mapping[str, str]) -> KeySource:
    return choose_source(
        settings.get("api_key"),
        settings.get("api_key_file"),
        settings.get("api_key_command"),
        environ=environ,
    )


def _model(asked: str, endpoint: Endpoint) -> str:
    """Settle on the model that the caller or the URL names; they must not disagree."""
    if asked and endpoint.model and asked != endpoint.model:
        raise ConfigError(f"the URL names model {endpoint.model!r}, the settings {asked!r}")
    if not asked.isprintable():
        raise ConfigError(f"{asked!a} is not the name of a model")
    return asked or endpoint.model


def _header(name: str) -> str:
    taken = name.lower() in _FRAMING_HEADERS or name.lower().endswith("-bin")
    if taken or not set(name) <= _HEADER_CHARACTERS:
        raise ConfigError(
            f"{name!r} cannot carry an API key", hint="gateways use X-API-Key or apikey"
        )
    return name or DEFAULT_API_KEY_HEADER
