"""The plots of the page, with their legends; those over time share one axis."""

from __future__ import annotations

import json
from collections.abc import Callable

from asr_loadtest.report.document import Document
from asr_loadtest.report.page.markup import look_up, tag, text
from asr_loadtest.report.page.plot import Line, Plot
from asr_loadtest.report.page.plot_list import latency_limits, plots_of
from asr_loadtest.report.plots.chart import Chart, Series, TimeAxis
from asr_loadtest.report.plots.curve import Curve, CurveLine
from asr_loadtest.report.plots.scales import Scale
from asr_loadtest.report.wording import FigureUnit, say, say_together

__all__ = ["curve_plot", "time_plots", "timeline_data"]


def time_plots(document: Document) -> str:
    """Give all plots over time; empty where nothing happened."""
    axis = _axis(document)
    if axis is None:
        return ""
    figures = [_figure(document, axis, plot) for plot in plots_of(document)]
    span = {"data_start": axis.start_s, "data_end": axis.end_s}
    return tag("div", *figures, class_="plots", id="plots", **span)


def curve_plot(document: Document) -> str:
    """Give the distribution of response times beside that of service times."""
    latency = document["latency"]
    lines = [
        CurveLine("from the intended start", latency["response_curve"], "p99"),
        CurveLine("from the sending", latency["service_curve"], "ok", is_dashed=True),
    ]
    if not all(line.points for line in lines):
        return ""
    curve = Curve(
        title="Response times, from the fastest to the slowest",
        lines=lines,
        labels=_labels("s"),
        limits=latency_limits(document),
    )
    legend = (_key(line.label, line.colour, is_dashed=line.is_dashed) for line in lines)
    about = "Where the lines part, requests waited in the generator or for a place."
    return _framed("From the fastest to the slowest", about, "".join(legend), curve.draw())


def timeline_data(document: Document) -> str:
    """Give what the script reads values from; nothing in it can end the element that holds it."""
    server, autoscaler = document["server"], document["autoscaler"]
    data = {
        "timeline": document["timeline"],
        "server": {"timeline": server["timeline"]} if server else None,
        "autoscaler": {"timeline": autoscaler["timeline"]} if autoscaler else None,
    }
    raw = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return tag("script", raw, type="application/json", id="data")


def _axis(document: Document) -> TimeAxis | None:
    timeline = document["timeline"]
    starts = timeline["start_s"]
    if not starts:
        return None
    return TimeAxis(starts[0], starts[-1] + timeline["width_s"], document["run"]["warm_up_s"])


def _figure(document: Document, axis: TimeAxis, plot: Plot) -> str:
    chart = Chart(
        title=f"{plot.title}. {plot.about}",
        axis=axis,
        lines=[_series(document, line) for line in plot.lines],
        stack=[_series(document, line) for line in plot.stack],
        labels=_labels(plot.unit),
        limits=plot.limits,
        may_be_log=plot.may_be_log,
        full=plot.full,
        is_binary=plot.unit == "bytes",
    )
    if not any(series.known for series in (*chart.lines, *chart.stack)):
        return ""
    shown = [*plot.lines, *reversed(plot.stack)]
    legend = "".join(
        _key(
            line.label,
            line.colour,
            tag("output", data_series=line.path, data_unit=plot.unit),
            is_dashed=line.is_dashed,
        )
        for line in shown
    )
    scale = " Log scale." if chart.y_scale.is_log else ""
    kind = "half" if plot.is_half else None
    return _framed(plot.title, plot.about + scale, legend, chart.draw(), kind)


def _series(document: Document, line: Line) -> Series:
    has_own_times = not line.path.startswith("timeline.")
    times = f"{line.path.rsplit('.', 1)[0]}.at_s" if has_own_times else "timeline.start_s"
    return Series(
        label=line.label,
        at_s=look_up(document, times),
        values=look_up(document, line.path),
        colour=line.colour,
        width_s=0.0 if has_own_times else document["timeline"]["width_s"],
        is_dashed=line.is_dashed,
    )


def _labels(unit: FigureUnit) -> Callable[[Scale], list[str]]:
    def label(scale: Scale) -> list[str]:
        if scale.is_log:
            return [say(tick, unit) for tick in scale.ticks]
        return say_together(scale.ticks, unit)

    return label


def _key(label: str, colour: str, *readout: str, is_dashed: bool = False) -> str:
    kind = "swatch dashed" if is_dashed else "swatch"
    return tag(
        "span",
        tag("i", class_=kind, style=f"--c:var(--{colour})"),
        text(label),
        *readout,
        class_="key",
    )


def _framed(title: str, about: str, legend: str, drawing: str, kind: str | None = None) -> str:
    return tag(
        "figure",
        tag("figcaption", tag("h3", text(title)), tag("p", text(about))),
        tag("div", legend, class_="legend"),
        tag("div", drawing, class_="canvas"),
        class_=kind,
    )
