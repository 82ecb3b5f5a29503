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
    │   ├── RejectedInputError   the server refuses the request as it is
    │   │   └── TooLargeError    more than the gateway or the server takes at once
    │   └── ServerBugError       the server or its model failed
    └── ContractError            the reply, or the model, is not as agreed

Classes, never message texts, are what callers decide on; HTTP and gRPC lead to the same class.
Beside its class each error holds a Fault: whose it is, whether the model ran, whether the request
may be repeated. No message holds a key or audio. All of them pickle and copy.
"""

from __future__ import annotations

from dataclasses import replace

from asr_client.faults import Attempt, Code, Executed, Fault, Origin, Retryable

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
    "TooLargeError",
    "TransportError",
]

_OURS = Fault("error", origin="client", executed="no", retryable="no")


def _ours(code: Code) -> Fault:
    """What is refused in this process: nothing was sent, and the next try would end likewise."""
    return replace(_OURS, code=code)


def _theirs(code: Code, executed: Executed = "no", retryable: Retryable = "no") -> Fault:
    """What somebody answered, where nothing more precise is known."""
    return Fault(code, origin="triton", executed=executed, retryable=retryable)


class ASRError(Exception):
    """
    Base of every error of this package.

    Attributes:
        message: What happened, to what.
        hint: What to do about it; empty when there is nothing to advise.
        fault: What can be concluded: code, origin, executed, retryable.
        attempts: Every try that the call had made when a request failed; empty if none did.
    """

    fault: Fault = _OURS
    attempts: tuple[Attempt, ...] = ()

    # Keyword arguments are optional on purpose: Exception rebuilds itself from its
    # positional arguments and its __dict__, so pickling and copying need no code here.
    def __init__(self, message: str, *, hint: str = "", fault: Fault | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if fault is not None:
            self.fault = fault

    @property
    def code(self) -> Code:
        """Stable machine-readable name of what happened, equal over HTTP and gRPC."""
        return self.fault.code

    @property
    def origin(self) -> Origin:
        """Who decided: client, dns, tcp, tls, proxy, kong, triton or model."""
        return self.fault.origin

    @property
    def executed(self) -> Executed:
        """Whether the model ran: "no", "maybe" or "yes"."""
        return self.fault.executed

    @property
    def retryable(self) -> Retryable:
        """Whether the same request may be sent again: "no", "once" or "yes"."""
        return self.fault.retryable

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(ASRError):
    """A setting or an argument cannot work; nothing was sent."""

    fault = _ours("config")


class LanguageError(ConfigError):
    """The model does not take this language; nothing was sent."""

    fault = _ours("language")


class EmbeddedError(ASRError):
    """The embedded server cannot start, or stopped working, on this machine."""

    fault = _ours("embedded")


class AudioError(ASRError):
    """The recording cannot be used; nothing was sent."""

    fault = _ours("audio")


class TransportError(ASRError):
    """No reply arrived."""

    fault = Fault("connect", origin="tcp", executed="maybe", retryable="yes")


class NotSentError(TransportError):
    """The server never saw the request: repeating it is safe."""

    fault = Fault("connect", origin="tcp", executed="no", retryable="yes")


class ReplyLostError(TransportError):
    """
    The request went out and no whole reply came back; it may have been executed.

    Attributes:
        on_kept_connection: Whether the connection was not made for this request, but kept: then
            the server may have closed it before it saw the request. False over gRPC, which does
            not tell.
    """

    on_kept_connection: bool = False


class DeadlineError(TransportError):
    """The caller's deadline passed; the server may still be working."""

    fault = Fault("deadline", origin="client", executed="maybe", retryable="no")


class ServerError(ASRError):
    """
    Somebody answered with an error; `origin` says who.

    Attributes:
        status: HTTP status, or the number of the gRPC status code; 0 when unknown.
        retry_after_s: Seconds after which the server asks to come back, if it says so.
        request_id: The id under which the server's logs know the request; may be empty.
    """

    fault = _theirs("server_bug", "maybe")

    def __init__(  # noqa: PLR0913 - facts of one reply, each with its name
        self,
        message: str,
        *,
        hint: str = "",
        fault: Fault | None = None,
        status: int = 0,
        retry_after_s: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint, fault=fault)
        self.status = status
        self.retry_after_s = retry_after_s
        self.request_id = request_id


class AuthError(ServerError):
    """The API key is missing, wrong, or not allowed here."""

    fault = _theirs("auth")


class RateLimitedError(ServerError):
    """The gateway counts too many requests for this key, or would if this one were sent."""

    fault = _theirs("rate_limited", retryable="yes")


class OverloadedError(ServerError):
    """The server cannot take the request now: queue full, stopping, no replica, timeout."""

    fault = _theirs("overloaded", retryable="yes")


class ModelNotFoundError(ServerError):
    """The server answers, but does not have this model ready."""

    fault = _theirs("not_found_model")


class RouteNotFoundError(ServerError):
    """Nobody serves this path: a wrong URL, prefix or protocol."""

    fault = _theirs("not_found_route")


class RejectedInputError(ServerError):
    """The server refuses the request as it is; repeating it will not help."""

    fault = _theirs("bad_request")


class TooLargeError(RejectedInputError):
    """The request is larger than the gateway or the server takes; shorter audio may pass."""

    fault = _theirs("too_large")


class ServerBugError(ServerError):
    """The server or its model failed on a request that looks right."""

    fault = _theirs("server_bug", "yes", "once")


class ContractError(ASRError):
    """The reply, or the model, is not what the contract promises."""

    fault = _theirs("contract", "yes")
