"""
One request, sent until it is answered or hopeless; all that meets a server goes through here.

In this order the key ring, the pacer, the retry policy and its budget have their say. Like every
flow it does no I/O itself.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TypeVar

from asr_client.auth import ApiKey
from asr_client.calls.attempt import Encode, Try
from asr_client.calls.conclusion import conclude
from asr_client.calls.effects import Flow, sleep, work
from asr_client.calls.session import Call
from asr_client.calls.turns import in_turn
from asr_client.contracts.wire import Exchange
from asr_client.errors import ASRError, AuthError, DeadlineError, ReplyLostError, ServerError

__all__ = ["KEY_REFUSED", "ask", "ask_in_time"]

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

# Statuses of an AuthError that another key may mend; 16 is gRPC's UNAUTHENTICATED.
KEY_REFUSED = (HTTPStatus.UNAUTHORIZED, 16)


def ask(call: Call, exchange: Exchange[Value]) -> Flow[Value]:
    """Send one exchange's request until it is answered or hopeless, and read the reply."""
    return (yield from ask_in_time(call, lambda _remaining_s: exchange))


def ask_in_time(call: Call, encode: Encode[Value]) -> Flow[Value]:
    """
    Do the same with a request that is encoded anew for each try, told how much time is left.

    Raises:
        ASRError: What the last try ended with; its `attempts` tell of all tries of the call.
    """
    tries_before = len(call.log)
    try:
        return (yield from _persist(call, encode))
    except ASRError as error:
        conclude(call, error, call.log[tries_before:])
        raise


def _persist(call: Call, encode: Encode[Value]) -> Flow[Value]:
    clock = call.session.clock
    free_s, number, counted, replaced_keys = clock(), 0, 0, 0
    failure: ASRError | None = None
    while True:
        number += 1
        key = yield from _current_key(call)
        tried = len(call.log)
        try:
            return (yield from _make(Try(call, number, key, free_s), encode))
        except ASRError as error:
            if failure and isinstance(error, DeadlineError) and len(call.log) == tried:
                raise failure from error  # nothing more was sent: what went wrong says more
            failure, free_s = error, clock()
            counted += call.retry.counts(error.fault)
            if replaced_keys < _most_replaced(call, key) and (
                yield from _has_other_key(call, error, key)
            ):
                replaced_keys += 1
            else:
                yield from _back_off(call, error, number, counted)


def _make(attempt: Try, encode: Encode[Value]) -> Flow[Value]:
    session, key = attempt.call.session, attempt.key
    if session.pacer_of is None:
        value = yield from attempt.make(encode)
    else:
        pacer = session.pacer_of(key.fingerprint if key else "")
        value = yield from in_turn(pacer, attempt, encode)
    session.budget.earn()
    if key is not None:
        session.keys.note_acceptance(key)
    return value


def _current_key(call: Call) -> Flow[ApiKey | None]:
    keys = call.session.keys
    if not keys.is_slow:
        return keys.current()
    return (yield from work(keys.current, call.deadline, "asking for the API key"))


def _most_replaced(call: Call, key: ApiKey | None) -> int:
    """
    Tell how often a call may go on with another key, when *key* was refused.

    Once; but a gateway that refuses what it took before has changed its keys just now, and the one
    that it refused a moment ago may be the good one.
    """
    return 2 if key is not None and call.session.keys.was_accepted(key) else 1


def _has_other_key(call: Call, error: ASRError, key: ApiKey | None) -> Flow[bool]:
    """Whether a refused key has been replaced at its source, or is one of several."""
    if key is None or not isinstance(error, AuthError) or error.status not in KEY_REFUSED:
        return False
    keys = call.session.keys
    if keys.is_slow:
        asking = "asking for another API key"
        other = yield from work(lambda: keys.replacement(key), call.deadline, asking)
    else:
        other = keys.replacement(key)
    if other is not None:
        _log.info("key %r was refused, going on with %r", key, other)
    return other is not None


def _back_off(call: Call, error: ASRError, number: int, counted: int) -> Flow[None]:
    """
    Wait until try *number* may be followed by another one.

    Raises:
        ASRError: That try's own *error*, if none may follow the *counted* ones that count.
    """
    if not call.retry.may_repeat(error.fault, counted):
        raise error
    retry_after_s = error.retry_after_s if isinstance(error, ServerError) else None
    delay_s = call.retry.delay_s(number, retry_after_s, call.session.random)
    if isinstance(error, ReplyLostError) and error.on_kept_connection and number == 1:
        delay_s = 0.0  # most likely the server had let go of it: nothing to wait for
    if delay_s >= call.deadline.remaining_s():
        raise error
    if error.executed != "no" and not call.session.budget.spend():
        _log.warning("%s, and no try left: too many requests have failed lately", error.code)
        raise error
    _log.info("try %d failed (%s), another one follows in %.2f s", number, error.code, delay_s)
    yield from sleep(delay_s)
