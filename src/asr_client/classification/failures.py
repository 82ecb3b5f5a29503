"""
An exception in place of a reply: whose failure it is, and whether the request went out.

Exceptions are told by the names of their classes, so that this package needs none of the libraries
that raise them: httpx, httpcore, aiohttp, requests, grpc and the standard library alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asr_client.classification.answer import Sentences, compile_sentences, find_sentence
from asr_client.classification.connecting import CONFIG, CONNECT, LOST, judge_connecting
from asr_client.classification.grpc import judge_grpc
from asr_client.faults import Fault

__all__ = ["Link", "chain_of", "judge_failure"]


@dataclass(frozen=True, slots=True)
class Link:
    """
    One exception of a chain.

    Attributes:
        class_name: With or without its module.
        text: What it says.
        errno: The system's error number, if it has one.
    """

    class_name: str
    text: str = ""
    errno: int | None = None

    @property
    def name(self) -> str:
        """The class without its module."""
        return self.class_name.rpartition(".")[2]


_READ_TIMEOUT = Fault("deadline", "client", "maybe", "once")
_UNSENT_TIMEOUT = Fault("deadline", "client", "no", "yes")
_CANCELLED = Fault("cancelled", "client", "maybe", "no")
_TRUNCATED = Fault("truncated", "tcp", "maybe", "yes")
_NO_HTTP = Fault("server_bug", "tcp", "maybe", "no")
_BAD_CODING = Fault("server_bug", "proxy", "maybe", "once")
_BAD_PROXY = Fault("config", "proxy", "no", "no")
_UNKNOWN = Fault("connect", "tcp", "maybe", "once")

# Names of classes that say by themselves what happened.
_NAMES: Sentences = tuple(
    (re.compile(f"^({pattern})$"), fault)
    for pattern, fault in (
        (r"LocalProtocolError|UnsupportedProtocol|Unicode\w*Error|TypeError|ValueError", CONFIG),
        (r"Invalid\w+|MissingSchema|TooManyRedirects|RuntimeError|AttributeError", CONFIG),
        (r"Connect(ion)?Timeout(Error)?|ConnectionRefusedError", CONNECT),
        (r"(Read|Server)?Timeout(Error)?|timeout", _READ_TIMEOUT),
        # A body that was never whole, and a request that waited for a free connection.
        (r"WriteTimeout(Error)?|PoolTimeout|EmptyPoolError", _UNSENT_TIMEOUT),
        (r"(Future)?CancelledError|KeyboardInterrupt|GreenletExit", _CANCELLED),
        (r"(ClientHttp)?ProxyError", _BAD_PROXY),
        (r"(Content)?Decod(e|ing)Error", _BAD_CODING),
        (r"IncompleteRead(Error)?|ChunkedEncodingError|ClientPayloadError", _TRUNCATED),
        (r"(Read|Write|Close)Error|Connection(Reset|Aborted)?Error|BrokenPipeError|EOFError", LOST),
        (r"(Remote|Server)Disconnected(Error)?|(Closed|Broken)ResourceError|EndOfStream", LOST),
    )
)
# Names that need the text: what cannot be reached, and what broke the rules of HTTP.
_CONNECTING = re.compile(r"^(Connect|ClientConnect|NewConnection|Certificate|SSL|gaierror|herror)")
_PROTOCOL = re.compile(r"^((Remote)?ProtocolError|BadStatusLine|HTTPException)$")
_PROTOCOL_SENTENCES = compile_sentences(
    ("complete message body|incomplete|ended prematurely|unexpectedly closed", _TRUNCATED),
    ("without (sending a )?response|disconnected|aborted", LOST),
)
_SOCKET_ERRNO: Mapping[int, Fault] = {
    32: LOST,  # EPIPE
    101: CONNECT,  # ENETUNREACH
    104: LOST,  # ECONNRESET
    110: CONNECT,  # ETIMEDOUT
    111: CONNECT,  # ECONNREFUSED
    112: CONNECT,  # EHOSTDOWN
    113: CONNECT,  # EHOSTUNREACH
}

# gRPC's own exceptions hold a status, and show it in their text.
_RPC_ERROR = re.compile(r"Rpc_?Error$|Rendezvous$")
_RPC_TEXT = re.compile(r'status = StatusCode\.(\w+)\s+details = "(.*?)"\s+debug', re.DOTALL)


def chain_of(error: BaseException) -> tuple[Link, ...]:
    """Give an exception and what caused it, outermost first."""
    return tuple(_links(error))


def judge_failure(chain: Sequence[Link]) -> Fault:
    """Judge an exception by its chain, outermost first: the first link that says enough counts."""
    verdicts = (_judge_link(link) for link in chain)
    return next((fault for fault in verdicts if fault is not None), _UNKNOWN)


def _links(error: BaseException) -> Iterator[Link]:
    inner: BaseException | None = error
    seen: set[int] = set()
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        kind = type(inner)
        errno = inner.errno if isinstance(inner, OSError) else None
        yield Link(f"{kind.__module__}.{kind.__qualname__}", str(inner), errno)
        inner = inner.__cause__ or inner.__context__


def _judge_link(link: Link) -> Fault | None:
    if _RPC_ERROR.search(link.name):
        status = _RPC_TEXT.search(link.text)
        return judge_grpc(status[1], status[2], {}) if status is not None else None
    if _PROTOCOL.search(link.name):
        return find_sentence(_PROTOCOL_SENTENCES, link.text) or _NO_HTTP
    by_name = find_sentence(_NAMES, link.name)
    if by_name is None and _CONNECTING.search(link.name):
        return judge_connecting(f"{link.name} {link.text}")
    return by_name or _SOCKET_ERRNO.get(link.errno or 0)
