"""What stretches between readings say of a server: rates, queues, computing, batches, GPUs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from asr_loadtest.cluster.triton.counters import Stretch, add_up
from asr_loadtest.cluster.triton.readings import GpuReading, ModelCounters
from asr_loadtest.cluster.triton.served import ServedModel

__all__ = ["ModelFigures", "PodWindow", "window_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """
    One model, or the served one with its parts, over some time.

    Attributes:
        requests: Answered well; failures: failed, as far as Triton counts that.
        requests_per_s: Answered well, per second.
        queue_s: Mean time that those waited; None without any.
        compute_s: Mean time that they were computed: input, inference, output.
        batch: Mean batch size: rows per execution. Of the part that computes longest, where there
            are several.
        batches: Executions by batch size, of the same model; empty if not read.
        busy: Executions going on at once, on average; None if batches were not read.
        pending: Requests that waited at an instant, mean of the readings; None if not told.
    """

    requests: int = 0
    failures: int = 0
    requests_per_s: float = 0.0
    queue_s: float | None = None
    compute_s: float | None = None
    batch: float | None = None
    batches: Mapping[int, int] = field(default_factory=dict)
    busy: float | None = None
    pending: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodWindow:
    """
    One server, or several together, over some time.

    Attributes:
        pod: Its name; empty for several together.
        from_s: From this instant, in seconds since the run's zero,
        until_s: to this one: the readings' own.
        served: The served model with its parts.
        models: Each model by itself.
        gpus: By uuid: mean utilisation and power, most memory used.
        cpu_share: Mean of the machine's CPU; memory_used_bytes: most RAM used, of
            memory_total_bytes. None for several servers together.
        cache_hits: Requests that a response cache answered.
    """

    pod: str
    from_s: float
    until_s: float
    served: ModelFigures
    models: Mapping[str, ModelFigures]
    gpus: tuple[GpuReading, ...] = ()
    cpu_share: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    cache_hits: int = 0


def window_of(stretches: Mapping[str, Sequence[Stretch]], served: ServedModel) -> PodWindow:
    """
    Sum up.

    Args:
        stretches: By pod; at least one pod, and each has some.
        served: The model under test.
    """
    every = [each for of_pod in stretches.values() for each in of_pod]
    from_s = min(each.before.at_s for each in every)
    until_s = max(each.after.at_s for each in every)
    span_s = until_s - from_s
    grown = add_up(every)
    pending = _pending(stretches.values(), grown)
    return PodWindow(
        pod="" if len(stretches) > 1 else next(iter(stretches)),
        from_s=from_s,
        until_s=until_s,
        served=_figures(grown, served.name, served.parts, span_s, pending),
        models={
            name: _figures(grown, name, (name,), span_s, pending)
            for name, counters in grown.items()
            if counters.success or counters.executions or pending[name]
        },
        gpus=tuple(gpu for of_pod in stretches.values() for gpu in _gpus(of_pod)),
        cache_hits=sum(counters.cache_hits for counters in grown.values()),
        **(_machine(every) if len(stretches) == 1 else {}),
    )


def _figures(
    grown: Mapping[str, ModelCounters],
    name: str,
    parts: Sequence[str],
    span_s: float,
    pending: Mapping[str, float | None],
) -> ModelFigures:
    nothing = ModelCounters()
    whole = grown.get(name, nothing)
    of_parts = [grown.get(part, nothing) for part in parts]
    longest = max(of_parts, key=lambda part: part.compute_s)
    waiting = [n for part in parts if (n := pending.get(part)) is not None]
    return ModelFigures(
        requests=whole.success,
        failures=sum(whole.failures.values()),
        requests_per_s=whole.success / span_s if span_s else 0.0,
        queue_s=_sum(part.queue_s / part.success for part in of_parts if part.success),
        compute_s=_sum(part.compute_s / part.success for part in of_parts if part.success),
        batch=longest.inferences / longest.executions if longest.executions else None,
        batches={size: batch.executions for size, batch in longest.batches.items()},
        busy=_sum(_busy(part, span_s) for part in of_parts if part.batches and span_s),
        pending=_sum(waiting),
    )


def _busy(part: ModelCounters, span_s: float) -> float:
    """Give its executions at once; where batches were not always read, the known ones stand in."""
    counted = sum(batch.executions for batch in part.batches.values())
    spent_s = sum(batch.compute_s for batch in part.batches.values())
    return part.executions * spent_s / counted / span_s


def _pending(pods: Collection[Sequence[Stretch]], names: Iterable[str]) -> dict[str, float | None]:
    """Give each model's mean of what waited, all pods together."""
    means: dict[str, float | None] = {}
    for name in names:
        of_pods = [[each.grown[name].pending for each in pod if name in each.grown] for pod in pods]
        known = [mean for of_pod in of_pods if (mean := _mean(of_pod)) is not None]
        means[name] = sum(known) if known else None
    return means


def _gpus(stretches: Sequence[Stretch]) -> list[GpuReading]:
    readings: dict[str, list[GpuReading]] = {}
    for stretch in stretches:
        for gpu in stretch.after.gpus:
            readings.setdefault(gpu.uuid, []).append(gpu)
    return [
        GpuReading(
            uuid,
            utilization=_mean(gpu.utilization for gpu in each),
            memory_used_bytes=_most(gpu.memory_used_bytes for gpu in each),
            memory_total_bytes=_most(gpu.memory_total_bytes for gpu in each),
            power_w=_mean(gpu.power_w for gpu in each),
        )
        for uuid, each in readings.items()
    ]


def _machine(stretches: Sequence[Stretch]) -> dict[str, Any]:
    readings = [stretch.after for stretch in stretches]
    return {
        "cpu_share": _mean(reading.cpu_share for reading in readings),
        "memory_used_bytes": _most(reading.memory_used_bytes for reading in readings),
        "memory_total_bytes": _most(reading.memory_total_bytes for reading in readings),
    }


def _sum(values: Iterable[float]) -> float | None:
    known = list(values)
    return sum(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
