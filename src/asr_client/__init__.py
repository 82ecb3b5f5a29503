"""
Text from audio, by speech recognition served on NVIDIA Triton behind a gateway.

    from asr_client import ASRClient

    with ASRClient("http://localhost:8000", language="hi") as client:
        print(client.transcribe("recording.flac").text)
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from asr_client.errors import (
    ASRError,
    AudioError,
    AuthError,
    ConfigError,
    ContractError,
    DeadlineError,
    LanguageError,
    ModelNotFoundError,
    NotSentError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    ReplyLostError,
    RouteNotFoundError,
    ServerBugError,
    ServerError,
    TooLargeError,
    TransportError,
)

if TYPE_CHECKING:
    from asr_client.audio import Waveform, load_audio
    from asr_client.auth import ApiKey
    from asr_client.calls.recording import Recording
    from asr_client.chunking.options import Chunking
    from asr_client.client import ASRClient, AsyncASRClient
    from asr_client.formats import format_transcript
    from asr_client.results import Transcript
    from asr_client.retry import RetryPolicy
    from asr_client.settings.connections import Connections

__version__ = "0.1.0"

# A library is silent until the application gives it a handler: docs/observability.md.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "ASRClient",
    "ASRError",
    "ApiKey",
    "AsyncASRClient",
    "AudioError",
    "AuthError",
    "Chunking",
    "ConfigError",
    "Connections",
    "ContractError",
    "DeadlineError",
    "LanguageError",
    "ModelNotFoundError",
    "NotSentError",
    "OverloadedError",
    "RateLimitedError",
    "Recording",
    "RejectedInputError",
    "ReplyLostError",
    "RetryPolicy",
    "RouteNotFoundError",
    "ServerBugError",
    "ServerError",
    "TooLargeError",
    "Transcript",
    "TransportError",
    "Waveform",
    "__version__",
    "format_transcript",
    "load_audio",
]

# Loaded on first use: importing the package takes a few milliseconds, and neither numpy nor a
# transport with it (tests/test_imports.py).
_HOMES = {
    "ASRClient": "client",
    "ApiKey": "auth",
    "AsyncASRClient": "client",
    "Chunking": "chunking.options",
    "Connections": "settings.connections",
    "Recording": "calls.recording",
    "RetryPolicy": "retry",
    "Transcript": "results",
    "Waveform": "audio",
    "format_transcript": "formats",
    "load_audio": "audio",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value  # the next look finds it without coming here
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
