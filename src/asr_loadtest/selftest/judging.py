"""Expected against found, and whether this machine could tell at all; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from asr_loadtest.judgement.generator import is_unfit
from asr_loadtest.selftest.evidence import Evidence
from asr_loadtest.selftest.scenario import Trial

__all__ = ["Check", "Judgement", "ScenarioResult", "Word", "judge"]

Word = Literal["holds", "wrong", "machine too busy", "could not run"]

# From here on, what a machine does late says nothing of the program.
_BUSY = 0.9


@dataclass(frozen=True, slots=True)
class Check:
    """
    One expectation against what was found.

    Attributes:
        expected: In words; *found* as well.
        found: See there.
        holds: Whether they agree.
    """

    expected: str
    found: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """
    What one load test came to.

    Attributes:
        trial: Its name.
        word: "machine too busy" if something does not hold, and this machine was too busy for that
            to mean anything; "could not run" if it was never at its end.
        checks: All of its expectations, in order; none if it could not.
        why: What is behind that word, where something is known; empty where nothing is.
    """

    trial: str
    word: Word
    checks: tuple[Check, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """
    What one scenario came to.

    Attributes:
        name: Its own.
        proves: What it proves if it holds.
        judgements: Of its load tests.
        took_s: Seconds for all of them.
    """

    name: str
    proves: str
    judgements: tuple[Judgement, ...]
    took_s: float

    @property
    def word(self) -> Word:
        """The gravest of its load tests' words."""
        words = {judgement.word for judgement in self.judgements}
        grave: Iterable[Word] = ("wrong", "could not run", "machine too busy")
        return next((word for word in grave if word in words), "holds")


def judge(trial: Trial, evidence: Evidence) -> Judgement:
    """Hold what a load test left against what was expected of it."""
    looks = ((each.expected, each.look(evidence)) for each in trial.expects)
    checks = tuple(Check(expected, look.found, look.holds) for expected, look in looks)
    if all(check.holds for check in checks):
        return Judgement(trial.name, "holds", checks)
    why = _too_busy(evidence)
    if why:
        return Judgement(trial.name, "machine too busy", checks, why)
    invalid = (each.words for each in evidence.findings if each.severity == "invalid")
    return Judgement(trial.name, "wrong", checks, evidence.error or "; ".join(invalid))


def _too_busy(evidence: Evidence) -> str:
    """Say what shows that the machine had no time for this; empty if nothing does."""
    for finding in evidence.findings:
        if is_unfit((finding,)):
            return finding.words
    busy = evidence.machine_busy
    if busy is not None and busy >= _BUSY:
        return f"{busy:.0%} of this machine's CPU time was used meanwhile"
    return ""
