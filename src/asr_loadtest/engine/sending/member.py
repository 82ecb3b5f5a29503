"""A process that sends: hears the lead's orders, and has one share of the load at a time."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from locust.env import Environment
from locust.rpc import Message
from locust.runners import Runner

from asr_client.errors import ASRError, ConfigError
from asr_loadtest.engine.messages import GO, HALT, PREPARE, REPORT, Orders, Report
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.planning.schedule import Schedule, schedule_of
from asr_loadtest.engine.sending.closed_loop import ClosedLoop
from asr_loadtest.engine.sending.share import Share
from asr_loadtest.engine.sending.target import Target, open_target
from asr_loadtest.load.samples import Sample

__all__ = ["Member"]

_log = logging.getLogger(__name__)

# Requests leave no cycles behind, but for failed ones: a collection has little to find.
_RARELY = (10_000, 20, 100)
# What a target does not depend on: it is kept when only these change, as in a search.
_OF_THE_LOAD: dict[str, Any] = {
    "rate": 1.0,
    "arrivals": "poisson",
    "shape": 1.0,
    "profile": "",
    "loop": "open",
}


class Member:
    """
    Sends requests in this process, at the lead's word.

    Args:
        runner: Locust's, whose messages carry orders and reports.
        own_options: Gives the options as this process has them.
        profiles: Where profiles have their names.
    """

    def __init__(
        self, runner: Runner, own_options: Callable[[], LoadOptions], profiles: Path
    ) -> None:
        self._runner = runner
        self._profiles = profiles
        self._own_options = own_options
        self._target: Target | None = None
        self._target_of: object = None
        self._share: Share | None = None

    def listen(self) -> None:
        """Hear orders from now on."""
        self._runner.register_message(PREPARE, self._on_prepare, concurrent=True)
        self._runner.register_message(GO, self._on_go)
        self._runner.register_message(HALT, self._on_halt)

    @property
    def closed_loop(self) -> ClosedLoop | None:
        """The loop in which Locust's users take turns, while there is one."""
        loop = self._share.loop if self._share else None
        return loop if isinstance(loop, ClosedLoop) else None

    def leave(self, timeout_s: float) -> None:
        """Offer nothing more, deliver what was measured, end all connections."""
        if self._share is not None:
            self._share.halt()
            self._share.join(timeout_s)
        if self._target is not None:
            self._target.close()
            self._target = None

    def _on_prepare(self, environment: Environment, msg: Message) -> None:  # noqa: ARG002 - Locust's
        orders = Orders.from_fields(msg.data)
        report = Report(run_id=orders.run_id, worker=orders.worker, state="failed")
        try:
            self._share, corpus = self._prepare(orders)
        except ASRError as error:
            is_refusal = not isinstance(error, ConfigError)
            self._send(replace(report, trouble=str(error), is_refusal=is_refusal))
        except Exception as error:  # noqa: BLE001 - the lead is waiting for an answer
            _log.exception("a bug kept this process from taking part")
            self._send(replace(report, trouble=f"a bug: {error!r}"))
        else:
            self._send(replace(report, state="ready", corpus=corpus))

    def _on_go(self, environment: Environment, msg: Message) -> None:  # noqa: ARG002 - Locust's
        if self._share is not None:
            # What lives from here on is small: no collection shall hold up the load for the rest.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*_RARELY)
            self._share.start(msg.data["starts_in_s"])

    def _on_halt(self, environment: Environment, msg: Message) -> None:  # noqa: ARG002 - Locust's
        if self._share is not None:
            self._share.halt(msg.data["at_s"])

    def _prepare(self, orders: Orders) -> tuple[Share, Mapping[str, Any]]:
        options = LoadOptions.from_fields(orders.options, self._own_options())
        schedule = schedule_of(
            options,
            orders.duration_s,
            profiles=self._profiles,
            salt=orders.salt,
            steps=orders.steps,
        )
        target = self._open_target(orders.host, schedule)
        share = Share(
            orders,
            schedule.options,
            target,
            schedule.arrivals,
            send=self._send,
            observe=self._observer(target),
        )
        corpus = target.corpus
        return share, {**corpus.describe(), "notes": list(corpus.notes)}

    def _open_target(self, host: str, schedule: Schedule) -> Target:
        wanted = (host, replace(schedule.options, **_OF_THE_LOAD))
        if self._target is None or self._target_of != wanted:
            if self._target is not None:
                self._target.close()
            self._target = open_target(host, schedule.options)
            self._target_of = wanted
        return self._target

    def _send(self, report: Report) -> None:
        self._runner.send_message(REPORT, report.to_fields())

    def _observer(self, target: Target) -> Callable[[Sample], None]:
        """Tell Locust of each record, in its own terms: its table and charts show the same run."""
        fire = self._runner.environment.events.request.fire
        recognizer = target.route.recognizer
        name = recognizer.model or recognizer.contract

        def observe(sample: Sample) -> None:
            response_s = sample.response_s
            said: dict[str, Any] = {}
            if sample.outcome != "ok":
                said["exception"] = f"{sample.outcome}: {sample.detail}"
            fire(
                request_type=recognizer.protocol,
                name=f"{name} {sample.language}".strip(),
                response_time=None if response_s is None else response_s * 1000,
                response_length=0,
                context={"outcome": sample.outcome, "language": sample.language},
                **{"exception": None, **said},
            )

        return observe
