"""What a caller may choose about the embedded server, and how that reaches the supervisor."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from asr_client.embedded.served import SERVED_MODELS
from asr_client.errors import ConfigError

__all__ = ["EmbeddedOptions", "Ports", "SlowModel", "SupervisorSettings"]

_HIGHEST_PORT = 65_535


@dataclass(frozen=True)
class SlowModel:
    """
    The service time of model `asr_slow`: a_ms for each execution + b_ms for each audio second.

    Attributes:
        a_ms: Fixed cost of one execution, whatever its batch size.
        b_ms: Cost of one second of audio; the seconds of a batch add up.
        mode: "sleep" leaves the core free, as a GPU model would; "busy" computes.
        max_batch_size: How many requests of equal length Triton may join.
        instances: How many executions may run at once.
    """

    a_ms: float = 50.0
    b_ms: float = 20.0
    mode: Literal["sleep", "busy"] = "sleep"
    max_batch_size: int = 8
    instances: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.a_ms < float("inf") and 0 <= self.b_ms < float("inf")):
            raise ConfigError("a_ms and b_ms are durations: finite and not negative")
        if self.mode not in ("sleep", "busy"):
            raise ConfigError(f"mode is {self.mode!r}, but must be 'sleep' or 'busy'")
        if self.max_batch_size < 1 or self.instances < 1:
            raise ConfigError("max_batch_size and instances must be at least 1")


@dataclass(frozen=True)
class EmbeddedOptions:
    """
    Settings beyond interpreter and ports.

    Attributes:
        models: Which of `SERVED_MODELS` to load; what they need comes along.
        instances: Recognisers, one process each; None: one for each core, at most 8.
        max_queue: Waiting requests per model, beyond which Triton answers 503.
        slow: The service time of `asr_slow`.
        start_timeout_s: How long one start of the server may take.
        max_restarts: Restarts within ten minutes, beyond which the server is given up.
    """

    models: tuple[str, ...] = SERVED_MODELS
    instances: int | None = None
    max_queue: int = 64
    slow: SlowModel = field(default_factory=SlowModel)
    start_timeout_s: float = 90.0
    max_restarts: int = 5

    def __post_init__(self) -> None:
        unknown = sorted(set(self.models) - set(SERVED_MODELS))
        if unknown or not self.models:
            raise ConfigError(
                f"unknown models: {', '.join(unknown)}" if unknown else "no model to serve",
                hint=f"choose from {', '.join(SERVED_MODELS)}",
            )
        if self.instances is not None and self.instances < 1:
            raise ConfigError("instances must be at least 1")
        if self.max_queue < 1 or self.start_timeout_s <= 0 or self.max_restarts < 0:
            raise ConfigError(
                "max_queue and start_timeout_s must be positive, max_restarts too or 0"
            )


@dataclass(frozen=True)
class Ports:
    """Where the server listens on 127.0.0.1; 0 stands for any free port."""

    http: int = 0
    grpc: int = 0
    metrics: int = 0

    def __post_init__(self) -> None:
        fixed = [port for port in (self.http, self.grpc, self.metrics) if port]
        if any(not 0 < port <= _HIGHEST_PORT for port in fixed):
            raise ConfigError(f"a port is from 1 to {_HIGHEST_PORT}, or 0 for any free one")
        if len(set(fixed)) != len(fixed):
            raise ConfigError("http, grpc and metrics need three different ports")


@dataclass(frozen=True)
class SupervisorSettings:
    """Everything the supervisor is told: the interpreter that runs the models, ports, options."""

    python: str
    ports: Ports = field(default_factory=Ports)
    options: EmbeddedOptions = field(default_factory=EmbeddedOptions)

    def to_json(self) -> str:
        """Encode for the supervisor's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> SupervisorSettings:
        """Decode what `to_json` made."""
        fields = json.loads(text)
        options = fields["options"]
        options["models"] = tuple(options["models"])
        options["slow"] = SlowModel(**options["slow"])
        return cls(
            python=fields["python"],
            ports=Ports(**fields["ports"]),
            options=EmbeddedOptions(**options),
        )
