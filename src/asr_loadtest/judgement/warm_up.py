"""Whether the warm-up was over when judging began: the first judged part against the last."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

from asr_loadtest.judgement.case import Case
from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.measures import MEASURES
from asr_loadtest.judgement.steadiness import SIGMAS, steady_windows
from asr_loadtest.judgement.units import in_words, percent
from asr_loadtest.load.tally import Tally
from asr_loadtest.load.timeline import Window

__all__ = ["Settling", "check_warm_up", "settling_of"]

# The first tenth, and at least so many windows, is compared with the last half.
_EARLY_SHARE = 0.1
_LEAST_EARLY = 3
# What there must be to know what normal is: windows in all, good replies in the last half.
_LEAST_WINDOWS = 12
_LEAST_LATE = 50
_MATTERS = 0.2


@dataclass(frozen=True, slots=True)
class Settling:
    """
    How latency went from the first judged windows to the last half.

    Attributes:
        early_s: Mean response time of the first judged windows, in seconds.
        late_s: That of the last half.
        direction: "falling" if the early ones were slower, beyond chance; "rising" if faster.
    """

    early_s: float
    late_s: float
    direction: Literal["falling", "rising", "steady"]


def settling_of(tally: Tally) -> Settling | None:
    """
    Compare the first judged windows with the last half; None where the load was not steady.

    What is chance is told by the last half itself: no stretch of it that is as long as the
    beginning may come near. Where latencies hang together, as in a long queue, stretches differ
    more than single windows let expect.
    """
    windows = steady_windows(tally)
    if windows is None or len(windows) < _LEAST_WINDOWS:
        return None
    early = windows[: max(_LEAST_EARLY, int(len(windows) * _EARLY_SHARE))]
    late = windows[len(windows) // 2 :]
    early_s, late_s = _mean_s(early), _mean_s(late)
    if early_s is None or late_s is None or sum(w.response.count for w in late) < _LEAST_LATE:
        return None
    stretches = [late[n : n + len(early)] for n in range(len(late) - len(early) + 1)]
    known = [mean_s for mean_s in map(_mean_s, stretches) if mean_s is not None]
    # Windows of a stretch vary independently at best; in short runs there are few stretches.
    chance_s = SIGMAS * _spread_s(late) / math.sqrt(len(early))
    if early_s > max(max(known) * (1 + _MATTERS), late_s + chance_s):
        return Settling(early_s, late_s, "falling")
    if early_s < min(min(known) * (1 - _MATTERS), late_s - chance_s):
        return Settling(early_s, late_s, "rising")
    return Settling(early_s, late_s, "steady")


def _mean_s(windows: Sequence[Window]) -> float | None:
    """Give the mean response of all windows together; None if none had a good reply."""
    count = sum(window.response.count for window in windows)
    return sum(window.response.total for window in windows) / count if count else None


def _spread_s(windows: Sequence[Window]) -> float:
    """Give the standard deviation of the windows' means; infinite where it cannot be told."""
    means = [mean_s for mean_s in (window.response.mean for window in windows) if mean_s]
    return stdev(means) if len(means) > 1 else math.inf


def check_warm_up(case: Case) -> Iterator[Finding]:
    """
    Tell if the run had not settled when judging began.

    A slow beginning makes a run look worse: if latencies were kept in spite of it, that is a
    caveat; if one was missed, perhaps because of it, the run says nothing. A fast one, such as a
    queue that fills, makes it look better: if the SLO was missed all the same, so be it.
    """
    settling = settling_of(case.tally)
    if settling is None or settling.direction == "steady":
        return
    if settling.direction == "rising" and case.missed:
        return
    differs = settling.early_s / settling.late_s - 1
    is_falling = settling.direction == "falling"
    way = "slower" if is_falling else "faster"
    yield Finding(
        "invalid" if is_falling and _misses_latency(case) else "caveat",
        "warm_up",
        f"the first judged seconds were {percent(abs(differs))} {way} than the last half"
        f" ({in_words(settling.early_s * 1000, 'ms')} against"
        f" {in_words(settling.late_s * 1000, 'ms')} on average):"
        " the system had not settled when judging began",
        f"judge later (warm-up beyond {case.run.warm_up_s:g} s), and run longer",
        {"early_s": settling.early_s, "late_s": settling.late_s},
    )


def _misses_latency(case: Case) -> bool:
    """Failures and refusals are not cured by waiting."""
    of_replies = [name for name, measure in MEASURES.items() if measure.counts == "good replies"]
    return any(criterion.name in of_replies for criterion in case.missed)
