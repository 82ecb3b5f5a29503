"""The process that decides: it begins and ends tests as Locust says, and tells how they went."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import Runner

from asr_client.errors import ASRError, ConfigError, RateLimitedError
from asr_loadtest.engine.crew import Crew
from asr_loadtest.engine.leading.ending import Ending, end_run, refused
from asr_loadtest.engine.leading.padding_sweep import sweep_padding
from asr_loadtest.engine.leading.searching import search_limit
from asr_loadtest.engine.measuring.conduct import Conductor
from asr_loadtest.engine.measuring.console import LEGEND
from asr_loadtest.engine.messages import REPORT, Report
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.planning.plan import Plan, make_plan
from asr_loadtest.engine.planning.start import look_before
from asr_loadtest.judgement.exit_codes import LOCUST_USAGE, ExitCode
from asr_loadtest.load.tally import Tally

__all__ = ["Lead"]

_log = logging.getLogger(__name__)

# Locust's clock of --run-time starts about when a test does; it counts from its event loop's last
# look at the time, which may have been before all imports.
_CLOCKS_APART_S = 2.0


class Lead:
    """
    Runs load tests in this process, one at a time.

    Args:
        environment: Locust's.
        runner: Its runner.
        options: Gives the options as they are now; the web form changes them.
        profiles: Where profiles have their names.
    """

    def __init__(
        self,
        environment: Environment,
        runner: Runner,
        options: Callable[[], LoadOptions],
        profiles: Path,
    ) -> None:
        self._environment = environment
        self._runner = runner
        self._options = options
        self._profiles = profiles
        self._work: gevent.Greenlet | None = None
        self._plan: Plan | None = None
        self._begun_s = 0.0
        self._is_asked_to_end = False
        self.conductor: Conductor | None = None
        self.report: Path | None = None

    @property
    def tally(self) -> Tally | None:
        """What has been measured so far; None before the first test."""
        measurement = self.conductor.measurement if self.conductor else None
        return measurement.tally if measurement else None

    def listen(self) -> None:
        """Take the reports of all processes from now on."""
        self._runner.register_message(REPORT, self._on_report)

    def begin(self) -> None:
        """Start a test: Locust's `test_start`."""
        self._is_asked_to_end = False
        # Locust's own would be 0: a test that came to nothing must never look like one that passed.
        self._environment.process_exit_code = LOCUST_USAGE
        self._plan = self.conductor = None
        self._begun_s = time.monotonic()
        self._work = gevent.spawn(self._test)

    def end(self, ended_by: Literal["signal", "user"]) -> None:
        """End the test, and wait until its reports are written: Locust's `test_stopping`."""
        work = self._work
        if work is None or work.ready() or work is gevent.getcurrent():
            return
        is_asked_again, self._is_asked_to_end = self._is_asked_to_end, True
        if is_asked_again or not self._ends_by_itself():
            self._halt(work, ended_by)
        work.join()

    def _ends_by_itself(self) -> bool:
        """
        Whether it is --run-time that asks, and the plan is cut there anyhow.

        Locust's clock of it starts with the test, ours when everything is prepared: what a look at
        the target and the encoding take is not taken from the measurement.
        """
        run_time_s = self._run_time_s
        if run_time_s is None or self._plan is None or self._plan.has_parts:
            return False
        return time.monotonic() - self._begun_s > run_time_s - _CLOCKS_APART_S

    def _halt(self, work: gevent.Greenlet, ended_by: Literal["signal", "user"]) -> None:
        if self.conductor is not None:
            self.conductor.halt(ended_by)
            return
        _log.error("the test was ended before anything was measured")
        self._environment.process_exit_code = int(ExitCode.INVALID)
        work.kill()

    def _test(self) -> None:
        try:
            self._environment.process_exit_code = self._measure()
        except ASRError as error:
            self._refuse(error)
        except OSError as error:  # those of the network are ASRErrors
            _log.error("a file of the run cannot be read or written: %s", error)
            self._environment.process_exit_code = LOCUST_USAGE
        except Exception:  # noqa: BLE001 - Locust would go on without a word
            _log.exception("a bug ended this test")
            self._environment.process_exit_code = LOCUST_USAGE
        finally:
            if not self._is_asked_to_end:
                self._leave()

    def _measure(self) -> int:
        self._plan = make_plan(
            self._environment.host, self._options(), self._run_time_s, profiles=self._profiles
        )
        _introduce(self._plan)
        ending = self._carry_out(self._plan)
        self.report = ending.report
        print(f"\n{ending.summary}\n", flush=True)
        return ending.exit_code

    @property
    def _run_time_s(self) -> float | None:
        return getattr(self._environment.parsed_options, "run_time", None)

    def _carry_out(self, plan: Plan) -> Ending:
        start = look_before(plan)
        print(f"\n{LEGEND}\n", flush=True)
        if start.refusal is not None:
            return refused(start.refusal)
        self.conductor = conductor = Conductor(Crew(self._runner), start)
        if plan.options.search:
            return search_limit(conductor, plan)
        if plan.options.paddings_s:
            return sweep_padding(conductor, plan)
        return end_run(conductor.measure(plan), plan.slo)

    def _refuse(self, error: ASRError) -> None:
        _log.error("%s", error)
        self._environment.process_exit_code = _code_of(error)

    def _leave(self) -> None:
        """Let Locust go home; with a web interface, only the test is over."""
        if self._environment.web_ui is None:
            self._runner.quit()
        else:
            self._runner.stop()

    def _on_report(self, environment: Environment, msg: Message) -> None:  # noqa: ARG002 - Locust's
        if self.conductor is not None:
            self.conductor.take(Report.from_fields(msg.data))


def _introduce(plan: Plan) -> None:
    """Say what is watched, and what this load will show of it, before it starts."""
    outlook = plan.schedule.outlook
    if (cluster := plan.cluster) is not None:
        print(f"\n{cluster.describe()}", flush=True)
        for line in () if outlook else cluster.time_needed(plan.schedule.duration_s):
            print(f"  {line}", flush=True)
        for note in cluster.notes:
            _log.warning("%s", note)
    if outlook:
        print(f"\n{outlook}", flush=True)


def _code_of(error: ASRError) -> int:
    if isinstance(error, ConfigError):
        return LOCUST_USAGE
    is_limit = isinstance(error, RateLimitedError)  # the key's limit was used up before the start
    return int(ExitCode.GATEWAY_LIMITED if is_limit else ExitCode.NOT_READY)
