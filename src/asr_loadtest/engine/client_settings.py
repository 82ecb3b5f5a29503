"""The options in the SDK's words: how the host is reached, and how long connections are kept."""

from __future__ import annotations

from typing import cast

from asr_client.retry import NO_RETRY
from asr_client.settings.config import Settings
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.engine.wires.connection_policy import ConnectionPolicy, Policy

__all__ = ["policy_of", "settings_of"]


def settings_of(options: LoadOptions) -> Settings:
    """
    Say the options in the SDK's words.

    Nothing is repeated and nothing held back: each arrival is one request, at its own time.
    """
    settings: Settings = {
        "retry": NO_RETRY,
        "pacing": False,
        "protocol": options.protocol,  # type: ignore[typeddict-item]  # argparse has checked it
        "deadline_s": options.deadline_s,
    }
    for name in ("model", "language", "api_key_file", "api_key_header", "tls_ca_file"):
        value = getattr(options, name)
        if value:
            settings[name] = value
    return settings


def policy_of(options: LoadOptions) -> ConnectionPolicy:
    """Say how long connections are kept."""
    return ConnectionPolicy(cast("Policy", options.connection), options.max_age_s)
