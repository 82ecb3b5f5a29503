"""What the stand-in plays: a cluster's history, what its metrics said, and what went wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from asr_loadtest.replay.faults import Fault
from asr_loadtest.replay.history import History
from asr_loadtest.replay.resources import HPAS

__all__ = ["Poll", "Recording"]


@dataclass(frozen=True, slots=True)
class Poll:
    """
    What metrics.k8s.io answered to a list of all pods.

    Attributes:
        at_s: When, in seconds of the recording.
        status: HTTP's.
        body: The PodMetricsList, or the Status of a backend that has none.
    """

    at_s: float
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Recording:
    """
    A recorded scenario.

    Attributes:
        name: The scenario's.
        about: What happens in it, in a sentence; may be empty.
        namespace: The only one there is.
        started: When it was recorded: second 0.
        duration_s: How long; afterwards the last state stays.
        history: Its objects.
        polls: Its pods' metrics, in order of time; may be none.
        faults: What went wrong with the recorded server, by itself.
    """

    name: str
    about: str
    namespace: str
    started: datetime
    duration_s: float
    history: History
    polls: Sequence[Poll] = ()
    faults: Sequence[Fault] = ()

    @property
    def hpa(self) -> str | None:
        """Name of the autoscaler; None if there is none."""
        found = self.history.changes_after(HPAS, 0)
        return found[0].name if found else None

    @property
    def hpa_from_s(self) -> float:
        """When the autoscaler was there: 0 where it was from the start, or never."""
        found = self.history.changes_after(HPAS, 0)
        return max(found[0].at_s, 0.0) if found else 0.0

    def poll_at(self, at_s: float) -> Poll | None:
        """Tell what the metrics were at *at_s*: the newest known then, or the first of all."""
        after = bisect_right(self.polls, at_s, key=attrgetter("at_s"))
        return self.polls[max(0, after - 1)] if self.polls else None
