"""A run, judged and put into its document: the same for the live run and for its raw samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.sightings import Sighting
from asr_loadtest.cluster.trend import Trend
from asr_loadtest.cluster.triton.readings import PodReading
from asr_loadtest.cluster.triton.server_timeline import ServerTimeline
from asr_loadtest.judgement.server_signs import NO_SIGNS, ServerSigns
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.judgement.slo_file import load_slo
from asr_loadtest.judgement.verdict import Verdict, conclude
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import Tally, tally_of
from asr_loadtest.report.autoscaler_assessment import (
    AutoscalerAssessment,
    assess_autoscaler,
    with_autoscaler,
)
from asr_loadtest.report.document import Document, document
from asr_loadtest.report.run_folder import RunReader
from asr_loadtest.report.server_sample import server_sample
from asr_loadtest.report.server_section import judged_span

__all__ = ["Assessment", "assess", "assess_again"]

# A queue that wanders by less than this holds nobody up, however sure it is that it wandered.
_NOTABLE_S = 0.05
_NOTABLE_PENDING = 2.0
_PROGRESS_EVERY = 10_000


@dataclass(frozen=True, slots=True)
class Assessment:
    """
    What a run came to.

    Attributes:
        verdict: In one sentence and one exit code.
        document: In every figure.
    """

    verdict: Verdict
    document: Document


def assess(  # noqa: PLR0913 - all that is known of a run
    info: RunInfo,
    tally: Tally,
    slo: Slo,
    health: Sequence[GeneratorReading] = (),
    pods: Iterable[PodReading] = (),
    *,
    sightings: Iterable[Sighting] = (),
    notes: Sequence[str] = (),
    verdict: Verdict | None = None,
) -> Assessment:
    """
    Judge a run and put it into its document.

    Args:
        info: What it was.
        tally: What came of its requests; counted by `slo.is_good`, from `info.warm_up_s` on.
        slo: What was to hold.
        health: How the generator was doing.
        pods: How the servers were doing; none if nobody looked.
        sightings: What the cluster did; none if it was not watched.
        notes: What is to be said beside the run's own notes.
        verdict: What it came to, if that is known already: it was not started.
    """
    looks = list(pods)
    server = ServerTimeline(looks, info.route.get("model", "")) if looks else None
    signs = _signs(server, tally)
    autoscaler, not_judged = _autoscaler(info, tally, sightings, server, signs)
    if verdict is None:
        verdict = conclude(tally, slo, info, health, signs)
        verdict = verdict if autoscaler is None else with_autoscaler(verdict, autoscaler)
    whole = document(
        info,
        tally,
        server=server,
        autoscaler=autoscaler,
        health=health,
        verdict=verdict,
        slo=slo,
        notes=(*notes, *not_judged),
    )
    return Assessment(verdict, whole)


def assess_again(
    reader: RunReader, slo: Slo | None = None, on_progress: Callable[[int], None] | None = None
) -> Assessment:
    """
    Do the same from a run's files.

    Args:
        reader: Of the run's folder.
        slo: What was to hold; None for the SLO that the run was given.
        on_progress: Told now and then how many samples have been read.

    Raises:
        ConfigError: If they hold what is none of a run.
    """
    info = reader.info
    slo = slo or (Slo.default() if reader.slo_path is None else load_slo(reader.slo_path))
    samples = _watched(reader.samples(), on_progress) if on_progress else reader.samples()
    tally = tally_of(samples, is_good=slo.is_good, warm_up_s=info.warm_up_s)
    health, pods = list(reader.generator()), list(reader.pods())
    sightings = list(reader.sightings())
    return assess(info, tally, slo, health, pods, sightings=sightings, notes=reader.notes)


def _autoscaler(
    info: RunInfo,
    tally: Tally,
    sightings: Iterable[Sighting],
    server: ServerTimeline | None,
    signs: ServerSigns,
) -> tuple[AutoscalerAssessment | None, tuple[str, ...]]:
    """Judge the autoscaler, if one was seen; else give what is to be said, if anything."""
    servers = None
    # A cluster that is played knows nothing of this load, and its servers are others.
    if server is not None and info.cluster_speed == 1:
        servers = server_sample(server, judged_span(tally), queue_grows=signs.queue_grows)
    try:
        return assess_autoscaler(sightings, tally, info.cluster_speed, servers), ()
    except ConfigError as error:  # a spec of a kind that we do not know: the load's verdict stands
        return None, (f"the autoscaler is not judged: {error.message}",)


def _watched(samples: Iterator[Sample], on_progress: Callable[[int], None]) -> Iterator[Sample]:
    for number, sample in enumerate(samples):
        if number % _PROGRESS_EVERY == 0:
            on_progress(number)
        yield sample


def _signs(server: ServerTimeline | None, tally: Tally) -> ServerSigns:
    """Give what the servers tell of their load while it was on."""
    if server is None:
        return NO_SIGNS
    span = judged_span(tally)
    overall, trend = server.overall(*span), server.queue_trend(*span)
    if overall is None:
        return NO_SIGNS
    queue_s, compute_s = overall.served.queue_s, overall.served.compute_s
    inside_s = (queue_s or 0.0) + (compute_s or 0.0)
    busiest = [gpu.utilization for gpu in overall.gpus if gpu.utilization is not None]
    return ServerSigns(
        queue_share=queue_s / inside_s if queue_s is not None and inside_s else None,
        queue_grows=_grows(trend.queue_s, _NOTABLE_S) or _grows(trend.pending, _NOTABLE_PENDING),
        pending_max=_most_pending(server, tally.timeline.width_s),
        gpu_utilization=max(busiest, default=None),
        replicas=len(server.totals(*span)) or None,
    )


def _grows(trend: Trend | None, notable: float) -> bool:
    """Tell whether something grew beyond chance, and by as much as matters."""
    return trend is not None and trend.rises and trend.change > max(notable, trend.mean / 2)


def _most_pending(server: ServerTimeline, width_s: float) -> float | None:
    """Give the most that waited in all pods together, in any window."""
    waiting: dict[int, float] = {}
    for window in server.windows(width_s):
        if window.served.pending is not None:
            number = int(window.until_s // width_s)
            waiting[number] = waiting.get(number, 0.0) + window.served.pending
    return max(waiting.values(), default=None)
