"""All readings of a run on one axis of time: what the servers did while the client asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from asr_loadtest.cluster.trend import SHORTEST_MEMORY_S, Trend, robust_trend
from asr_loadtest.cluster.triton.counters import PodHistory, Stretch, add_up, read_history
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.served import ServedModel, find_served
from asr_loadtest.cluster.triton.server_figures import ModelFigures, PodWindow, window_of
from asr_loadtest.cluster.triton.server_notes import count_doubts, notes_of, tells_of

__all__ = ["MemoryTrend", "QueueTrend", "ServedCount", "ServerTimeline"]

# A trend is fitted through so many windows, whatever the run's length.
_TREND_WINDOWS = 60


@dataclass(frozen=True, slots=True)
class QueueTrend:
    """
    Whether the server fell behind.

    Attributes:
        queue_s: Mean wait of the requests that were answered, in seconds.
        pending: Requests waiting, all pods together. Where a queue's length is limited, it stops
            growing there, and refusals begin.
    """

    queue_s: Trend | None
    pending: Trend | None

    @property
    def rises(self) -> bool:
        """Whether either grew, beyond chance."""
        return any(trend is not None and trend.rises for trend in (self.queue_s, self.pending))


@dataclass(frozen=True, slots=True)
class MemoryTrend:
    """
    How one memory filled; a leak rises steadily, with no other load on the machine.

    Attributes:
        pod: Whose.
        memory: "GPU <uuid>" or "machine" (its RAM: Triton tells nothing of its own process).
        trend: In bytes, since the last restart.
    """

    pod: str
    memory: str
    trend: Trend


@dataclass(frozen=True, slots=True)
class ServedCount:
    """
    Requests that the servers answered well, by their own count.

    Attributes:
        requests: How many; None where it cannot be known.
        doubts: Why it may be more or fewer, a sentence each.
    """

    requests: int | None
    doubts: tuple[str, ...] = ()


class ServerTimeline:
    """
    The servers of one run.

    Args:
        readings: Of all pods, in any order.
        model: The model under test; empty if it is not known, as behind a gateway's own URL.

    Attributes:
        histories: By pod, judged.
        served: The model under test, and what belongs to it.
        notes: What a reader must know of these figures, a sentence each, said once.
    """

    def __init__(self, readings: Iterable[PodReading], model: str = "") -> None:
        by_pod: dict[str, list[PodReading]] = {}
        for reading in readings:
            by_pod.setdefault(reading.pod, []).append(reading)
        self.histories: Mapping[str, PodHistory] = {
            pod: read_history(pod, by_pod[pod]) for pod in sorted(by_pod)
        }
        everything = [each for history in self.histories.values() for each in history.stretches]
        steps = next((each.after.steps for each in everything if each.after.steps), ())
        self.served: ServedModel = find_served(add_up(everything), model, steps)
        self.notes: tuple[str, ...] = notes_of(self.histories, model)
        self._model = model

    @property
    def pods(self) -> tuple[str, ...]:
        """All that were looked at."""
        return tuple(self.histories)

    @property
    def unusable(self) -> Mapping[str, str]:
        """Pods behind whose URL several servers answered, and how that showed."""
        return {pod: each.hop for pod, each in self.histories.items() if each.hop}

    def windows(self, width_s: float = 0.0) -> tuple[PodWindow, ...]:
        """
        Give figures over time, pod by pod.

        Args:
            width_s: What ends in [n * width_s, (n + 1) * width_s) is one window, whose own ends are
                those of its readings; 0 for one window from each reading to the next.
        """
        found: list[PodWindow] = []
        for pod, history in self.histories.items():
            groups: dict[float, list[Stretch]] = {}
            for number, stretch in enumerate(history.stretches):
                window = stretch.after.at_s // width_s if width_s else number
                groups.setdefault(window, []).append(stretch)
            found += [window_of({pod: group}, self.served) for group in groups.values()]
        return tuple(found)

    def totals(self, from_s: float = -inf, until_s: float = inf) -> tuple[PodWindow, ...]:
        """Give figures of each pod, from its first reading within these instants to its last."""
        return tuple(
            window_of({pod: stretches}, self.served)
            for pod, stretches in self._within(from_s, until_s).items()
        )

    def overall(self, from_s: float = -inf, until_s: float = inf) -> PodWindow | None:
        """Give figures of all pods together; None if nothing was read."""
        stretches = self._within(from_s, until_s)
        return window_of(stretches, self.served) if stretches else None

    def queue_trend(self, from_s: float = -inf, until_s: float = inf) -> QueueTrend:
        """Say whether queues grew; ask it for the steady part of a run."""
        stretches = self._within(from_s, until_s)
        waits: list[tuple[float, float]] = []
        pending: list[tuple[float, float]] = []
        for at_s, figures in self._in_windows(stretches):
            if figures.queue_s is not None:
                waits.append((at_s, figures.queue_s))
            if figures.pending is not None:
                pending.append((at_s, figures.pending))
        return QueueTrend(robust_trend(waits), robust_trend(pending))

    def memory_trends(self, from_s: float = -inf, until_s: float = inf) -> tuple[MemoryTrend, ...]:
        """
        Say how each memory that is told of filled; ask it for the steady part of a run.

        A server that was watched for less than a minute since its start has no such trend.
        """
        found: list[MemoryTrend] = []
        for pod, stretches in self._within(from_s, until_s).items():
            last = max((n for n, each in enumerate(stretches) if each.began_again), default=0)
            for memory, points in _memories(stretches[last:]).items():
                trend = robust_trend(points)
                if trend is not None and trend.span_s >= SHORTEST_MEMORY_S:
                    found.append(MemoryTrend(pod, memory, trend))
        return tuple(found)

    def served_count(self, from_s: float, until_s: float) -> ServedCount:
        """
        Count what was answered well, for `reconcile`.

        From each pod's last reading before *from_s* to its very last: counters may lag behind the
        replies by some milliseconds.

        Args:
            from_s: The first request was sent no earlier.
            until_s: The last reply had come by then.
        """
        doubts = count_doubts(self.histories, from_s, until_s)
        if self.unusable or not tells_of(self.histories, self._model):
            return ServedCount(None, doubts)
        stretches = (
            each
            for history in self.histories.values()
            for each in history.stretches
            if each.after.at_s > from_s
        )
        counters = add_up(stretches).get(self.served.name)
        return ServedCount(None if counters is None else counters.success, doubts)

    def _within(self, from_s: float, until_s: float) -> dict[str, list[Stretch]]:
        kept = {
            pod: [
                each
                for each in history.stretches
                if each.before.at_s >= from_s and each.after.at_s <= until_s
            ]
            for pod, history in self.histories.items()
        }
        return {pod: stretches for pod, stretches in kept.items() if stretches}

    def _in_windows(
        self, stretches: Mapping[str, Sequence[Stretch]]
    ) -> list[tuple[float, ModelFigures]]:
        """Cut all pods' time into windows in each of which every pod has readings."""
        every = [each for of_pod in stretches.values() for each in of_pod]
        if not every:
            return []
        first_s = min(each.before.at_s for each in every)
        span_s = max(each.after.at_s for each in every) - first_s
        apart_s = median(each.after.at_s - each.before.at_s for each in every)
        width_s = max(span_s / _TREND_WINDOWS, 2 * apart_s)
        groups: dict[int, dict[str, list[Stretch]]] = {}
        for pod, of_pod in stretches.items():
            for each in of_pod:
                number = int((each.after.at_s - first_s) / width_s)
                groups.setdefault(number, {}).setdefault(pod, []).append(each)
        windows = [window_of(groups[number], self.served) for number in sorted(groups)]
        return [((each.from_s + each.until_s) / 2, each.served) for each in windows]


def _memories(stretches: Sequence[Stretch]) -> dict[str, list[tuple[float, float]]]:
    points: dict[str, list[tuple[float, float]]] = {}
    for reading in (stretch.after for stretch in stretches):
        used = {f"GPU {gpu.uuid}": gpu.memory_used_bytes for gpu in reading.gpus}
        for memory, size in (used | {"machine": reading.memory_used_bytes}).items():
            if size is not None:
                points.setdefault(memory, []).append((reading.at_s, float(size)))
    return points
