"""
The model under test, and the models that do its work.

An ensemble computes nothing itself: its requests wait in the queues of its steps, and its own
queue and pending counters stay at nothing. A model that calls others from its code (BLS) is not
taken apart: its compute holds their queues and their compute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asr_loadtest.cluster.triton.readings import ModelCounters

__all__ = ["ServedModel", "find_served"]

_EQUAL = 0.02


@dataclass(frozen=True, slots=True)
class ServedModel:
    """
    Whose figures are the load test's.

    Attributes:
        name: The model that was asked; empty if nothing ran.
        parts: The models whose queues and computing make up its own: its steps, or itself.
        why: How that is known, for people.
    """

    name: str
    parts: tuple[str, ...]
    why: str

    @property
    def is_ensemble(self) -> bool:
        """Whether other models do its work."""
        return self.parts != (self.name,)


def find_served(
    grown: Mapping[str, ModelCounters], model: str = "", steps: tuple[str, ...] = ()
) -> ServedModel:
    """
    Say which models' figures belong together.

    Args:
        grown: What each model counted during the run, all servers together.
        model: The model under test; empty if the gateway's URL does not tell.
        steps: What the server says it is made of; empty if it is no ensemble, or did not say.
    """
    if model in grown and steps:
        return ServedModel(model, steps, "the server's configuration names its steps")
    active = {name: each for name, each in grown.items() if each.success or each.executions}
    if model in grown or not active:
        name, why = model, "it was asked for"
    else:
        # Who calls others takes at least as long as they do.
        name = max(active, key=lambda each: active[each].request_s)
        why = "it has the longest requests of all"
    others = tuple(each for each in active if each != name)
    if others and _is_sum_of(grown[name], [active[each] for each in others]):
        return ServedModel(name, others, f"{why}; the other models' computing adds up to its own")
    return ServedModel(name, (name,), why)


def _is_sum_of(whole: ModelCounters, parts: list[ModelCounters]) -> bool:
    """
    Tell an ensemble by its counters: its compute durations are those of its steps, added up.

    Measured on Triton 2.51: equal to the microsecond, if nobody asks the steps directly. One that
    counts no executions of its own has none.
    """
    if not whole.executions:
        return whole.success > 0
    added_s = sum(part.compute_s for part in parts)
    return abs(added_s - whole.compute_s) <= _EQUAL * whole.compute_s
