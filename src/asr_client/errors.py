"""
Every error this package raises, one tree.

    ASRError
    ├── ConfigError              settings or arguments that cannot work; nothing was sent
    │   └── LanguageError        the model does not take this language
    ├── EmbeddedError            the local server cannot start, or broke for good
    ├── AudioError               the recording: unreadable, empty, not finite
    ├── TransportError           no reply arrived
    │   ├── NotSentError         the server never saw the request
    │   ├── ReplyLostError       sent, outcome unknown
    │   └── DeadlineError        the caller's time ran out
    ├── ServerError              somebody answered, and the answer is no
    │   ├── AuthError            the key is missing, wrong or not allowed
    │   ├── RateLimitedError     too many requests for this key
    │   ├── OverloadedError      queue full, stopping, no replica, gateway timeout
    │   ├── ModelNotFoundError   no such model or not ready
    │   ├── RouteNotFoundError   nobody serves this path
    │   ├── RejectedInputError   the server refuses these tensors
    │   └── ServerBugError       the server or its model failed
    └── ContractError            the reply, or the model, is not as agreed

Classes, never message texts, are what callers decide on; HTTP and gRPC lead to the same class.
No message holds a key or audio. All of them pickle and copy.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ASRError",
    "AudioError",
    "AuthError",
    "ConfigError",
    "ContractError",
    "DeadlineError",
    "EmbeddedError",
    "LanguageError",
    "ModelNotFoundError",
    "NotSentError",
    "OverloadedError",
    "RateLimitedError",
    "RejectedInputError",
    "ReplyLostError",
    "RouteNotFoundError",
    "ServerBugError",
    "ServerError",
    "TransportError",
]


class ASRError(Exception):
    """
    Base of every error of this package.

    Attributes:
        message: What happened, to what.
        hint: What to do about it; empty when there is nothing to advise.
        code: Stable machine-readable name, equal over HTTP and gRPC.
    """

    code: ClassVar[str] = "error"

    # Keyword arguments are optional on purpose: Exception rebuilds itself from its
    # positional arguments and its __dict__, so pickling and copying need no code here.
    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(ASRError):
    """A setting or an argument cannot work; nothing was sent."""

    code = "config"


class LanguageError(ConfigError):
    """The model does not take this language; nothing was sent."""

    code = "language"


class EmbeddedError(ASRError):
    """The embedded server cannot start, or stopped working, on this machine."""

    code = "embedded"


class AudioError(ASRError):
    """The recording cannot be used; nothing was sent."""

    code = "audio"


class TransportError(ASRError):
    """No reply arrived."""

    code = "transport"


class NotSentError(TransportError):
    """The server never saw the request: repeating it is safe."""

    code = "not_sent"


class ReplyLostError(TransportError):
    """The request went out and no whole reply came back; it may have been executed."""

    code = "reply_lost"


class DeadlineError(TransportError):
    """The caller's deadline passed; the server may still be working."""

    code = "deadline"


class ServerError(ASRError):
    """
    Somebody answered with an error.

    Attributes:
        status: HTTP status, or the number of the gRPC status code; 0 when unknown.
        answered_by: "triton", "kong", or "unknown" (another gateway or server).
        retry_after_s: Seconds after which the server asks to come back, if it says so.
        request_id: The id under which the server's logs know the request; may be empty.
    """

    code = "server"

    def __init__(  # noqa: PLR0913 - facts of one reply, each with its name
        self,
        message: str,
        *,
        hint: str = "",
        status: int = 0,
        answered_by: str = "unknown",
        retry_after_s: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.answered_by = answered_by
        self.retry_after_s = retry_after_s
        self.request_id = request_id


class AuthError(ServerError):
    """The API key is missing, wrong, or not allowed here."""

    code = "auth"


class RateLimitedError(ServerError):
    """The gateway counts too many requests for this key."""

    code = "rate_limited"


class OverloadedError(ServerError):
    """The server cannot take the request now: queue full, stopping, no replica, timeout."""

    code = "overloaded"


class ModelNotFoundError(ServerError):
    """The server answers, but does not have this model ready."""

    code = "model_not_found"


class RouteNotFoundError(ServerError):
    """Nobody serves this path: a wrong URL, prefix or protocol."""

    code = "route_not_found"


class RejectedInputError(ServerError):
    """The server refuses the request as it is; repeating it will not help."""

    code = "rejected_input"


class ServerBugError(ServerError):
    """The server or its model failed on a request that looks right."""

    code = "server_bug"


class ContractError(ASRError):
    """The reply, or the model, is not what the contract promises."""

    code = "contract"
