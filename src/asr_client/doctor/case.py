"""One examination under way: what is examined and how, and what was seen so far."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from asr_client.audio import AudioSource
from asr_client.contracts.kserve import KServe
from asr_client.contracts.wire import Exchange
from asr_client.deadline import Deadline, check_seconds
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer
from asr_client.doctor.visitor import Log, Visitor
from asr_client.endpoint import Endpoint
from asr_client.errors import ConfigError
from asr_client.settings.config import ClientConfig

__all__ = ["MAX_BODY_BYTES", "Case", "ExamOptions"]

Value = TypeVar("Value")

MAX_BODY_BYTES = 12 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamOptions:
    """
    How to examine.

    Attributes:
        timeout_s: For each step; the transcription has the client's own deadline.
        audio: What to transcribe; None takes a short recording that comes along.
        max_body_bytes: The largest body to try; at most 12 MiB, 0 tries none.
        tell: Told what is being looked at.
    """

    timeout_s: float = 10.0
    audio: AudioSource | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    tell: Callable[[str], object] = lambda _: None

    def __post_init__(self) -> None:
        check_seconds("timeout", self.timeout_s)
        if not 0 <= self.max_body_bytes <= MAX_BODY_BYTES:
            raise ConfigError(f"the largest body to try is 0..{MAX_BODY_BYTES >> 20} MiB")


@dataclass(slots=True)
class Case:
    """
    What the steps of one examination share.

    Attributes:
        options: How to examine.
        seen: What was seen so far.
        log: What was sent so far.
        visitor: Who calls on the server; exchanged when the key turns out to need another header.
        opened: Everybody who calls, to be sent home in the end.
    """

    options: ExamOptions
    seen: Seen
    log: Log
    visitor: Visitor
    opened: ExitStack = field(default_factory=ExitStack)

    @property
    def config(self) -> ClientConfig:
        """The settings as they are at present."""
        return self.visitor.session.config

    @property
    def endpoint(self) -> Endpoint:
        """Where the server should be."""
        return self.seen.endpoint

    @property
    def kserve(self) -> KServe:
        """The codec of health, lists and introspection."""
        return self.visitor.kserve

    def ask(self, exchange: Exchange[Value]) -> Answer[Value]:
        """Send one request, with the key."""
        return self.visitor.ask(exchange)

    def open(self, visitor: Visitor) -> Visitor:
        """Take in somebody else who calls."""
        return self.opened.enter_context(visitor)

    def limit(self) -> Deadline:
        """When the step that begins now must end."""
        return Deadline.after(self.options.timeout_s)
