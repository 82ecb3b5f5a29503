"""What a server says of itself and its models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Health", "ModelEntry", "ModelInfo", "ModelList", "ModelSource"]

ModelSource = Literal["repository index", "statistics", "configuration"]


@dataclass(frozen=True, slots=True)
class Health:
    """
    What a server says of itself, and of the one model that matters.

    Attributes:
        live: The process runs.
        ready: The server accepts requests; a Triton without any model says so, too.
        model_ready: The named model can be asked.
        model: Its name.
    """

    live: bool
    ready: bool
    model_ready: bool
    model: str

    @property
    def ok(self) -> bool:
        """Whether a transcription can be expected to work."""
        return self.live and self.ready and self.model_ready

    def explain(self) -> str:
        """Say in one sentence how things stand."""
        if self.ok:
            return f"the server is ready and so is model {self.model!r}"
        if not self.live:
            return "the server is not live"
        if self.model_ready:
            return f"the server is not ready, though model {self.model!r} is: is it stopping?"
        if self.ready:
            return f"the server is ready, but model {self.model!r} is not: is it loaded there?"
        return f"neither the server nor model {self.model!r} is ready"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model, as the server lists it; *state* is Triton's, "" when unknown."""

    name: str
    version: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ModelList:
    """The models of a server, and who named them: a gateway may close the better sources."""

    models: tuple[ModelEntry, ...]
    source: ModelSource


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """
    One model, and how this client talks to it.

    Attributes:
        name: The model's name.
        protocol: How it is asked.
        why_protocol: What decided that.
        contract: The family of tensors or fields it speaks.
        why_contract: What gave the family away.
        sample_rate_hz: The rate that audio is resampled to.
        languages: Codes that it takes; empty when nothing tells.
        max_batch_size: Recordings that fit in one request.
    """

    name: str
    protocol: str
    why_protocol: str
    contract: str
    why_contract: str
    sample_rate_hz: int
    languages: tuple[str, ...]
    max_batch_size: int
