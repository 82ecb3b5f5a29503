"""
What every way of asking for text has in common: utterances in, texts out.

A Recognizer is a codec bound to one model. KServe models get theirs in recognizer.py; the JSON
dialects each bring their own (generate.py, asr_infer.py, ulca.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from asr_client.audio.waveform import Waveform
from asr_client.contracts.wire import Exchange

__all__ = ["Recognized", "Recognizer", "Utterances"]


@dataclass(frozen=True, slots=True)
class Utterances:
    """
    The audio of one request, and what is common to all of it.

    Attributes:
        waves: Each at the model's rate, samples within [-1, 1].
        language: The model's own code; None sends none.
        request_id: Travels along and shows in the server's log.
        timeout_s: Seconds after which nobody waits for the answer, for servers that can be told.
        padded_samples: So many samples each row is padded to with zeros, where the model can tell
            them from audio (`Recognizer.pads`); None pads to the longest.
    """

    waves: tuple[Waveform, ...]
    language: str | None
    request_id: str
    timeout_s: float | None = None
    padded_samples: int | None = None

    def limits(self) -> dict[str, int]:
        """
        Name the end of patience as Triton's request parameter, in microseconds.

        Triton drops what has waited for longer in a queue, where the model's configuration allows
        requests to set a time-out; elsewhere it does no harm (docs/servers.md 3).
        """
        return {} if self.timeout_s is None else {"timeout": max(1, int(self.timeout_s * 1e6))}


@dataclass(frozen=True, slots=True)
class Recognized:
    """The texts of one reply, in the order of the utterances, and the version that made them."""

    texts: tuple[str, ...]
    model_version: str = ""


class Recognizer(Protocol):
    """
    One model, reached in one way.

    Attributes:
        protocol: How it is asked: "http", "grpc", "generate", "asr-infer", "ulca" or "ai4i".
        model: The model's name as it is sent; empty where the gateway chooses.
        contract: Which tensors or fields it takes, by name.
        sample_rate_hz: The rate it wants audio at.
        languages: Codes it takes; empty when nothing tells.
        takes_language: Whether a language is sent at all.
        needs_language: Whether it cannot do without.
        max_batch_size: Utterances that fit in one request.
        window_s: Audio beyond this many seconds is lost by the model; None when it has no limit.
        pads: Whether a recording may be padded, since its true length travels along.
    """

    @property
    def protocol(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def contract(self) -> str: ...
    @property
    def sample_rate_hz(self) -> int: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def takes_language(self) -> bool: ...
    @property
    def needs_language(self) -> bool: ...
    @property
    def max_batch_size(self) -> int: ...
    @property
    def window_s(self) -> float | None: ...

    @property
    def pads(self) -> bool: ...

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]: ...

    def body_bytes(self, samples: int) -> int:
        """
        Tell how large the body for one recording of so many samples is, or a little more.

        Padding counts as samples. Never less than it is; at most a few hundred bytes more.
        """
        ...
