"""What both HTTP transports share: httpcore's messages and errors to ours and back, without I/O."""

from __future__ import annotations

import platform
import zlib
from collections.abc import Sequence
from contextlib import nullcontext, suppress

import h11
import httpcore

from asr_client import __version__
from asr_client.auth import ApiKey
from asr_client.classification import chain_of, judge_failure
from asr_client.classification.advice import advise_on_connecting
from asr_client.classification.error_of import failure_class
from asr_client.classification.wording import plain_line
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.endpoint import Endpoint
from asr_client.errors import ASRError, ConfigError, ContractError, DeadlineError
from asr_client.faults import Fault, Phases
from asr_client.settings.config import ClientConfig
from asr_client.transports.base import MAX_REPLY_BYTES, reply_too_large

__all__ = [
    "NETWORK_ERRORS",
    "HTTPMessages",
    "make_reply",
    "map_error",
]

_UNSENDABLE = (httpcore.LocalProtocolError, h11.LocalProtocolError, TypeError, ValueError)
# Everything that httpcore raises, its exceptions have no common base; and what a request raises
# that cannot be put on the wire, such as a header that is not ASCII.
NETWORK_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,
    *_UNSENDABLE,
)

_FIRST_ERROR_STATUS = 400


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
        self._key_header = config.api_key_header.encode("ascii")
        self._prefix = endpoint.prefix
        # Through TLS a proxy sees nothing of this; else the request is its own to read.
        self._proxy = None if endpoint.is_tls else config.proxy
        if self._proxy is not None:
            self._prefix = f"http://{endpoint.authority.encode('idna').decode()}{endpoint.prefix}"

    def make(
        self, request: Request, key: ApiKey | None, deadline: Deadline, read_limit: object
    ) -> httpcore.Request:
        """
        Build httpcore's request.

        Args:
            request: Ours.
            key: The caller's, for the header that the settings name.
            deadline: Must not have passed.
            read_limit: What the network stream gets as its time limit for reads.
        """
        deadline.require_s(f"calling {self._endpoint}")
        headers = [
            *self._headers,
            *((name.encode("ascii"), value.encode("ascii")) for name, value in request.headers),
        ]
        if key is not None:
            headers.append((self._key_header, key.reveal().encode("ascii")))
        if not any(name == "Accept-Encoding" for name, _ in request.headers):
            headers.append((b"Accept-Encoding", b"identity"))
        if self._proxy is not None and self._proxy.authorization:
            headers.append((b"Proxy-Authorization", self._proxy.authorization.encode("ascii")))
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
                target=(self._prefix + request.path).encode("ascii"),
            ),
            headers=headers,
            content=body,
            extensions={"timeout": {"read": read_limit}},
        )


def make_reply(
    status: int,
    headers: Sequence[tuple[bytes, bytes]],
    body: bytes,
    phases: Phases,
) -> Reply:
    """Build our reply; a body compressed in spite of our request is decompressed."""
    names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    encoding = names.get("content-encoding", "identity").lower()
    if encoding not in ("", "identity"):
        # A refusal says enough by its status: a wrong label must not hide that.
        with suppress(ContractError) if status >= _FIRST_ERROR_STATUS else nullcontext():
            body = _decompress(body, encoding)
    return Reply(status, names, body, phases=phases)


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
        raise reply_too_large()
    return plain


def map_error(error: Exception, endpoint: Endpoint, deadline: Deadline) -> ASRError:
    """Map httpcore's exception to ours; the caller raises it from the original."""
    fault = judge_failure(chain_of(error))
    text = _text(error)
    if isinstance(error, _UNSENDABLE) and not isinstance(error, OSError):
        return ConfigError(f"cannot put the request to {endpoint} into HTTP: {text}")
    if isinstance(error, httpcore.TimeoutException) and deadline.remaining_s() <= 0:
        return _timed_out(fault, endpoint, deadline)
    what = (
        f"cannot reach {endpoint}"
        if fault.executed == "no"
        else f"the connection to {endpoint} broke before the reply was whole"
    )
    hint = advise_on_connecting(fault, text, plain_url=f"http://{endpoint.authority}")
    return failure_class(fault)(f"{what}: {plain_line(text)}", hint=hint, fault=fault)


def _timed_out(fault: Fault, endpoint: Endpoint, deadline: Deadline) -> DeadlineError:
    doing = "connecting to" if fault.code == "connect" else "waiting for"
    return deadline.error(f"{doing} {endpoint}", executed=fault.executed)


def _text(error: BaseException) -> str:
    """Find the first words in the chain of causes; httpcore's often have none of their own."""
    links = chain_of(error)
    text = next((link.text for link in links if link.text), links[0].name).removesuffix(".")
    return text.partition("] ")[2] if text.startswith("[Errno") else text
