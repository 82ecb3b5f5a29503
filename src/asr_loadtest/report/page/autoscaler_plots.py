"""Replicas and what the autoscaler goes by, under the load's curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.plot import Line, Plot
from asr_loadtest.report.plots.frame import Limit
from asr_loadtest.report.wording import say

__all__ = ["autoscaler_plots"]

_COLOURS = ("ok", "pod2", "p99", "sent")


def autoscaler_plots(document: Document) -> Iterator[Plot]:
    """Give the plots of the watched cluster; none where there was none."""
    autoscaler = document["autoscaler"]
    if autoscaler is None:
        return
    limits = [
        Limit(autoscaler["spec"][name], f"{name} {autoscaler['spec'][name]}")
        for name in ("minimum", "maximum")
    ]
    yield Plot(
        title="Replicas",
        about="Wanted, by the Deployment; ready pods; and what the autoscaler decided.",
        unit="plain",
        lines=[
            Line("wanted", "autoscaler.timeline.replicas.wanted", "sent"),
            Line("ready", "autoscaler.timeline.replicas.ready", "good"),
            Line("decided", "autoscaler.timeline.replicas.desired", "offered", is_dashed=True),
        ],
        limits=limits,
    )
    yield from _of_metrics(autoscaler["timeline"]["metrics"])


def _of_metrics(metrics: list[Mapping[str, Any]]) -> Iterator[Plot]:
    """Give the shares on one axis, and each amount on its own."""
    shares = [(n, each) for n, each in enumerate(metrics) if each["unit"] == "share"]
    if shares:
        yield Plot(
            title="What the autoscaler goes by",
            about="Mean of the ready pods, as a share of their requests, as its status had it.",
            unit="share",
            lines=[_line(number, each) for number, each in shares],
            limits=[_limit(each) for _, each in shares],
        )
    for number, each in enumerate(metrics):
        if each["unit"] != "share":
            yield Plot(
                title=f"Metric {each['label']}",
                about="As the autoscaler's status had it.",
                unit="plain",
                lines=[_line(number, each)],
                limits=[_limit(each)],
                is_half=True,
            )


def _line(number: int, metric: Mapping[str, Any]) -> Line:
    path = f"autoscaler.timeline.metrics.{number}.value"
    return Line(metric["label"], path, _COLOURS[number % len(_COLOURS)])


def _limit(metric: Mapping[str, Any]) -> Limit:
    target = metric["target"]
    return Limit(target, f"{metric['label']} target {say(target, metric['unit'])}")
