"""Calls through the gateway stand-in to the real server: each over two wires in two colours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asr_client import ApiKey, ASRClient, AsyncASRClient, Transcript
from asr_client.embedded import EmbeddedTriton
from asr_client.results import ModelList
from asr_client.testing import Gateway
from asr_client.testing.plugin import asr_gateway
from canaries import new_key

__all__ = ["asr_gateway"]

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Way:
    """
    One of the ways to make a call.

    Attributes:
        protocol: "http" or "grpc".
        is_async: Which colour of client.
    """

    protocol: str
    is_async: bool

    def __str__(self) -> str:
        return f"{self.protocol}-{'async' if self.is_async else 'sync'}"

    def choose(self, http: Any, grpc: Any) -> Any:
        """Pick what belongs to this way's protocol."""
        return http if self.protocol == "http" else grpc

    def url(self, gateway: Gateway) -> str:
        """Where this way enters a gateway."""
        return str(gateway.url if self.protocol == "http" else gateway.grpc_url)


WAYS = {
    str(way): way
    for way in (Way(protocol, colour) for protocol in ("http", "grpc") for colour in (False, True))
}


class Caller:
    """One client of either colour; an asynchronous one has an event loop of its own."""

    def __init__(self, is_async: bool, url: str, settings: dict[str, Any]) -> None:
        self._is_open = True
        self._runner = asyncio.Runner() if is_async else None
        self._client = (AsyncASRClient if is_async else ASRClient)(url, **settings)

    def transcribe(self, audio: Any, **options: Any) -> Transcript:
        """Make one call."""
        return self._done(self._client.transcribe(audio, **{"deadline_s": PATIENCE_S, **options}))

    def list_models(self) -> ModelList:
        """Make a call that needs no recognition."""
        return self._done(self._client.models(deadline_s=PATIENCE_S))

    def find_way(self) -> None:
        """Ask for the model, so that later calls are one request each."""
        self._done(self._client.model())

    def close(self) -> None:
        """Close the client, and its loop; once is enough."""
        if self._is_open:
            self._is_open = False
            self._done(self._client.close())
            if self._runner is not None:
                self._runner.close()

    def _done(self, result: Any) -> Any:
        return result if self._runner is None else self._runner.run(result)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """Every way in turn."""
    return WAYS[request.param]


@pytest.fixture
def key() -> ApiKey:
    """The key that opens the gateways of this test."""
    return ApiKey(new_key())


@pytest.fixture
def start_gateway(
    asr_gateway: Callable[..., Gateway], embedded_triton: EmbeddedTriton, key: ApiKey
) -> Callable[..., Gateway]:
    """Start gateways before the shared server; *upstreams* replaces it."""
    server = (embedded_triton.http_url, embedded_triton.grpc_url)

    def start(*upstreams: Any, **options: Any) -> Gateway:
        return asr_gateway(*(upstreams or server), **{"api_keys": (key,), **options})

    return start


@pytest.fixture
def connect(way: Way, key: ApiKey) -> Iterator[Callable[..., Caller]]:
    """Make callers of a gateway, in this test's way and with its key."""
    with ExitStack() as open_callers:

        def connect(gateway: Gateway, **settings: Any) -> Caller:
            settings = {"protocol": way.protocol, "language": "en", "api_key": key, **settings}
            url = settings.pop("url", "") or way.url(gateway)
            caller = Caller(way.is_async, url, settings)
            open_callers.callback(caller.close)
            return caller

        yield connect


@pytest.fixture
def door(speech_folder: Path) -> Path:
    """Two seconds of speech that the recogniser gets right to the word."""
    return speech_folder / "en-awb-door.flac"
