"""Live lines: what is offered, what comes of it, who is slow; every two seconds."""

from __future__ import annotations

import itertools
import time
from typing import Self

import gevent

from asr_loadtest.cluster.kubernetes.sightings import DeploymentSeen
from asr_loadtest.engine.measuring.measurement import Measurement
from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.outcomes import count_failed, count_refused
from asr_loadtest.load.timeline import Window

__all__ = ["LEGEND", "LiveLines"]

_EVERY_S = 2.0
_LINES_A_HEADER = 20

LEGEND = (
    "per second, of what ended: offered, sent, ok, good (ok within the SLO), refused, failed. "
    "Of what was ok:\nresponse times from the intended start. In flight: what has not ended. "
    "lag: what this generator\nadded, p99; an invalid measurement shows here first. "
    "pods: ready of those wanted, where a\ncluster is watched."
)
_COLUMNS = (
    ("time", 8),
    ("offered", 9),
    ("sent", 8),
    ("ok", 8),
    ("good", 8),
    ("refused", 9),
    ("failed", 8),
    ("in flight", 11),
    ("p50 ms", 9),
    ("p99 ms", 9),
    ("lag ms", 8),
    ("RTFx", 8),
    ("pods", 7),
)
_HEADER = "".join(name.rjust(width) for name, width in _COLUMNS)


class LiveLines:
    """Prints a line every two seconds, within a `with` block."""

    def __init__(self, measurement: Measurement) -> None:
        self._measurement = measurement
        self._greenlet: gevent.Greenlet | None = None

    def __enter__(self) -> Self:
        self._greenlet = gevent.spawn(self._print)
        return self

    def __exit__(self, *_: object) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def _print(self) -> None:
        began_s = last_s = time.monotonic()
        for number in itertools.count():
            if number % _LINES_A_HEADER == 0:
                print(_HEADER, flush=True)
            gevent.sleep(_EVERY_S)
            now_s = time.monotonic()
            print(self._line(now_s - began_s, now_s - last_s), flush=True)
            last_s = now_s

    def _line(self, at_s: float, over_s: float) -> str:
        """
        Write one line.

        Args:
            at_s: The run's time.
            over_s: Seconds since the last one.
        """
        window = self._measurement.recent()
        cells = (
            f"{at_s:.0f} s",
            *(f"{count / over_s:.1f}" for count in _counts(window)),
            str(self._measurement.in_flight),
            _ms(window.response, 0.5),
            _ms(window.response, 0.99),
            _ms(window.lag, 0.99),
            "-" if window.rtfx.mean is None else f"{window.rtfx.mean:.1f}",
            _pods(self._measurement.deployment),
        )
        return "".join(cell.rjust(width) for cell, (_, width) in zip(cells, _COLUMNS, strict=True))


def _counts(window: Window) -> tuple[int, ...]:
    return (
        window.offered,
        window.sent,
        window.outcomes["ok"],
        window.good,
        count_refused(window.outcomes),
        count_failed(window.outcomes),
    )


def _pods(deployment: DeploymentSeen | None) -> str:
    return "" if deployment is None else f"{deployment.ready}/{deployment.replicas}"


def _ms(histogram: Histogram, share: float) -> str:
    value_s = histogram.quantile(share)
    return "-" if value_s is None else f"{value_s * 1000:.0f}"
