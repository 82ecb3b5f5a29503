"""A service that recognises synthetic speech, behind the gateway stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from asr_client import ASRClient
from asr_client.retry import RetryPolicy
from asr_client.testing import Gateway
from spelled_speech import answer

# Waits of a few milliseconds: what is tested is what happens, not how long it takes.
QUICK = RetryPolicy(first_delay_s=0.001, longest_delay_s=0.01)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The service."""
    with Gateway(answer) as each:
        yield each


@pytest.fixture
def speller(gateway: Gateway) -> Iterator[ASRClient]:
    """A client of it."""
    url = f"{gateway.url}/api/v1/asr/infer"
    with ASRClient(url, language="hi", retry=QUICK) as each:
        yield each
