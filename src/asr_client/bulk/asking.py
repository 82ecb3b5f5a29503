"""What a server and its gateway say of themselves, before any audio is sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from asr_client.client import ASRClient
from asr_client.errors import ASRError
from asr_client.faults import Attempt
from asr_client.pacing import pacer_for
from asr_client.settings.config import ClientConfig, Settings

__all__ = ["ServerFacts", "ask_server"]

# A plan is worth no longer wait.
_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """
    What was learnt.

    Attributes:
        protocol: How the model is asked; empty if that was not learnt.
        sample_rate_hz: The rate that it takes.
        limits: Requests that the gateway lets through, by the window's length in seconds.
        failure: Why the server could not be asked; empty if it could.
    """

    protocol: str = ""
    sample_rate_hz: int = 16_000
    limits: Mapping[int, int] = field(default_factory=dict)
    failure: str = ""


def ask_server(url: str | None, settings: Settings) -> ServerFacts:
    """
    Make the few small requests that find the way to a model, and read the limits on the way.

    Raises:
        ConfigError: If a setting cannot work.
    """
    attempts: list[Attempt] = []
    watched: Settings = {**settings, "on_attempt": attempts.append}
    config = ClientConfig.resolve(url, **watched)
    facts = ServerFacts()
    with ASRClient(url, **watched) as client:
        try:
            info = client.model(deadline_s=_DEADLINE_S)
            facts = ServerFacts(info.protocol, info.sample_rate_hz)
            if not attempts:  # the protocol fixes the way, and nobody had to be asked
                client.health(deadline_s=_DEADLINE_S)
        except ASRError as error:
            facts = ServerFacts(failure=str(error))
        fingerprint = attempts[-1].key_fingerprint if attempts else ""
        limits = pacer_for(config.endpoint.authority, fingerprint).limits
    return dataclasses.replace(facts, limits=limits)
