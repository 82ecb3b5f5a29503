"""What one sync came to, and what the controller remembers of those before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from asr_loadtest.autoscaler.hpa.conditions import Conditions
from asr_loadtest.autoscaler.hpa.proposals import Proposal
from asr_loadtest.autoscaler.hpa.rates import Step, Steps, note_step
from asr_loadtest.autoscaler.hpa.spec import HpaSpec
from asr_loadtest.autoscaler.hpa.windows import History, Recommended, remember

__all__ = ["Memory", "Sync"]


@dataclass(frozen=True, slots=True)
class Sync:
    """
    What one sync came to.

    Attributes:
        at_s: When.
        current: The target's spec.replicas; None if it could not be read.
        desired: What it is to be: current, unless the controller rescales.
        conditions: As they stand after it.
        reason: Why it rescales, as its event says; "" if it does not.
        recommended: What the metrics ask for; None if they were not asked, or nothing may move.
        by: The metric that asks for so many.
        stabilized: What the windows let through of it.
        proposals: Of each metric, in the order of the spec's; none if they were not asked.
        failure: What failed first, of the target or the metrics; "" if all went well.
    """

    at_s: float
    current: int | None
    desired: int | None
    conditions: Conditions
    reason: str = ""
    recommended: int | None = None
    by: str = ""
    stabilized: int | None = None
    proposals: tuple[Proposal, ...] = ()
    failure: str = ""

    @property
    def change(self) -> int:
        """How many replicas it adds; negative if it removes some."""
        return 0 if self.desired is None or self.current is None else self.desired - self.current


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What a controller remembers of one HPA.

    Attributes:
        history: Recommendations within the windows.
        steps: Changes that it made.
        conditions: As they stand in the HPA's status.
    """

    history: History = ()
    steps: Steps = ()
    conditions: Conditions = field(default_factory=Conditions)

    def begun(self, at_s: float, current: int) -> Memory:
        """Begin the history with the replicas that are found at the first sync."""
        return self if self.history else replace(self, history=(Recommended(at_s, current),))

    def after(self, spec: HpaSpec, done: Sync) -> Memory:
        """Give what is remembered once a sync is done."""
        history, steps = self.history, self.steps
        if done.recommended is not None:
            history = remember(spec.rules, history, done.at_s, done.recommended)
        if done.change and spec.behavior is not None:
            rules = spec.behavior.up if done.change > 0 else spec.behavior.down
            steps = note_step(rules, steps, Step(done.at_s, done.change))
        return Memory(history, steps, done.conditions)

    def lost(self) -> Memory:
        """Give what is left after the controller was started anew: the HPA's status alone."""
        return Memory(conditions=self.conditions)
