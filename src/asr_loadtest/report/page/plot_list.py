"""Which series stand together, and what their axes say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from asr_loadtest.load.outcomes import OUTCOMES
from asr_loadtest.report.document import Document
from asr_loadtest.report.page.autoscaler_plots import autoscaler_plots
from asr_loadtest.report.page.plot import Line, Plot
from asr_loadtest.report.plots.frame import Limit
from asr_loadtest.report.wording import say

__all__ = ["latency_limits", "plots_of"]

_POD_COLOURS = 6
_MEAN = "Mean of each request."
_BY_TRITON = "As Triton tells it."


_OF_SEVERAL: Mapping[str, Plot] = {
    "requests_rps": Plot(title="Requests by server", about="Answered well, a second.", unit="rps"),
    "queue_s": Plot(title="Waiting in the queue", about=_MEAN, unit="s", is_half=True),
    "compute_s": Plot(title="Being computed", about=_MEAN, unit="s", is_half=True),
}
_OF_PODS: Mapping[str, Plot] = {
    "batch": Plot(title="Batch size", about="Rows an execution.", unit="plain", is_half=True),
    "pending": Plot(
        title="Queue length", about="Requests waiting at an instant.", unit="plain", is_half=True
    ),
    "gpu_utilization": Plot(title="GPU", about=_BY_TRITON, unit="share", full=1.0, is_half=True),
    "gpu_memory_bytes": Plot(title="GPU memory", about=_BY_TRITON, unit="bytes", is_half=True),
}


def plots_of(document: Document) -> Iterator[Plot]:
    """Give all plots over time, in the order of the page; some may have nothing to show."""
    yield from _of_load(document)
    yield from autoscaler_plots(document)
    yield from _of_server(document)
    yield from _of_gateway(document)
    yield Plot(
        title="Speed",
        is_half=True,
        about="RTFx: seconds of audio per second of response.",
        unit="x",
        lines=[
            Line("half are faster", "timeline.rtfx_p50", "ok"),
            Line("95 % are faster", "timeline.rtfx_p5", "p99"),
        ],
        may_be_log=True,
    )
    yield Plot(
        title="Speech carried",
        is_half=True,
        about="Seconds of audio answered well in each second: so many may speak at once.",
        unit="plain",
        lines=[Line("audio s/s", "timeline.audio_s_per_s", "good")],
    )
    yield from _of_generator()


def _of_load(document: Document) -> Iterator[Plot]:
    yield Plot(
        title="Load",
        about="Requests a second.",
        unit="rps",
        lines=[
            Line("sent", "timeline.sent_rps", "sent"),
            Line("ok", "timeline.ok_rps", "ok"),
            Line("good (ok within the SLO)", "timeline.good_rps", "good"),
            # On top: what was sent mostly hides it, and where it does not is of interest.
            Line("offered", "timeline.offered_rps", "offered", is_dashed=True),
        ],
    )
    yield Plot(
        title="Response time",
        about="Of ok replies, by when they came; from the intended start.",
        unit="s",
        lines=[
            Line("p50", "timeline.response_p50_s", "ok"),
            Line("p99", "timeline.response_p99_s", "p99"),
        ],
        limits=latency_limits(document),
        may_be_log=True,
    )
    classes = document["timeline"]["not_ok_rps"]
    if classes:
        yield Plot(
            title="Refusals and failures",
            about="A second, by class.",
            unit="rps",
            stack=[
                Line(outcome.replace("_", " "), f"timeline.not_ok_rps.{outcome}", outcome)
                for outcome in OUTCOMES
                if outcome in classes
            ],
        )


def _of_server(document: Document) -> Iterator[Plot]:
    pods = (document["server"] or {}).get("timeline", [])
    if not pods:
        return
    if len(pods) == 1:
        lines = [
            Line("waiting in the queue", "server.timeline.0.queue_s", "p99"),
            Line("being computed", "server.timeline.0.compute_s", "ok"),
        ]
        about = "Mean of each request, by the server's own counters."
        yield Plot(title="Inside the server", about=about, unit="s", lines=lines, may_be_log=True)
    plots = _OF_PODS if len(pods) == 1 else {**_OF_SEVERAL, **_OF_PODS}
    for name, plot in plots.items():
        yield _by_pod(pods, name, plot)


def _by_pod(pods: Sequence[dict[str, Any]], name: str, plot: Plot) -> Plot:
    """Add a line for each pod that tells of *name*."""
    lines = [
        Line(pod["pod"], f"server.timeline.{number}.{name}", f"pod{number % _POD_COLOURS}")
        for number, pod in enumerate(pods)
        if any(value is not None for value in pod[name])
    ]
    return replace(plot, lines=lines)


def _of_gateway(document: Document) -> Iterator[Plot]:
    if document["gateway"] is not None:
        yield Plot(
            title="As the gateway saw it",
            about=document["gateway"]["caveat"],
            unit="s",
            lines=[
                Line("upstream p50", "timeline.upstream_p50_s", "ok"),
                Line("proxy p50", "timeline.gateway_p50_s", "pod2"),
            ],
            may_be_log=True,
        )


def _of_generator() -> Iterator[Plot]:
    yield Plot(
        title="The generator's lateness",
        about="If it is late, the figures are about it.",
        unit="s",
        lines=[
            Line("lag p99", "timeline.lag_p99_s", "p99"),
            Line("longest stall", "timeline.generator.stall_s", "sent"),
        ],
        may_be_log=True,
    )
    yield Plot(
        title="The generator's CPU",
        is_half=True,
        about="Of its busiest process, as a share of one core.",
        unit="share",
        lines=[Line("CPU", "timeline.generator.cpu_share", "pod2")],
        full=1.0,
    )
    yield Plot(
        title="Under way",
        is_half=True,
        about="Requests in flight, and connections open.",
        unit="plain",
        lines=[
            Line("in flight", "timeline.generator.in_flight", "ok"),
            Line("connections", "timeline.generator.connections", "sent"),
        ],
    )


def latency_limits(document: Document) -> list[Limit]:
    """Give the SLO's limits on response times, in seconds."""
    limits = document["slo"]["limits"]
    return [
        Limit(limits[f"{name}_ms"] / 1000, f"{name} limit {say(limits[f'{name}_ms'] / 1000, 's')}")
        for name in ("p50", "p95", "p99", "p999")
        if f"{name}_ms" in limits
    ]
