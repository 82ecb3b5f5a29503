"""What a load test left behind: its exit code, its report, its raw samples, what others saw."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asr_loadtest.judgement.findings import Finding
from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.samples import Sample

__all__ = ["Evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    All that is known of one load test, from outside.

    Attributes:
        exit_code: Of Locust's process.
        error: The last error that it logged; empty if it logged none.
        report: Its report.json; empty if it wrote none.
        samples: Its raw samples.
        observed: What the place it was run against has counted.
        leaks: Where a secret stood that should stand nowhere: files, or "its output".
        machine_busy: Share of this machine's CPU time that was used meanwhile, by whomever, 0..1;
            None if that cannot be told.
    """

    exit_code: int
    error: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    observed: Mapping[str, float] = field(default_factory=dict)
    leaks: tuple[str, ...] = ()
    machine_busy: float | None = None

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many samples ended how."""
        return Counter(sample.outcome for sample in self.samples)

    @property
    def responses_s(self) -> list[float]:
        """Response times of what went well, from the intended start, ascending."""
        times = (sample.response_s for sample in self.samples if sample.outcome == "ok")
        return sorted(time_s for time_s in times if time_s is not None)

    @property
    def p99_s(self) -> float | None:
        """The 99th percentile of the samples themselves, by nearest rank; None without any."""
        responses_s = self.responses_s
        return responses_s[math.ceil(0.99 * len(responses_s)) - 1] if responses_s else None

    @property
    def reported_p99_s(self) -> float | None:
        """The same as the report says it."""
        told = self.report.get("latency", {}).get("response", {}).get("p99_s")
        return None if told is None else float(told)

    @property
    def good_rps(self) -> float | None:
        """Replies a second that were ok and within the SLO, by the report; None without one."""
        told = self.report.get("load", {}).get("good_rps")
        return None if told is None else float(told)

    @property
    def binding(self) -> str:
        """What bound the load, by the report; empty without one."""
        return str(self.report.get("verdict", {}).get("binding", ""))

    @property
    def served(self) -> int | None:
        """Requests that the servers say they answered well, by the report; None if unknown."""
        reconciled = (self.report.get("server") or {}).get("reconciliation") or {}
        count = reconciled.get("server")
        return None if count is None else int(count)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the load test itself says against its figures."""
        told = self.report.get("verdict", {}).get("findings", ())
        return tuple(Finding(**fields) for fields in told)
