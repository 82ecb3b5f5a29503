"""Whether there was anything to measure: a target that takes requests."""

from __future__ import annotations

from asr_loadtest.load.outcomes import Outcome
from asr_loadtest.load.tally import Tally

__all__ = ["why_not_ready"]

# What a target answers that was never ready for this; and why, in words.
_REFUSED: dict[Outcome, str] = {
    "auth": "the API key is missing, wrong or not allowed",
    "connection": "nobody could be reached",
    "gateway_error": "the gateway found no server behind it",
    "bad_request": "each request was refused as it is: a wrong model, path, language or tensor",
    "too_large": "each request was larger than is taken",
}
_REMEDIES: dict[Outcome, str] = {
    "auth": "check the key: asr-client doctor shows what the gateway makes of it",
    "connection": "check host, port and network: asr-client doctor looks at each",
    "gateway_error": "check that the servers behind the gateway are up and routed",
    "bad_request": "asr-client models shows what the server has, asr-transcribe -v what it says",
    "too_large": "use shorter recordings, or raise the gateway's limit on bodies",
}


def why_not_ready(tally: Tally) -> tuple[str, str] | None:
    """
    Tell why nothing was measured, and what to do; None if something was.

    That is so if not one request went well, the warm-up's included, and all failed in ways that
    load does not cause. A server that times out or breaks on everything does show something.
    """
    outcomes = tally.all.outcomes + tally.warm_up.outcomes
    del outcomes["not_sent"]
    sent = outcomes.total()
    if not sent or any(outcome not in _REFUSED for outcome in outcomes):
        return None
    [(outcome, count)] = outcomes.most_common(1)
    said = next((words for (of, words), _ in tally.failures.most_common() if of == outcome), "")
    why = f"none of {sent} requests was answered: {_REFUSED[outcome]}"
    if count < sent:
        why += f" ({count} of them)"
    return (f"{why} ({said})" if said else why), _REMEDIES[outcome]
