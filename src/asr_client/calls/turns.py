"""A request's turn under the gateway's rate limits: waited for before it, settled after it."""

from __future__ import annotations

import logging
from typing import TypeVar

from asr_client.calls.attempt import Encode, Try
from asr_client.calls.effects import Flow, sleep
from asr_client.calls.session import Call
from asr_client.errors import ASRError, RateLimitedError, ServerError
from asr_client.faults import Fault
from asr_client.pacing import Pacer, Ticket

__all__ = ["in_turn"]

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

_WORTH_TELLING_S = 1.0

_NO_ROOM = Fault("rate_limited", origin="client", executed="no", retryable="yes")

# Refusals for which Kong counts nothing (measured: docs/servers.md 6).
_UNCOUNTED = ("auth", "too_large", "rate_limited", "not_found_route")


def in_turn(pacer: Pacer, attempt: Try, encode: Encode[Value]) -> Flow[Value]:
    """
    Make an attempt as soon as there is room for it, and tell the pacer what came of it.

    Raises:
        RateLimitedError: At once, if there is no room before the call's deadline.
        ASRError: What the attempt ended with.
    """
    ticket = yield from _take(pacer, attempt.call)
    try:
        value = yield from attempt.make(encode)
    except BaseException as error:
        _settle(pacer, ticket, attempt, error)
        raise
    _settle(pacer, ticket, attempt, None)
    return value


def _take(pacer: Pacer, call: Call) -> Flow[Ticket]:
    """
    Wait until the gateway's limits have room for one more request.

    Raises:
        RateLimitedError: At once, if that will not be before the call's deadline.
        DeadlineError: If the deadline passes before the limits are known.
    """
    clock = call.session.clock
    ticket = pacer.book(clock())
    try:
        while (delay_s := ticket.at_s - clock()) > 0:
            left_s = call.deadline.require_s("waiting for its turn")
            if delay_s >= left_s and not ticket.is_guess:
                raise _no_room(call, delay_s, left_s)
            if delay_s > _WORTH_TELLING_S:
                _log.info("waiting %.1f s for room under the rate limit", delay_s)
            yield from sleep(min(delay_s, left_s))
            ticket = pacer.renew(ticket, clock())
    except BaseException:
        pacer.cancel(ticket)
        raise
    return ticket


def _no_room(call: Call, delay_s: float, left_s: float) -> RateLimitedError:
    return RateLimitedError(
        f"the rate limit of this API key has no room for {delay_s:.1f} s, and the call has "
        f"{left_s:.1f} s left: it was not sent",
        hint="come back then, send less at a time, or give more time (deadline_s, --deadline)",
        fault=_NO_ROOM,
        retry_after_s=delay_s,
        request_id=call.request_id,
    )


def _settle(pacer: Pacer, ticket: Ticket, attempt: Try, error: BaseException | None) -> None:
    """Tell the pacer what came of an attempt that ended with *error*, or well."""
    reply = attempt.reply
    if reply is None:
        unsent = isinstance(error, ASRError) and error.executed == "no"
        (pacer.cancel if unsent else pacer.lose)(ticket)
        return
    refusal = error if isinstance(error, ServerError) else None
    pacer.settle(
        ticket,
        headers=reply.headers,
        sent_s=attempt.sent_s,
        now_s=attempt.call.session.clock(),
        is_limited=refusal is not None and refusal.code == "rate_limited",
        consumed=refusal is None or refusal.origin != "kong" or refusal.code not in _UNCOUNTED,
        retry_after_s=refusal.retry_after_s if refusal else None,
    )
