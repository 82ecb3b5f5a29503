"""A server whose counters follow what a test says it did: readings without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from asr_loadtest.cluster.triton.readings import BatchCounters, ModelCounters, PodReading

__all__ = ["CountingServer"]


class CountingServer:
    """
    Counts as Triton counts, over one model or several.

    Args:
        pod: Its name in readings.
        done: Requests that it had answered before the test begins.
        model: The model that `serve` and `reading` mean when they name none.
    """

    def __init__(self, pod: str = "pod-1", done: int = 0, model: str = "asr") -> None:
        self.pod = pod
        self._model = model
        self._models: dict[str, ModelCounters] = {model: ModelCounters()}
        self.serve(done)

    def serve(
        self,
        requests: int = 1,
        *,
        queue_s: float = 0.1,
        compute_s: float = 0.5,
        batch: int = 1,
        model: str = "",
    ) -> None:
        """Answer requests, each of which waits and is computed so long, so many at once."""
        executions = requests // batch
        served = ModelCounters(
            success=requests,
            inferences=requests,
            executions=executions,
            request_s=requests * (queue_s + compute_s),
            queue_s=requests * queue_s,
            compute_infer_s=requests * compute_s,
            batches={batch: BatchCounters(executions, executions * compute_s)} if requests else {},
        )
        name = model or self._model
        self._models[name] = self._models.get(name, ModelCounters()).plus(served)

    def restart(self) -> None:
        """Forget everything, as a new process does."""
        self._models = {name: ModelCounters() for name in self._models}

    def reading(self, at_s: float, *, pending: int = 0, pod: str = "", **others: Any) -> PodReading:
        """Look; *others* are fields of the reading."""
        models = {
            name: replace(counters, pending=pending if name == self._model else 0)
            for name, counters in self._models.items()
        }
        return PodReading(at_s=at_s, pod=pod or self.pod, models=models, **others)
