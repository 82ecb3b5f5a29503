"""
The load tester as Locust sees it: listeners on its events, in the order that it fires them.

Locust parses options, forks its workers, makes its runner and fires `init`; a test fires
`test_start` and `test_stopping`; the end fires `quitting`, in reverse order of registration, so
what is registered in `init` runs before Locust's own clean-up and can still send messages.
"""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import Runner

from asr_client.errors import ASRError
from asr_loadtest.engine.arguments import add_to_locust, read_options
from asr_loadtest.engine.crew import Crew
from asr_loadtest.engine.leading.lead import Lead
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.planning.schedule import schedule_of
from asr_loadtest.engine.sending.closed_loop import ClosedLoop
from asr_loadtest.engine.sending.member import Member
from asr_loadtest.engine.web_tab import add_tabs
from asr_loadtest.engine.wires.grpc_wire import prepare_grpc
from asr_loadtest.judgement.exit_codes import LOCUST_USAGE

__all__ = ["LoadTest"]

_log = logging.getLogger(__name__)

_LEAVE_WITHIN_S = 45.0
_LOOK_AGAIN_S = 0.25


class LoadTest:
    """
    One process's part in load tests.

    Args:
        profiles: Folder in which profiles have their names.
    """

    def __init__(self, profiles: Path) -> None:
        self._profiles = profiles
        self._lead: Lead | None = None
        self._member: Member | None = None
        # Before Locust forks its workers: grpc cannot be told afterwards.
        prepare_grpc()
        events.init_command_line_parser.add_listener(lambda parser, **_: add_to_locust(parser))
        events.init.add_listener(self._on_init)

    def arrive(self) -> None:
        """Let a user of Locust's come."""
        loop = self._closed_loop
        if loop is not None:
            loop.arrive()

    def take_turn(self) -> None:
        """Let a user of Locust's make one request, or wait while there is nothing for it to do."""
        loop = self._closed_loop
        if loop is None:
            gevent.sleep(_LOOK_AGAIN_S)
        else:
            loop.turn()

    @property
    def _closed_loop(self) -> ClosedLoop | None:
        return self._member.closed_loop if self._member else None

    def _on_init(self, environment: Environment, runner: Runner, **_: Any) -> None:
        # The loop's clock stands where the imports began: Locust's timers would fire early by that.
        gevent.get_hub().loop.update_now()
        _bring_ctrl_c_home()
        options = _options_of(environment)
        crew = Crew(runner)
        if crew.sends:
            self._member = Member(runner, lambda: _options_of(environment), self._profiles)
            self._member.listen()
        if crew.leads:
            self._lead = Lead(environment, runner, lambda: _options_of(environment), self._profiles)
            self._lead.listen()
            self._take_over_console(environment, options)
            self._settle_users(environment, options)
            if environment.web_ui is not None:
                lead = self._lead
                base_path = getattr(environment.parsed_options, "web_base_path", "")
                add_tabs(environment.web_ui, base_path, lambda: lead.tally, lambda: lead.report)
            events.test_start.add_listener(self._on_test_start)
            events.test_stopping.add_listener(self._on_test_stopping)
        events.quitting.add_listener(self._on_quitting)

    def _take_over_console(self, environment: Environment, options: LoadOptions) -> None:
        """Our own lines say more, and do not round; twice as many would say less."""
        parsed = environment.parsed_options
        if parsed is not None and not options.locust_table:
            parsed.only_summary = True
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)

    def _settle_users(self, environment: Environment, options: LoadOptions) -> None:
        """Take the users of a profile's closed loop; say that an open one has none."""
        parsed = environment.parsed_options
        if parsed is None:
            return
        with suppress(ASRError):  # said in full when the test starts
            schedule = schedule_of(options, None, profiles=self._profiles)
            # A profile for an autoscaler is refused here: it goes by --asr-rate, and has no users.
            if schedule.profile and "rate" not in options.unsaid:
                _log.warning("--asr-rate is not for a profile, which has rates of its own")
            if schedule.arrivals is not None and (parsed.num_users or 1) > 1:
                _log.warning(
                    "-u is for --asr-loop closed; the open loop offers %s", schedule.describe()
                )
            elif schedule.users and parsed.num_users is None:
                parsed.num_users, parsed.spawn_rate = schedule.users, schedule.users

    def _on_test_start(self, **_: Any) -> None:
        if self._lead is not None:
            self._lead.begin()

    def _on_test_stopping(self, environment: Environment, **_: Any) -> None:
        if self._lead is not None:
            self._lead.end("user" if environment.web_ui else "signal")

    def _on_quitting(self, **_: Any) -> None:
        if self._lead is not None:
            self._lead.end("signal")
        if self._member is not None:
            self._member.leave(_LEAVE_WITHIN_S)


def _bring_ctrl_c_home() -> None:
    """
    Have Ctrl-C interrupt the main greenlet, where Locust waits for it.

    Python raises KeyboardInterrupt wherever it is just then: a greenlet of Locust's or of ours that
    was struck died of it, and its test ended as by a bug.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        hub = gevent.get_hub()
        gevent.signal_handler(
            signal.SIGINT, hub.loop.run_callback, hub.parent.throw, KeyboardInterrupt
        )


def _options_of(environment: Environment) -> LoadOptions:
    """Read the options as they are now; what cannot be is said in one line."""
    assert environment.parsed_options is not None  # noqa: S101 - Locust parses before it fires
    try:
        return read_options(environment.parsed_options)
    except ASRError as error:
        if environment.web_ui is not None:
            raise
        _log.error("%s", error)
        sys.exit(LOCUST_USAGE)
