"""Runs scenarios, one load test after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from asr_client.errors import ASRError
from asr_loadtest.selftest.evidence import Evidence
from asr_loadtest.selftest.judging import Judgement, ScenarioResult, judge
from asr_loadtest.selftest.load_test import LoadTest
from asr_loadtest.selftest.machine import BusyClock
from asr_loadtest.selftest.scenario import Scenario, Trial
from asr_loadtest.selftest.servers import Servers
from asr_loadtest.selftest.traces import read_evidence

__all__ = ["conduct"]

# A machine that was too busy may have been so for a moment.
_TRIES = 3


def conduct(
    chosen: Sequence[Scenario], suite: Path, folder: Path, tell: Callable[[str], None]
) -> Iterator[ScenarioResult]:
    """
    Run scenarios, and give each one's result when it is there.

    Args:
        chosen: Which.
        suite: Folder for `locust -f`.
        folder: Takes all output and runs, below folders with the scenarios' names.
        tell: Is told how it goes, line by line.
    """
    with Servers() as servers:
        for scenario in chosen:
            began_s = time.monotonic()
            tell(f"{scenario.name}: {scenario.proves}")
            judgements = tuple(
                _judged(trial, servers, suite, folder / scenario.name, tell)
                for trial in scenario.trials
            )
            took_s = time.monotonic() - began_s
            yield ScenarioResult(scenario.name, scenario.proves, judgements, took_s)


def _judged(
    trial: Trial, servers: Servers, suite: Path, folder: Path, tell: Callable[[str], None]
) -> Judgement:
    """Run one load test; once more if the machine was too busy for it."""
    for number in range(1, _TRIES + 1):
        again = "" if number == 1 else ", once more"
        tell(f"  {trial.name} ({trial.lasts_s:g} s){again} ...")
        name = trial.name if number == 1 else f"{trial.name}-{number}"
        try:
            judgement = judge(trial, _run(trial, servers, suite, folder / name))
        except ASRError as error:
            judgement = Judgement(trial.name, "could not run", why=str(error))
        _tell(judgement, tell)
        if judgement.word != "machine too busy":
            break
    return judgement


def _tell(judgement: Judgement, tell: Callable[[str], None]) -> None:
    why = f": {judgement.why}" if judgement.why else ""
    tell(f"  {judgement.trial}: {judgement.word}{why}")
    for check in judgement.checks:
        if not check.holds:
            tell(f"    expected: {check.expected}; found: {check.found}")


def _run(trial: Trial, servers: Servers, suite: Path, folder: Path) -> Evidence:
    folder.mkdir(parents=True)
    with trial.stage.open(servers) as place, BusyClock() as clock:
        load_test = LoadTest(suite, trial, place, folder)
        exit_code = load_test.run()
        observed = place.observe()
    return read_evidence(load_test, exit_code, observed=observed, machine_busy=clock.share)
