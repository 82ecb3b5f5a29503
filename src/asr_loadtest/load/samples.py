"""
The record of one arrival: when it was meant, when it went, what came of it.

All instants are seconds since the run's zero, the same for every worker. Latency counts from the
*intended* start: an arrival that had to wait in the generator waited, too (coordinated omission).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Self

from asr_client.errors import ConfigError
from asr_loadtest.load.outcomes import OUTCOMES, Outcome

__all__ = ["Sample", "to_microseconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    One arrival and what came of it.

    Attributes:
        index: Its place in the schedule, 0 for the first; in a closed loop a running number.
        intended_s: When it was meant to start; in a closed loop, when it did.
        outcome: What came of it.
        sent_s: When it was handed to the transport; None if it was not.
        done_s: When its whole reply was here, or it was given up; None if it was not sent.
        clip: Name of the recording.
        language: The model's code for its language; empty where none is sent.
        audio_s: Seconds of speech that were sent, padding not counted.
        padded_s: Seconds of audio that were sent, padding counted.
        worker: Which worker sent it, from 0.
        key: Which of several API keys went along, from 0.
        connection: Number of the worker's connection that carried it; None if unknown.
        status: HTTP status or gRPC code; None if no reply came.
        origin: Who decided on a failure ("kong", "triton", "tcp", ...); empty if all went well.
        code: The SDK's code for the failure; empty if all went well.
        executed: Whether the model ran: "no", "maybe", "yes"; "yes" if all went well.
        detail: The failure in words, without secrets; empty if all went well.
        connect_s: Seconds to make a new connection; 0 on a kept one, None if unknown.
        server_s: Seconds from the request's last byte to the reply's first; None if unknown.
        gateway_s: Kong's own share (X-Kong-Proxy-Latency); includes a slow upload.
        upstream_s: The server's share as Kong saw it (X-Kong-Upstream-Latency).
        word_errors: Share of words that are wrong against the reference; None without one.
    """

    index: int
    intended_s: float
    outcome: Outcome
    sent_s: float | None = None
    done_s: float | None = None
    clip: str = ""
    language: str = ""
    audio_s: float = 0.0
    padded_s: float = 0.0
    worker: int = 0
    key: int = 0
    connection: int | None = None
    status: int | None = None
    origin: str = ""
    code: str = ""
    executed: str = "yes"
    detail: str = ""
    connect_s: float | None = None
    server_s: float | None = None
    gateway_s: float | None = None
    upstream_s: float | None = None
    word_errors: float | None = None

    @property
    def response_s(self) -> float | None:
        """Seconds from the intended start to the end: what a caller would have waited."""
        return None if self.done_s is None else self.done_s - self.intended_s

    @property
    def service_s(self) -> float | None:
        """Seconds from the sending to the end: what the system took."""
        if self.done_s is None or self.sent_s is None:
            return None
        return self.done_s - self.sent_s

    @property
    def lag_s(self) -> float | None:
        """Seconds from the intended start to the sending: what the generator added."""
        return None if self.sent_s is None else self.sent_s - self.intended_s

    @property
    def rtfx(self) -> float | None:
        """Audio seconds per second of response: inverse real-time factor of this request."""
        response_s = self.response_s
        return self.audio_s / response_s if response_s else None

    def to_row(self) -> list[Any]:
        """
        Give all values in the order of the fields, for a message between processes.

        Rounded as in `to_line`: what is counted live and what is read again are the same numbers.
        """
        return [_short(value) for value in _values(self)]

    @classmethod
    def from_row(cls, row: list[Any]) -> Self:
        """Read what `to_row` gave."""
        return cls(**dict(zip(_NAMES, row, strict=True)))

    def to_line(self) -> str:
        """Encode as one line of JSON; what is not known is left out."""
        values = zip(_NAMES, _values(self), strict=True)
        known = {name: _short(value) for name, value in values if value is not None and value != ""}
        return _encode(known)

    @classmethod
    def from_line(cls, line: str) -> Self:
        """
        Decode a line.

        Raises:
            ConfigError: If it is no record of an arrival.
        """
        try:
            sample = cls(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise ConfigError(f"this is no sample of a load test: {line[:80]!r}") from error
        if sample.outcome not in OUTCOMES:
            raise ConfigError(f"{sample.outcome!r} is no outcome of a load test's request")
        return sample


def to_microseconds(seconds: float) -> float:
    """Round, as all files keep times: `round(seconds, 6)`, in a fifth of its time."""
    return round(seconds * 1e6) / 1e6


_NAMES = tuple(field.name for field in fields(Sample))
_values = attrgetter(*_NAMES)
# Made once: json.dumps would make one for each line.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _short(value: object) -> object:
    """Microseconds are enough, and half the bytes."""
    return to_microseconds(value) if value.__class__ is float else value
