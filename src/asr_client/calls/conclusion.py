"""The error that a call ends with, told what only the whole call knows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from asr_client.calls.session import Call
from asr_client.classification.advice import advise_on_key
from asr_client.errors import ASRError, AuthError, ServerError
from asr_client.faults import Attempt, Executed

__all__ = ["conclude"]

_BY_CERTAINTY: tuple[Executed, ...] = ("no", "maybe", "yes")
_KEY_MISSED = "no api key found"


def conclude(call: Call, error: ASRError, tries: Sequence[Attempt]) -> None:
    """
    Complete the error that the *tries* of one request ended with.

    It gets the record of the whole call. If an earlier try may have run, the error says so,
    whatever became of the last one. A key that the gateway missed may have gone in the wrong
    header, and only we know in which. Who is told to come back is told when.
    """
    error.attempts = tuple(call.log)
    if isinstance(error, ServerError) and error.retry_after_s is not None and not error.hint:
        error.hint = f"it may work again in {math.ceil(error.retry_after_s)} s"
    if not tries:
        return
    ran = [each.fault.executed for each in tries if each.fault]
    worst = max([error.executed, *ran], key=_BY_CERTAINTY.index)
    error.fault = replace(error.fault, executed=worst)
    if isinstance(error, AuthError):
        error.hint = _advise(error, call.session.config.api_key_header, tries[-1].key_fingerprint)


def _advise(error: AuthError, header: str, fingerprint: str) -> str:
    if _KEY_MISSED in error.message.lower():
        return advise_on_key(header, was_sent=bool(fingerprint))
    if error.hint or not fingerprint:
        return error.hint
    return f"the key sha256:{fingerprint} went in {header}; `asr-client doctor` looks further"
