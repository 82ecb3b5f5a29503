"""A run that never was: a rising load on servers that queue, then refuse, behind a gateway."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.triton.readings import GpuReading, ModelCounters, PodReading
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo, WorkerInfo
from asr_loadtest.load.samples import Sample
from trace_timeline import load_trace, trace_sightings

__all__ = ["CLUSTER_SPEED", "SyntheticRun", "synthetic_run"]

CLUSTER_SPEED = 12.0
"""Of the recorded autoscaler that scales up under the load: 690 s of it in a run of a minute."""

_LONGEST_WAIT_S = 3.0
_LANGUAGES = ("hi", "ta", "bn", "te")


@dataclass(slots=True)
class _Server:
    """One at a time, in order; what would wait too long is refused."""

    name: str
    free_s: float = 0.0
    served: list[tuple[float, float, float]] = field(default_factory=list)

    def serve(self, at_s: float, work_s: float) -> float | None:
        """Give when it is done; None if it is refused."""
        wait_s = max(self.free_s - at_s, 0.0)
        if wait_s > _LONGEST_WAIT_S:
            return None
        self.free_s = at_s + wait_s + work_s
        self.served.append((self.free_s, wait_s, work_s))
        return self.free_s

    def reading(self, at_s: float) -> PodReading:
        """Tell what it had counted by then."""
        done = [each for each in self.served if each[0] <= at_s]
        waiting = sum(end - work - wait <= at_s < end - work for end, wait, work in self.served)
        busy = sum(work for end, _, work in self.served if at_s - 1 < end <= at_s)
        batch = 1 + min(waiting, 7)
        model = ModelCounters(
            success=len(done),
            inferences=len(done),
            executions=round(len(done) / (1 + min(len(done) / 400, 3))),
            request_s=sum(wait + work for _, wait, work in done),
            queue_s=sum(wait for _, wait, _ in done),
            compute_infer_s=sum(work for _, _, work in done),
            pending=waiting,
        )
        gpu = GpuReading("GPU-0", min(busy, 1.0), (4 << 30) + batch * (96 << 20), 16 << 30, 180.0)
        return PodReading(at_s=at_s, pod=self.name, models={"asr_am_ensemble": model}, gpus=(gpu,))


@dataclass(frozen=True, slots=True)
class SyntheticRun:
    """All that a run leaves behind; the cluster's part is a recording of a real one."""

    info: RunInfo
    samples: Sequence[Sample]
    pods: Sequence[PodReading]
    health: Sequence[GeneratorReading]
    sightings: Sequence[Sighting] = ()


def synthetic_run(
    *, duration_s: float = 120.0, rate_rps: float = 48.0, pods: int = 2, seed: int = 7
) -> SyntheticRun:
    """
    Make one, the same for the same arguments.

    Args:
        duration_s: The rate rises from a tenth of *rate_rps* to it within this.
        rate_rps: Each server does about 16 a second; the gateway lets 42 a second through.
        pods: Servers.
        seed: Of everything that is drawn.
    """
    draw = random.Random(seed)  # noqa: S311 - the same run each time is what is wanted
    servers = [_Server(f"asr-{number}") for number in range(pods)]
    samples: list[Sample] = []
    admitted: dict[int, int] = {}
    at_s = 0.0
    while True:
        at_s += draw.expovariate(rate_rps * (0.1 + 0.9 * at_s / duration_s))
        if at_s >= duration_s:
            break
        second = int(at_s)
        admitted[second] = admitted.get(second, 0) + 1
        is_limited = admitted[second] > 42
        samples.append(_sample(draw, len(samples), at_s, servers, is_limited=is_limited))
    recorded = [each for each in trace_sightings(load_trace("step-up")) if each.at_s >= 0]
    ended_s = max((sample.done_s or sample.intended_s for sample in samples), default=0.0)
    looks = range(int(ended_s) + 3)
    plan = {
        "arrivals": f"Poisson, ramp from {rate_rps / 10:g} to {rate_rps:g} req/s",
        "rate_rps": rate_rps * 0.55,
        "duration_s": duration_s,
        "warm_up_s": duration_s / 12,
        "seed": seed,
        "replicas": pods,
        "cluster_speed": CLUSTER_SPEED,
    }
    return SyntheticRun(
        replace(_info(samples), **plan, ended_s=round(ended_s, 6)),
        samples,
        [server.reading(float(at) - 0.2) for server in servers for at in looks],
        [_health(draw, float(at), worker) for at in looks for worker in range(2)],
        [replace(each, at_s=each.at_s / CLUSTER_SPEED) for each in recorded],
    )


def _sample(
    draw: random.Random, index: int, at_s: float, servers: list[_Server], *, is_limited: bool
) -> Sample:
    audio_s = round(min(draw.lognormvariate(1.4, 0.6), 30.0), 2)
    sent_s = at_s + draw.expovariate(1000)
    arrival = {
        "index": index,
        "intended_s": round(at_s, 6),
        "sent_s": round(sent_s, 6),
        "clip": f"clip-{index % 40}.flac",
        "language": draw.choice(_LANGUAGES),
        "audio_s": audio_s,
        "padded_s": round(audio_s + 0.3, 2),
        "worker": index % 2,
    }
    if is_limited:
        done_s = round(sent_s + 0.002, 6)
        return Sample(**arrival, outcome="rate_limited", done_s=done_s, detail="Kong answered 429")
    server = servers[index % len(servers)]
    done_s = server.serve(sent_s + 0.004, (0.02 + 0.008 * audio_s) * draw.uniform(0.8, 1.3))
    if done_s is None:
        detail = "Exceeds maximum queue size"
        refused_s = round(sent_s + 0.005, 6)
        return Sample(**arrival, outcome="overloaded", done_s=refused_s, detail=detail)
    gone = draw.random()
    if gone < 0.004:
        done_s, detail = round(sent_s + 5, 6), "no reply within 5 s"
        return Sample(**arrival, outcome="timeout", done_s=done_s, detail=detail)
    if gone < 0.006:
        done_s, detail = round(sent_s + 0.05, 6), "upstream prematurely closed <connection>"
        return Sample(**arrival, outcome="gateway_error", done_s=done_s, detail=detail)
    upstream_s = round(done_s - sent_s - 0.003, 3)
    return Sample(
        **arrival, outcome="ok", done_s=round(done_s, 6), gateway_s=0.001, upstream_s=upstream_s
    )


def _health(draw: random.Random, at_s: float, worker: int) -> GeneratorReading:
    return GeneratorReading(
        at_s=at_s,
        worker=worker,
        cpu_share=round(0.05 + 0.002 * at_s + draw.uniform(0, 0.03), 4),
        stall_s=round(draw.expovariate(400), 6),
        memory_bytes=(90 << 20) + draw.randrange(1 << 20),
        in_flight=int(2 + at_s / 4),
        connections=int(4 + at_s / 4),
    )


def _info(samples: Sequence[Sample]) -> RunInfo:
    return RunInfo(
        run_id="2025-01-31T12-00-00",
        started_unix_s=1738324800.0,
        host="https://asr.example.com",
        route={"protocol": "http", "contract": "ai4bharat", "model": "asr_am_ensemble"},
        profile="ramp",
        offered=len(samples),
        deadline_s=5.0,
        settings={"profile": "ramp", "connection": "max-age", "max_age_s": 60, "perturb": True},
        corpus={"source": "samples/speech", "clips": 40, "audio_s": 212.4, "digest": "3f0c"},
        workers=tuple(
            WorkerInfo(number, f"node-{number}", sum(each.worker == number for each in samples))
            for number in range(2)
        ),
        versions={"asr-client": "0.3.0", "Locust": "2.47.0", "Python": "3.11.7"},
        preflight=("the model is ready", "the key was accepted"),
        notes=("the connections end after a minute, give or take a fifth",),
        price_per_hour=2.4,
        gateway_limit_rps=42.0,
    )
