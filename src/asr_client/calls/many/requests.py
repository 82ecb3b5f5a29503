"""Requests under way at a time: which one is begun next, and what is learned from each end."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from asr_client.calls.effects import Ended, Start
from asr_client.calls.many.hearing import Hearing, Part
from asr_client.calls.many.options import ManyOptions
from asr_client.calls.many.outage import MOST_LOST, Outage, passes
from asr_client.calls.many.shapes import Shapes
from asr_client.calls.many.waiting import Waiting, wanted
from asr_client.calls.session import Call, Route, Session
from asr_client.errors import ASRError, TooLargeError

__all__ = ["Asking", "Requests"]

_FULL = ("overloaded", "rate_limited")


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A request under way: for what, by which call, since when."""

    part: Part
    call: Call
    began_s: float


class Requests:
    """
    Parts that wait for their requests, and the requests under way.

    Args:
        session: What all calls share.
        route: How the model is asked.
        many: How many at a time, and how patiently.

    Attributes:
        under_way: How many are.
        model_version: The model's, as the last answer told it.
    """

    def __init__(self, session: Session, route: Route, many: ManyOptions) -> None:
        self.under_way = 0
        self.model_version = ""
        self._session = session
        self._route = route
        self._shapes = Shapes(session, route.recognizer)
        self._waiting = Waiting(route.recognizer, self._shapes)
        self._concurrency = many.concurrency()
        self._outage = Outage(many.patience_s)
        self._samples = 0  # of all that are under way

    @property
    def longest_s(self) -> float:
        """Seconds of audio that go into one request, as far as is known."""
        return self._shapes.longest_s

    @property
    def wanted(self) -> int:
        """How many parts should wait."""
        return wanted(self._concurrency.limit)

    @property
    def has_room(self) -> bool:
        """Whether more parts should wait."""
        return self._waiting.has_room(self._concurrency.limit)

    @property
    def is_held_up(self) -> bool:
        """Whether parts wait for a server that is away."""
        return self._outage.is_on and bool(self._waiting)

    def add(self, part: Part) -> None:
        """Let a part wait for its request."""
        self._waiting.add(part)

    def next_start(self) -> Start | None:
        """Name the request that is to be begun now; None if there is none, or no room."""
        now_s = self._session.clock()
        limit = 1 if self._outage.is_on else self._concurrency.limit
        if self.under_way >= limit or self._outage.begins_in_s(now_s) > 0:
            return None
        part = self._waiting.take()
        if part is None:
            return None
        self.under_way += 1
        self._samples += part.samples
        self._concurrency.started(now_s)
        call = part.hearing.call_for(now_s, self._samples / self._route.recognizer.sample_rate_hz)
        return Start(Asking(part, call, now_s), part.ask(call, self._shapes.padded(part.samples)))

    def pause_s(self, now_s: float) -> float:
        """How long until one may be begun though none ends before; infinity if that is never."""
        if not self._waiting:
            return math.inf
        hold_s = self._outage.begins_in_s(now_s)
        return hold_s if hold_s or not self.under_way else math.inf

    def ended(self, asking: Asking, ended: Ended) -> None:
        """Take in what came of a request."""
        part, now_s = asking.part, self._session.clock()
        self.under_way -= 1
        self._samples -= part.samples
        part.attempts += tuple(asking.call.log)
        self._learn(asking, now_s)
        if ended.error is not None:
            self.failed(part, ended.error, asking.began_s)
            return
        self._outage.worked()
        self._shapes.accepted(part.samples)
        self._session.routes.setdefault(self._session.config.model, self._route)
        self.model_version = ended.value.model_version
        part.end(text=ended.value.texts[0])
        if (tell := part.hearing.options.on_progress) is not None:
            tell(self._seconds(part))

    def _seconds(self, part: Part) -> float:
        return part.samples / self._route.recognizer.sample_rate_hz

    def _learn(self, asking: Asking, now_s: float) -> None:
        tries = asking.call.log
        # What was not even sent has waited in vain for room under a rate limit.
        refused = not tries or any(each.fault and each.fault.code in _FULL for each in tries)
        self._concurrency.ended(
            now_s,
            took_s=tries[-1].exchange_s if tries else now_s - asking.began_s,
            audio_s=self._seconds(asking.part),
            refused=refused,
        )

    def failed(self, part: Part, error: ASRError, began_s: float | None = None) -> None:
        """
        Take in that a part's request has failed: halve it, let it wait again, or end it.

        What the server broke at again and again is not to be sent any more, and its error says so.
        """
        now_s = self._session.clock()
        if isinstance(error, TooLargeError):
            self._shapes.refused(part.samples)
            if self._waiting.halve(part):
                return
        if passes(error):
            was_away = began_s is not None and self._outage.was_on(began_s)
            # A gateway that has lost its server cannot say of anything that it did not run.
            is_unreached = was_away and error.code == "gateway_upstream_unreachable"
            part.lost += error.executed != "no" and not is_unreached
            # What comes too late tells nothing of the server, and is not waited for.
            in_time = part.hearing.left_s(now_s) > 0
            is_patient = in_time and self._outage.failed(error, now_s)
            if is_patient and part.lost <= MOST_LOST:
                part.hearing.held_up = error
                # Another one asks next whether it is back: this may be what it breaks at.
                (self._waiting.add if was_away else self._waiting.put_back)(part)
                return
            if is_patient:
                error.fault = replace(error.fault, retryable="no")
            else:
                self.give_up(part.hearing, error)
        part.end(failure=error)

    def give_up(self, hearing: Hearing, error: ASRError) -> None:
        """Send no more of a recording, or each piece would try a server that is away."""
        hearing.given_up = error
        for part in self._waiting.send_home(hearing):
            part.end(failure=error)
