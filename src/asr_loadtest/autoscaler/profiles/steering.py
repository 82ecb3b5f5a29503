"""Windows, rates and bounds, as the controller applies them to a wish: those of hpa/."""

from __future__ import annotations

from dataclasses import dataclass

from asr_loadtest.autoscaler.hpa.memory import Memory, Sync
from asr_loadtest.autoscaler.hpa.rates import step_limit
from asr_loadtest.autoscaler.hpa.settling import settle
from asr_loadtest.autoscaler.hpa.spec import HpaSpec

__all__ = ["Decision", "Steering"]


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a wish comes to.

    Attributes:
        replicas: How many there are to be.
        is_limited: Whether a rate let it go just so far, or not as far as was wanted.
    """

    replicas: int
    is_limited: bool


class Steering:
    """
    From wishes to replicas.

    Args:
        spec: Whose windows and rates.
    """

    def __init__(self, spec: HpaSpec) -> None:
        self._spec = spec
        self._memory = Memory()

    def decide(self, at_s: float, current: int, wish: int) -> Decision:
        """
        Decide how many replicas there are to be.

        Args:
            at_s: Now; no earlier than before.
            current: How many there are, within the bounds.
            wish: How many the metrics want.
        """
        memory = self._memory.begun(at_s, current)
        settled = settle(self._spec, memory, at_s, current, wish)
        done = Sync(at_s, current, settled.replicas, memory.conditions, recommended=wish)
        self._memory = memory.after(self._spec, done)
        return Decision(
            settled.replicas, self._is_limited(memory, at_s, current, settled.stabilized)
        )

    def _is_limited(self, memory: Memory, at_s: float, current: int, wanted: int) -> bool:
        is_up = wanted > current
        limit = step_limit(self._spec, current, memory.steps, at_s, is_up=is_up)
        if wanted == current or limit is None:
            return False
        return wanted >= limit if is_up else wanted <= limit
