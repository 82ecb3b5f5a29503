"""
The highest rate within the SLO: expansion, bisection, confirmation; pure.

Plain bisection trusts every probe. Near the edge they are noisy: one bad moment condemns a rate
for good, one lucky minute praises it. Here a rate passes at once, but it takes two failures of
three probes to condemn it (or one that is clear); and what passed is confirmed by longer probes, or
given up.

What the answer means near the ceiling. A system that serves mu requests a second at most keeps no
latency at mu: its queue, fed at random, has no end there. In heavy traffic, a queue with regular
service that a Poisson process feeds at rate r holds r / (2 (mu - r)) requests on average,
exponentially distributed; p99 of the waiting is 4.6 times that, divided by mu. A limit on p99
therefore lies about 2.3 / p99 requests a second below the ceiling, whatever mu: 1.15 for 2 s,
4.6 for half a second. Queues so near their limit take some r / (mu - r)**2 seconds to fill,
though, and shorter probes see less waiting than there would be. They then judge by whether the
backlog grows (steadiness.py), and the answer lies within a few percent of the ceiling, on either
side of it: of 160 searches of a simulated server with a limit of 2 s or none, 157 found its ceiling
within 5 %. Longer probes make it sharper; with 10 s instead of 30 it came out up to 10 % too high.
"""

from __future__ import annotations

from collections.abc import Generator

from asr_loadtest.judgement.binding import Constraint
from asr_loadtest.judgement.search_values import (
    Probe,
    ProbeResult,
    Purpose,
    SearchAnswer,
    SearchSettings,
)

__all__ = ["Search"]

_CONDEMNED = 2

_Steps = Generator[Probe, ProbeResult, None]
_Decision = Generator[Probe, ProbeResult, bool]


class _Over(Exception):  # noqa: N818 - no error: there is nothing more to learn
    """Ends the search early; private to this module."""


class Search:
    """
    A search under way: make the probe that `next_probe` names, `tell` its result, and so on.

    The search itself is a generator that yields probes and is sent their results, so that its three
    phases read as they happen.
    """

    def __init__(self, settings: SearchSettings) -> None:
        self.settings = settings
        self._low_rps = 0.0
        self._high_rps: float | None = None
        self._bound_by: Constraint = "none"
        self._why = ""
        self._is_confirmed = False
        self._results: list[ProbeResult] = []
        self._steps = self._run()
        self._probe: Probe | None = next(self._steps)

    def next_probe(self) -> Probe | None:
        """Give the run to make next, the same until its result is told; None at the end."""
        return self._probe

    def tell(self, result: ProbeResult) -> None:
        """
        Take the result of the probe that `next_probe` named.

        Raises:
            ValueError: If the search is over.
        """
        if self._probe is None:
            raise ValueError("the search is over: no probe was asked for")
        self._results.append(result)
        try:
            self._probe = self._steps.send(result)
        except StopIteration:
            self._probe = None

    def answer(self) -> SearchAnswer:
        """Give what is known so far; it is final once `next_probe` gives None."""
        return SearchAnswer(
            rate_rps=self._low_rps,
            low_rps=self._low_rps,
            high_rps=self._high_rps,
            confirmed=self._is_confirmed,
            bound_by=self._bound_by,
            probes=tuple(self._results),
            words=self._words(),
        )

    def _run(self) -> _Steps:
        try:
            yield from self._expand()
            yield from self._bisect()
            yield from self._confirm()
        except _Over:
            return

    def _expand(self) -> _Steps:
        """Double until a rate fails; halve until one passes."""
        settings = self.settings
        yield from self._try(settings.start_rps, "expand")
        while self._high_rps is None and self._low_rps < settings.most_rps:
            yield from self._try(min(2 * self._low_rps, settings.most_rps), "expand")
        while not self._low_rps and (self._high_rps or 0.0) > settings.least_rps:
            yield from self._try(max((self._high_rps or 0.0) / 2, settings.least_rps), "expand")

    def _bisect(self) -> _Steps:
        """Halve the distance between pass and failure until it is within the tolerance."""
        widest = 1 + self.settings.tolerance
        while self._low_rps and self._high_rps and self._high_rps > self._low_rps * widest:
            yield from self._try((self._low_rps + self._high_rps) / 2, "bisect")

    def _confirm(self) -> _Steps:
        """Look at the best rate for longer; where it fails, step down by half the tolerance."""
        while self._low_rps:
            rate_rps = self._low_rps
            if (yield from self._carries(rate_rps, "confirm", self.settings.confirmations)):
                self._is_confirmed = True
                return
            self._high_rps = rate_rps
            lower_rps = rate_rps * (1 - self.settings.tolerance / 2)
            self._low_rps = lower_rps if lower_rps >= self.settings.least_rps else 0.0

    def _try(self, rate_rps: float, purpose: Purpose) -> _Steps:
        if (yield from self._carries(rate_rps, purpose)):
            self._low_rps = rate_rps
        else:
            self._high_rps = rate_rps

    def _carries(self, rate_rps: float, purpose: Purpose, wanted: int = 1) -> _Decision:
        """Decide whether a rate is carried: by *wanted* passes, two of three if one failed."""
        passed = failed = invalid = 0
        while True:
            result = yield self._probe_at(rate_rps, purpose)
            if result.bound == "gateway" and not result.passed:
                self._note(result, "gateway")
                raise _Over
            if not result.valid:
                invalid += 1
                if invalid == _CONDEMNED:
                    self._note(result, "generator")
                    return False
            elif result.passed:
                passed += 1
                if passed >= (max(wanted, 2) if failed else wanted):
                    return True
            else:
                failed += 1
                if result.is_clear or failed == _CONDEMNED:
                    self._note(result, result.bound)
                    return False

    def _note(self, result: ProbeResult, bound_by: Constraint) -> None:
        """What bound the last rate that failed is what binds the answer: it is the nearest."""
        self._bound_by, self._why = bound_by, result.words

    def _probe_at(self, rate_rps: float, purpose: Purpose) -> Probe:
        settings, number = self.settings, len(self._results)
        if number == settings.most_probes:
            self._why = f"it ended after {number} probes"
            raise _Over
        factor = settings.confirm_factor if purpose == "confirm" else 1.0
        duration_s = factor * max(settings.probe_s, settings.probe_arrivals / rate_rps)
        return Probe(rate_rps, duration_s, settings.seed + number, purpose)

    def _words(self) -> str:
        rate, why = f"{self._low_rps:.3g} req/s", f" ({self._why})" if self._why else ""
        if self._bound_by == "gateway":
            known = f"at least {rate}" if self._low_rps else "nothing passed"
            return f"the gateway's limit ended the search: backend capacity unknown, {known}{why}"
        bound = "" if self._bound_by == "none" else f"; bound by the {self._bound_by}{why}"
        if not self._low_rps:
            least = f"{self._high_rps or self.settings.start_rps:.3g} req/s"
            return f"not even {least} are carried within the SLO{bound}"
        if self._high_rps is None:
            reach = "no higher rate was tried"
        else:
            reach = f"{self._high_rps:.3g} req/s are not"
        sure = "confirmed" if self._is_confirmed else "not confirmed"
        return f"{rate} are carried within the SLO ({sure}), {reach}{bound}"
