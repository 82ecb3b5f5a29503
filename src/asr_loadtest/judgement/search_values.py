"""What a search for the highest rate asks, is told, and answers: values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from asr_client.errors import ConfigError
from asr_loadtest.judgement.binding import Constraint
from asr_loadtest.judgement.criteria import samples_needed
from asr_loadtest.judgement.slo import Slo

__all__ = ["Probe", "ProbeResult", "Purpose", "SearchAnswer", "SearchSettings"]

Purpose = Literal["expand", "bisect", "confirm"]

# Arrivals of a Poisson process vary, and not every reply is good.
_MORE_THAN_NEEDED = 1.15
_LEAST_ARRIVALS = 300
# The trend of a backlog takes some windows of a second (steadiness.py).
_SHORTEST_PROBE_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """
    How to search.

    Attributes:
        start_rps: Where to begin. Far below the capacity, each probe takes long to have its
            arrivals.
        least_rps: Below this nothing is looked for; most_rps: nor above that.
        tolerance: How far apart, as a share, the highest rate that passed and the lowest that
            failed may end.
        probe_s: Seconds that a probe lasts at least. It must be long enough for an overload to
            show: one of a few percent takes half a minute to leave its mark on the latency.
        probe_arrivals: Arrivals that a probe has at least; slow rates take longer.
        confirm_factor: How much longer the probes are that confirm the best rate.
        confirmations: How many of these must pass.
        most_probes: After so many the search ends with what it has.
        seed: Of the first probe; each has another.
    """

    start_rps: float = 10.0
    least_rps: float = 0.05
    most_rps: float = 10_000.0
    tolerance: float = 0.05
    probe_s: float = 30.0
    probe_arrivals: int = _LEAST_ARRIVALS
    confirm_factor: float = 2.0
    confirmations: int = 2
    most_probes: int = 40
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.least_rps <= self.start_rps <= self.most_rps:
            raise ConfigError(
                f"a search from {self.start_rps:g} req/s between {self.least_rps:g} and"
                f" {self.most_rps:g} req/s cannot work",
                hint="0 < least <= start <= most",
            )
        if not 0.001 <= self.tolerance <= 0.5:  # noqa: PLR2004 - finer than noise, coarser than 2:1
            raise ConfigError(f"a search's tolerance is 0.001..0.5, not {self.tolerance:g}")
        if self.probe_s < _SHORTEST_PROBE_S or self.probe_arrivals < 1 or self.confirm_factor < 1:
            raise ConfigError(
                f"a search's probes last {_SHORTEST_PROBE_S:g} s at least, those that confirm as"
                " long as the others, and have an arrival",
                hint="in less, a backlog that grows does not show",
            )
        if min(self.confirmations, self.most_probes) < 1:
            raise ConfigError("a search needs a probe and a confirmation at least")

    @classmethod
    def for_slo(cls, slo: Slo, **settings: Any) -> Self:
        """Give settings whose probes are long enough to judge *slo*; others by name."""
        needed = round(samples_needed(slo) * _MORE_THAN_NEEDED)
        return cls(**{"probe_arrivals": max(_LEAST_ARRIVALS, needed), **settings})


@dataclass(frozen=True, slots=True)
class Probe:
    """
    One run to make.

    Attributes:
        rate_rps: Its load: steady, by the planned kind of arrivals.
        duration_s: How long to offer it, beyond any warm-up. Let the backlog of the probe before
            drain first.
        seed: Of its arrivals.
        purpose: Why it is made.
    """

    rate_rps: float
    duration_s: float
    seed: int
    purpose: Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """
    What came of a probe; `probe_results.probe_result` makes it from a tally and its verdict.

    Attributes:
        rate_rps: As asked.
        achieved_rps: Good replies a second while arrivals went on; None if not known.
        passed: Whether the SLO was met, and the system kept up.
        valid: Whether it was a measurement.
        bound: What bound it.
        p99_s: Response time, 99th percentile; None if not known.
        is_clear: Whether a failure is beyond chance, so that nobody needs to look twice.
        words: The verdict's headline.
    """

    rate_rps: float
    achieved_rps: float | None = None
    passed: bool
    valid: bool = True
    bound: Constraint = "none"
    p99_s: float | None = None
    is_clear: bool = False
    words: str = ""

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """
    What a search found.

    Attributes:
        rate_rps: The highest rate that is known to be carried within the SLO; 0 if none is.
        low_rps: Highest rate that passed, 0 if none did; high_rps: the lowest that failed, None if
            none did: the capacity lies between them.
        confirmed: Whether longer probes passed there, too.
        bound_by: What bound the rate above.
        probes: All that were made, in order.
        words: The answer as a sentence.
    """

    rate_rps: float
    low_rps: float
    high_rps: float | None
    confirmed: bool
    bound_by: Constraint
    probes: tuple[ProbeResult, ...]
    words: str

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON can carry."""
        return asdict(self)
