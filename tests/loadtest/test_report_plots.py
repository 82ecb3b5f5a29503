"""Plots: axes that people read, paths that are the figures, and text that stays text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from asr_loadtest.report.plots.chart import Chart, Series, TimeAxis
from asr_loadtest.report.plots.curve import Curve, CurveLine
from asr_loadtest.report.plots.frame import Limit
from asr_loadtest.report.plots.scales import (
    Scale,
    linear_scale,
    log_scale,
    time_label,
    time_ticks,
)
from asr_loadtest.report.plots.svg import area, element, label, line
from asr_loadtest.report.wording import UNKNOWN, say, say_together

AXIS = TimeAxis(0.0, 4.0)


def labels(scale: Scale) -> list[str]:
    """The ticks as they are."""
    return [f"{tick:g}" for tick in scale.ticks]


def series(*values: float | None, at_s: tuple[float, ...] = (0, 1, 2, 3)) -> Series:
    """A series of windows of a second."""
    return Series(label="one", at_s=at_s, values=values, colour="ok", width_s=1.0)


def path(svg: str, kind: str) -> list[str]:
    """The path data of one class."""
    return re.findall(rf'<path d="([^"]*)" class="{kind}"', svg)


# --- scales


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0.0, (0, 0.25, 0.5, 0.75, 1)),
        (3.0, (0, 1, 2, 3)),
        (9.7, (0, 2.5, 5, 7.5, 10)),
        (65.0, (0, 20, 40, 60, 80)),
        (0.3, (0, 0.1, 0.2, 0.3)),
        (1e6, (0, 250_000, 500_000, 750_000, 1_000_000)),
    ],
)
def test_linear_axis_ends_at_a_round_number(most: float, ticks: tuple[float, ...]) -> None:
    """From 0, in steps of 1, 2, 2.5 or 5, to no less than the largest value."""
    assert linear_scale(most).ticks == ticks


def test_binary_axis_has_round_numbers_of_gibibytes() -> None:
    """Memory is counted in powers of 1024."""
    assert linear_scale(4.7 * 2**30, is_binary=True).ticks == (0, 2 * 2**30, 4 * 2**30, 6 * 2**30)


def test_log_axis_spans_the_values() -> None:
    """Over two decades 1, 2 and 5 are told; over more, the powers alone."""
    assert log_scale(0.02, 1.2).ticks == (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    assert log_scale(0.003, 30.0).ticks == (0.01, 0.1, 1.0, 10.0)
    assert log_scale(1.0, 1.0).ticks == (1.0, 2.0, 5.0, 10.0)


def test_log_axis_places_ratios_evenly() -> None:
    """Ten times as much is as far on, wherever; what is below the axis is at its start."""
    scale = log_scale(0.01, 100.0)
    places = [scale.place(value) for value in (0.0, 0.01, 0.1, 1.0, 10.0, 100.0, 1e9)]
    assert places == pytest.approx([0, 0, 0.25, 0.5, 0.75, 1, 1])


@pytest.mark.parametrize(
    ("end_s", "last"),
    [(0.4, "0.4 s"), (20.0, "20 s"), (125.0, "2:00"), (3000.0, "50:00"), (90_000.0, "24:00:00")],
)
def test_time_is_counted_as_people_do(end_s: float, last: str) -> None:
    """Tenths, seconds, minutes, hours; about ten labels at most."""
    ticks = time_ticks(0.0, end_s, 10)
    assert 3 <= len(ticks) <= 12
    assert time_label(ticks[-1], end_s) == last


# --- drawing


def test_line_breaks_where_a_value_is_missing() -> None:
    """A gap is no straight line across it, and a lone point is still seen."""
    assert line([(0, 1), (2, 3), None, (4, 5.04), None]) == "M0 1L2 3M4 5h0.1"
    assert line([]) == ""


def test_area_goes_forth_and_back() -> None:
    """Along its upper edge, and back along the lower."""
    assert area([(0, 0), (1, 0)], [(0, 9), (1, 9)]) == "M0 0L1 0L1 9L0 9Z"


def test_text_stays_text() -> None:
    """Names from outside cannot become elements or end an attribute."""
    assert label("<b>&", x="1") == '<text x="1">&lt;b&gt;&amp;</text>'
    assert element("g", aria_label='"><script>') == '<g aria-label="&quot;&gt;&lt;script&gt;"/>'


def test_lines_are_the_values() -> None:
    """Each window's value at its middle, on an axis from 0 to a round number."""
    chart = Chart(title="t", axis=AXIS, lines=[series(0, 5, None, 10)], labels=labels, height=100)
    assert path(chart.draw(), "line") == ["M125 100L375 50M875 0h0.1"]


def test_stacks_add_up() -> None:
    """The second begins where the first ends; each window keeps its amount over its width."""
    chart = Chart(
        title="t",
        axis=TimeAxis(0.0, 2.0),
        stack=[series(5, 0, at_s=(0, 1)), series(5, 2, at_s=(0, 1))],
        labels=labels,
        height=100,
    )
    assert path(chart.draw(), "area") == [
        "M0 50L500 50L500 100L1000 100L1000 100L500 100L500 100L0 100Z",
        "M0 0L500 0L500 80L1000 80L1000 100L500 100L500 50L0 50Z",
    ]


def test_axis_reaches_to_a_near_limit_and_not_to_a_far_one() -> None:
    """A limit a hundred times above all values would press them flat."""
    for value, high in ((25.0, 30.0), (1000.0, 10.0)):
        limits = [Limit(value, "limit")]
        chart = Chart(title="t", axis=AXIS, lines=[series(10)], labels=labels, limits=limits)
        assert chart.y_scale.high == high


def test_axis_is_of_ratios_only_where_values_are_far_apart() -> None:
    """One spike of a hundred times the usual makes it so, if it may be."""
    spiky = [series(0.1, 0.1, 0.1, 10.0)]
    assert Chart(title="t", axis=AXIS, lines=spiky, labels=labels, may_be_log=True).y_scale.is_log
    assert not Chart(title="t", axis=AXIS, lines=spiky, labels=labels).y_scale.is_log


def test_warm_up_is_shaded() -> None:
    """From the start to its end, and not where there was none."""
    axis = TimeAxis(0.0, 4.0, warm_up_s=1.0)
    svg = Chart(title="t", axis=axis, lines=[series(1, 2, 3, 4)], labels=labels).draw()
    assert '<rect class="band" x="0%" y="0" width="25%"' in svg
    assert (
        "band" not in Chart(title="t", axis=AXIS, lines=[series(1, 2, 3, 4)], labels=labels).draw()
    )


def test_drawing_is_well_formed() -> None:
    """It parses as XML, and says what it shows to those who cannot see it."""
    chart = Chart(title='a "title" <&>', axis=AXIS, lines=[series(1, 2, 3, 4)], labels=labels)
    root = ET.fromstring(chart.draw())  # noqa: S314 - made a line above
    assert root.attrib["aria-label"] == 'a "title" <&>'


def test_curve_gives_each_nine_the_same_room() -> None:
    """Half a nine is kept for the slowest; the limit is drawn across."""
    points = [(0.0, 1.0), (0.9, 2.0), (0.99, 4.0), (1.0, 4.0)]
    curve = Curve(
        title="t",
        lines=[CurveLine("one", points, "ok")],
        labels=labels,
        limits=[Limit(3.0, "p99 limit")],
        height=100,
    )
    svg = curve.draw()
    assert path(svg, "line") == ["M0 75L400 50L800 0L1000 0"]
    assert re.findall(r">([^<]*)</text>", svg) == [
        *("0", "1", "2", "3", "4"),
        *("fastest", "50 %", "90 %", "99 %", "slowest"),
        "p99 limit",
    ]


# --- words


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "s", UNKNOWN),
        (0.0, "s", "0 s"),
        (0.0000421, "s", "42.1 µs"),
        (0.2254, "s", "225 ms"),
        (3.096, "s", "3.1 s"),
        (754.2, "s", "754 s"),
        (90.0, "audio_s", "1.5 min"),
        (41.26, "rps", "41.3/s"),
        (12345.6, "rps", "12 346/s"),
        (0.9997, "share", "99.97 %"),
        (0.99999, "share", "99.99 %"),
        (1.0, "share", "100 %"),
        (0.0123, "share", "1.23 %"),
        (1234567, "count", "1 234 567"),
        (4.75 * 2**30, "bytes", "4.75 GiB"),
        (-3.2 * 2**20, "bytes", "-3.2 MiB"),
        (18.7, "x", "18.7 \N{MULTIPLICATION SIGN}"),
    ],
)
def test_figures_in_words(value: float | None, unit: str, words: str) -> None:
    """Three digits that count, and the unit that fits; nearly all is never all."""
    said = say(value, unit)  # type: ignore[arg-type]  # a parameter's type
    assert said.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ") == words


def test_figures_of_an_axis_share_their_unit() -> None:
    """Half a second beside two is 0.5 s, not 500 ms."""
    assert say_together((0.0, 0.5, 2.0), "s") == ["0", "0.5\u00a0s", "2\u00a0s"]
    assert say_together((), "s") == []
