"""What one look at one server told: counters since its start, gauges of the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

__all__ = ["BatchCounters", "GpuReading", "ModelCounters", "PodReading"]

_COUNTS = ("success", "inferences", "executions", "cache_hits", "cache_misses")
_DURATIONS = ("request_s", "queue_s", "compute_input_s", "compute_infer_s", "compute_output_s")
_NUMBERS = (*_COUNTS, *_DURATIONS)


@dataclass(frozen=True, slots=True)
class BatchCounters:
    """
    Executions of one batch size since the server's start.

    Attributes:
        executions: How many.
        compute_s: What they took together: input, inference and output, each execution once.
    """

    executions: int = 0
    compute_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCounters:
    """
    One model's counters since the server's start, all versions of it together.

    Durations add up over requests: an execution of 8 requests that took 1 s counts as 8 s. They
    grow when a request ends, not while it waits.

    Attributes:
        success: Requests answered well. An error that a Python model answers counts here, too.
        failures: Requests that failed, by Triton's reason: REJECTED, CANCELED, BACKEND, OTHER.
            What a full queue refused is in none of them.
        inferences: Rows of batches computed; executions: how often the model ran.
        request_s: From receiving to answering, in seconds.
        queue_s: Waiting. compute_input_s, compute_infer_s, compute_output_s: being computed.
        cache_hits: Requests that the response cache answered; cache_misses: and did not.
        pending: Requests waiting at this moment; None if not told. Always 0 for an ensemble.
        batches: Executions by batch size; empty if the server's statistics were not read.
    """

    success: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    inferences: int = 0
    executions: int = 0
    request_s: float = 0.0
    queue_s: float = 0.0
    compute_input_s: float = 0.0
    compute_infer_s: float = 0.0
    compute_output_s: float = 0.0
    cache_hits: int = 0
    cache_misses: int = 0
    pending: int | None = None
    batches: Mapping[int, BatchCounters] = field(default_factory=dict)

    @property
    def compute_s(self) -> float:
        """Seconds of being computed, all three parts."""
        return self.compute_input_s + self.compute_infer_s + self.compute_output_s

    def counters(self) -> dict[str, float]:
        """Give all that only grows while the server lives; batches come from elsewhere."""
        numbers = {name: float(getattr(self, name)) for name in _NUMBERS}
        return numbers | {f"failures {reason}": n for reason, n in self.failures.items()}

    def since(self, earlier: ModelCounters) -> ModelCounters:
        """Give what was counted after *earlier*, and the `pending` of now."""
        return replace(self._combined(earlier, -1), pending=self.pending)

    def plus(self, other: ModelCounters) -> ModelCounters:
        """Add what was counted at another time or place; `pending` is of neither."""
        return self._combined(other, 1)

    def _combined(self, other: ModelCounters, sign: int) -> ModelCounters:
        numbers = {name: getattr(self, name) + sign * getattr(other, name) for name in _NUMBERS}
        return ModelCounters(
            **numbers,
            failures={
                reason: self.failures.get(reason, 0) + sign * other.failures.get(reason, 0)
                for reason in sorted({*self.failures, *other.failures})
            },
            batches=_combined_batches(self.batches, other.batches, sign),
        )

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `PodReading.to_fields` gave for one model."""
        known = dict(fields)
        known["batches"] = {
            int(size): BatchCounters(**counters) for size, counters in fields["batches"].items()
        }
        return cls(**known)


@dataclass(frozen=True, slots=True)
class GpuReading:
    """
    One GPU, as Triton sees it: about every 2 s, and whoever else uses it is in the figures.

    Attributes:
        uuid: NVIDIA's name for it.
        utilization: 0..1.
        memory_used_bytes: Of memory_total_bytes.
        power_w: Drawn at the moment.
    """

    uuid: str
    utilization: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodReading:
    """
    One look at one server.

    Attributes:
        at_s: When its answer was asked for, in seconds since the run's zero.
        pod: The server's name: its pod's, or host and port of its metrics.
        models: Counters by model.
        gpus: Those that the server tells of, by uuid.
        cpu_share: CPU of the whole machine, 0..1; memory_used_bytes of memory_total_bytes: its
            RAM. Triton tells nothing of its own process.
        steps: The models that the served one is made of, if it is an ensemble and says so.
        without_batches: Why there are no batch sizes; empty if there are, or none were wanted.
        failure: Why there is nothing at all; empty if there is.
    """

    at_s: float
    pod: str
    models: Mapping[str, ModelCounters] = field(default_factory=dict)
    gpus: tuple[GpuReading, ...] = ()
    cpu_share: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    steps: tuple[str, ...] = ()
    without_batches: str = ""
    failure: str = ""

    @property
    def cache_hits(self) -> int:
        """Requests that a response cache answered since the server's start."""
        return sum(model.cache_hits for model in self.models.values())

    @property
    def cache_misses(self) -> int:
        """Requests that it could not answer."""
        return sum(model.cache_misses for model in self.models.values())

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON and MessagePack can carry; `from_fields` reads it."""
        fields = asdict(self)
        for model in fields["models"].values():
            model["batches"] = {str(size): each for size, each in model["batches"].items()}
        return fields

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        known = dict(fields)
        known["models"] = {
            name: ModelCounters.from_fields(model) for name, model in fields["models"].items()
        }
        known["gpus"] = tuple(GpuReading(**gpu) for gpu in fields["gpus"])
        known["steps"] = tuple(fields["steps"])
        return cls(**known)


_NOTHING = BatchCounters()


def _combined_batches(
    ours: Mapping[int, BatchCounters], theirs: Mapping[int, BatchCounters], sign: int
) -> dict[int, BatchCounters]:
    combined: dict[int, BatchCounters] = {}
    for size in sorted({*ours, *theirs}):
        one, other = ours.get(size, _NOTHING), theirs.get(size, _NOTHING)
        executions = one.executions + sign * other.executions
        if executions:
            combined[size] = BatchCounters(executions, one.compute_s + sign * other.compute_s)
    return combined
