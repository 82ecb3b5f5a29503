"""
pytest fixtures for applications that call speech recognition through a gateway.

Registered with pytest by installing the package; nothing of it is loaded before a test asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asr_client.embedded import EmbeddedTriton
    from asr_client.testing.gateway import Gateway

__all__ = ["asr_gateway", "asr_triton"]


@pytest.fixture
def asr_gateway() -> Iterator[Callable[..., Gateway]]:
    """
    Start gateways that end with the test: `asr_gateway(upstream, limits={"minute": 3})`.

    Takes what `asr_client.testing.Gateway` takes. Without an upstream it stands before an
    `EchoUpstream`, which recognises nothing and needs nothing.
    """
    from asr_client.testing.echo import EchoUpstream
    from asr_client.testing.gateway import Gateway

    with ExitStack() as running:

        def start(*upstreams: Any, **options: Any) -> Gateway:
            return running.enter_context(Gateway(*upstreams or (EchoUpstream(),), **options))

        yield start


@pytest.fixture(scope="session")
def asr_triton() -> Iterator[EmbeddedTriton]:
    """Run a real Triton with a real recogniser; skips where this machine cannot run one."""
    from asr_client.embedded import EmbeddedTriton
    from asr_client.errors import EmbeddedError

    server = EmbeddedTriton()
    try:
        server.start()
    except EmbeddedError as error:
        pytest.skip(f"the embedded Triton cannot run here: {error}")
    try:
        yield server
    finally:
        server.stop()
