"""Everything that a judgement looks at, in one place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from asr_loadtest.judgement.criteria import Criterion
from asr_loadtest.judgement.server_signs import NO_SIGNS, ServerSigns
from asr_loadtest.judgement.slo import Slo
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.tally import Tally

__all__ = ["Case"]

# How late the generator may be (p99) where no latency is limited.
_DEFAULT_LAG_LIMIT_S = 0.05
_LAG_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One run, before it is judged.

    Attributes:
        tally: What came of the requests.
        slo: What was to hold.
        run: What the plan was.
        readings: How the generator was doing.
        criteria: The SLO against the tally.
        server: What the servers tell.
    """

    tally: Tally
    slo: Slo
    run: RunInfo
    readings: Sequence[GeneratorReading] = ()
    criteria: Sequence[Criterion] = ()
    server: ServerSigns = NO_SIGNS

    @property
    def missed(self) -> list[Criterion]:
        """The criteria that were not kept, for certain."""
        return [criterion for criterion in self.criteria if criterion.met is False]

    @property
    def undecided(self) -> list[Criterion]:
        """The criteria that had too few samples."""
        return [criterion for criterion in self.criteria if criterion.met is None]

    @property
    def judged_readings(self) -> list[GeneratorReading]:
        """The readings after the warm-up."""
        return [reading for reading in self.readings if reading.at_s >= self.run.warm_up_s]

    @property
    def lag_limit_s(self) -> float:
        """How late the generator may be (p99): 5 % of the tightest limit on a response time."""
        tightest_s = self.slo.tightest_s
        return _DEFAULT_LAG_LIMIT_S if math.isinf(tightest_s) else tightest_s * _LAG_SHARE

    def share_of_sent(self, outcome: Outcome) -> float:
        """Give how much of what was sent ended so, 0..1."""
        sent = self.tally.all.sent
        return self.tally.all.outcomes[outcome] / sent if sent else 0.0

    @property
    def not_sent_share(self) -> float:
        """How much of what was to be sent was not, 0..1."""
        group = self.tally.all
        return group.outcomes["not_sent"] / group.count if group.count else 0.0
