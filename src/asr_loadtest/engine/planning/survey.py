"""A look at the target before the start: is it ready, does the key work, what are the limits."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from asr_client.audio import Waveform
from asr_client.audio.waveform import freeze
from asr_client.calls.discovery import find_route
from asr_client.calls.inspection import check_health
from asr_client.calls.session import Call, Route
from asr_client.client import open_session
from asr_client.contracts.recognizer import Utterances
from asr_client.contracts.wire import Reply
from asr_client.drive import run
from asr_client.errors import OverloadedError, ServerError
from asr_client.pacing.headers import Quota, read_quotas
from asr_loadtest.engine.client_settings import policy_of, settings_of
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.wires.wire import Wire, open_wire
from asr_loadtest.load.corpus.languages import sent_language

__all__ = ["Survey", "survey"]

_PATIENCE_S = 30.0
_TRIED_S = 1.0


@dataclass(frozen=True, slots=True)
class Survey:
    """
    What was found.

    Attributes:
        host: The URL, without anything that does not belong into reports.
        route: How the model is asked, and why: texts for people.
        model: Its name; empty where the gateway chooses.
        is_ready: Whether the server says that the model is.
        is_gated: Whether a key is needed, or limits are told: a gateway stands before the server.
        quotas: The gateway's limits, as one reply told them; none without limits.
        keys: API keys that will take turns.
        trouble: Why the trial request failed, where that may pass: the server was busy.
    """

    host: str
    route: dict[str, str]
    model: str
    is_ready: bool
    is_gated: bool = False
    quotas: tuple[Quota, ...] = ()
    keys: int = 1
    trouble: str = ""


def survey(host: str | None, options: LoadOptions) -> Survey:
    """
    Ask for the model, and try one request: a second of near silence.

    Raises:
        ASRError: If the target cannot be reached, refuses the key, or has no such model.
    """
    session = open_session(host or None, settings_of(options))
    wire = open_wire(session.config, policy_of(options))
    try:
        call = session.call(_PATIENCE_S)
        route = run(find_route(call, session.config.model), wire)
        trouble, is_ready = "", True
        quotas: tuple[Quota, ...] = ()
        try:
            quotas = read_quotas(_try_once(wire, call, route, options).headers)
        except OverloadedError as error:
            # Busy, or not there yet? A gateway may have no path by which to ask.
            trouble = str(error)
            with suppress(ServerError):
                is_ready = run(check_health(session, _PATIENCE_S), wire).ok
        return Survey(
            str(session.config.endpoint),
            _told(route),
            route.recognizer.model,
            is_ready,
            is_gated=bool(quotas) or session.keys.current() is not None,
            quotas=quotas,
            trouble=trouble,
        )
    finally:
        wire.close()


def _try_once(wire: Wire, call: Call, route: Route, options: LoadOptions) -> Reply:
    recognizer = route.recognizer
    languages = recognizer.languages
    language = options.language or (languages[0] if recognizer.needs_language and languages else "")
    quiet = np.full(round(_TRIED_S * recognizer.sample_rate_hz), 1e-4, np.float32)
    wave = Waveform(freeze(quiet), recognizer.sample_rate_hz)
    sent = sent_language(recognizer, language)
    exchange = recognizer.recognize(Utterances((wave,), sent, call.request_id))
    reply = wire.send(exchange.request, call.deadline, call.session.keys.current())
    exchange.parse(reply)
    return reply


def _told(route: Route) -> dict[str, str]:
    recognizer = route.recognizer
    return {
        "protocol": recognizer.protocol,
        "model": recognizer.model or "the gateway's choice",
        "contract": recognizer.contract,
        "why_protocol": route.why_protocol,
        "why_contract": route.why_contract,
    }
