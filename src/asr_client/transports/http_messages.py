"""What both HTTP transports share: httpcore's messages and errors to ours and back, without I/O."""

from __future__ import annotations

import platform
import ssl
import zlib
from collections.abc import Sequence
from contextlib import nullcontext, suppress

import h11
import httpcore

from asr_client import __version__
from asr_client.config import ClientConfig
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.endpoint import Endpoint
from asr_client.errors import (
    ASRError,
    ConfigError,
    ContractError,
    DeadlineError,
    NotSentError,
    ReplyLostError,
)

__all__ = [
    "IDLE_EXPIRY_S",
    "MAX_CONNECTIONS",
    "MAX_REPLY_BYTES",
    "NETWORK_ERRORS",
    "HTTPMessages",
    "make_reply",
    "map_error",
    "tls_context",
]

MAX_CONNECTIONS = 100
# Kong closes an idle connection after 75 s (docs/servers.md 6); leave well before it does.
IDLE_EXPIRY_S = 30.0

_UNSENDABLE = (httpcore.LocalProtocolError, h11.LocalProtocolError, TypeError, ValueError)
# What h11 says of a first line that no HTTP server sends.
_NO_HTTP = ("illegal status line", "illegal request line")
# Everything that httpcore raises, its exceptions have no common base; and what a request raises
# that cannot be put on the wire, such as a header that is not ASCII.
NETWORK_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,
    *_UNSENDABLE,
)

# A transcript is kilobytes; whatever answers with more than this is no ASR server.
MAX_REPLY_BYTES = 64 * 2**20

_FIRST_ERROR_STATUS = 400
_NO_CONNECTION = (httpcore.ConnectError, httpcore.ConnectTimeout)


class HTTPMessages:
    """
    Builds httpcore requests for one server.

    Attributes:
        origin: The server, as httpcore's connections want to know it.
    """

    def __init__(self, config: ClientConfig) -> None:
        endpoint = config.endpoint
        self._endpoint = endpoint
        self.origin = httpcore.Origin(
            endpoint.scheme.encode(), endpoint.host.encode("idna"), endpoint.port
        )
        agent = f"asr-client/{__version__} Python/{platform.python_version()}"
        self._headers = [
            (b"Host", endpoint.authority.encode("idna")),
            (b"User-Agent", agent.encode()),
            (b"Accept", b"application/json"),
        ]
        self._key = config.api_key
        self._key_header = config.api_key_header.encode("ascii")

    def make(self, request: Request, deadline: Deadline, read_limit: object) -> httpcore.Request:
        """
        Build httpcore's request.

        Args:
            request: Ours.
            deadline: Must not have passed.
            read_limit: What the network stream gets as its time limit for reads.
        """
        deadline.require_s(f"calling {self._endpoint}")
        headers = [
            *self._headers,
            *((name.encode("ascii"), value.encode("ascii")) for name, value in request.headers),
        ]
        if self._key is not None:
            headers.append((self._key_header, self._key.reveal().encode("ascii")))
        if not any(name == "Accept-Encoding" for name, _ in request.headers):
            headers.append((b"Accept-Encoding", b"identity"))
        # h11 copies each part that is not bytes, so one copy of all of them costs no more.
        body = b"".join(request.body)
        if request.method == "POST":
            headers.append((b"Content-Length", b"%d" % len(body)))
        return httpcore.Request(
            request.method,
            httpcore.URL(
                scheme=self.origin.scheme,
                host=self.origin.host,
                port=self.origin.port,
                target=(self._endpoint.prefix + request.path).encode("ascii"),
            ),
            headers=headers,
            content=body,
            extensions={"timeout": {"read": read_limit}},
        )


def make_reply(status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Reply:
    """Build our reply; a body compressed in spite of our request is decompressed."""
    names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    encoding = names.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        # A refusal says enough by its status: a wrong label must not hide that.
        with suppress(ContractError) if status >= _FIRST_ERROR_STATUS else nullcontext():
            body = _decompress(body, encoding)
    return Reply(status, names, body)


def _decompress(body: bytes, encoding: str) -> bytes:
    window_bits = {"gzip": 31, "x-gzip": 31, "deflate": 15}.get(encoding)
    if window_bits is None:
        raise ContractError(f"the reply is compressed with {encoding}, which nobody asked for")
    try:
        decompressor = zlib.decompressobj(window_bits)
        plain = decompressor.decompress(body, MAX_REPLY_BYTES)
    except zlib.error as error:
        raise ContractError(f"the reply says {encoding} and is not: {error}") from error
    if decompressor.unconsumed_tail:
        raise ContractError(f"the reply is larger than {MAX_REPLY_BYTES >> 20} MiB")
    return plain


def map_error(error: Exception, endpoint: Endpoint, deadline: Deadline) -> ASRError:
    """Map httpcore's exception to ours; the caller raises it from the original."""
    text = _text(error)
    if isinstance(error, _UNSENDABLE) and not isinstance(error, OSError):
        return ConfigError(f"cannot put the request to {endpoint} into HTTP: {text}")
    if isinstance(error, httpcore.TimeoutException) and deadline.remaining_s() <= 0:
        return _timed_out(error, endpoint, deadline)
    if isinstance(error, _NO_CONNECTION):
        return NotSentError(f"cannot reach {endpoint}: {text}", hint=_reach_hint(text, endpoint))
    return ReplyLostError(
        f"the connection to {endpoint} broke before the reply was whole: {text}",
        hint="something listens there that does not speak HTTP; the port of gRPC (grpc://), or SSH?"
        if text.startswith(_NO_HTTP)
        else "the server may have been restarted; the request may have been executed",
    )


def _timed_out(error: Exception, endpoint: Endpoint, deadline: Deadline) -> DeadlineError:
    doing = "connecting to" if isinstance(error, httpcore.ConnectTimeout) else "waiting for"
    return deadline.error(f"{doing} {endpoint}")


def _text(error: BaseException) -> str:
    """Find the first words in the chain of causes; httpcore's often have none of their own."""
    inner: BaseException | None = error
    while inner is not None and not str(inner):
        inner = inner.__cause__ or inner.__context__
    text = str(inner or type(error).__name__).removesuffix(".")
    return text.partition("] ")[2] if text.startswith("[Errno") else text


def _reach_hint(text: str, endpoint: Endpoint) -> str:
    lower = text.lower()
    if "mismatch" in lower:
        return "the certificate is another host's: call the server by the name that it shows"
    if "certificate" in lower:
        return "TLS is verified; name your own authority's PEM file with tls_ca_file"
    if "ssl" in lower or "tls" in lower:
        return f"does the port speak TLS? try http://{endpoint.authority}"
    if "name or service" in lower or "nodename" in lower or "name resolution" in lower:
        return "the host name is not known: is it spelt right?"
    return "is the server up, and the port right? `asr-client serve` starts one on this machine"


def tls_context(config: ClientConfig) -> ssl.SSLContext | None:
    """Make the verifying context for an https endpoint; None for plain http."""
    if not config.endpoint.is_tls:
        return None
    try:
        context = ssl.create_default_context(cafile=config.tls_ca_file)
        if config.tls_ca_file is None:
            # Slim containers have no system store; certifi comes with httpcore.
            import certifi

            context.load_verify_locations(certifi.where())
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot use the PEM file {config.tls_ca_file}: {error}") from error
    context.set_alpn_protocols(["http/1.1"])
    return context
