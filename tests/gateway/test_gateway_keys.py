"""Keys are exchanged between calls and during them: every call comes through, and fails none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from asr_client import ApiKey, ASRClient, AsyncASRClient
from asr_client.testing import Gateway
from canaries import new_key

TEXT = "open the window and close the door"
CALLS = 6


def call_together(way: Any, gateway: Gateway, settings: dict[str, Any], audio: Path) -> list[str]:
    """Make some calls at a time with one client, and change the gateway's key in between."""
    if not way.is_async:
        with ASRClient(way.url(gateway), **settings) as client, ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda _: client.transcribe(audio).text, range(CALLS)))

    async def call() -> list[str]:
        async with AsyncASRClient(way.url(gateway), **settings) as client:
            some_at_a_time = asyncio.Semaphore(3)

            async def one() -> str:
                async with some_at_a_time:
                    return (await client.transcribe(audio)).text

            return list(await asyncio.gather(*(one() for _ in range(CALLS))))

    return asyncio.run(call())


def when_calls_are_made(number: int, change: Callable[[], object]) -> Callable[[object], None]:
    """Give a hook that makes a change once so many attempts have ended."""
    ended: list[object] = []

    def hook(attempt: object) -> None:
        ended.append(attempt)
        if len(ended) == number:
            change()

    return hook


def test_key_exchanged_in_the_midst_of_calls_loses_none(
    way: Any, start_gateway: Any, key: ApiKey, door: Path, tmp_path: Path
) -> None:
    """The file has the new key, then the gateway drops the old one: a refusal is no failure."""
    file, new = tmp_path / "gateway.key", ApiKey(new_key())
    file.write_text(key.reveal())
    gateway = start_gateway()

    def rotate() -> None:
        file.write_text(new.reveal())
        gateway.rotates_key(new)

    settings = {
        "protocol": way.protocol,
        "language": "en",
        "api_key_file": file,
        "on_attempt": when_calls_are_made(4, rotate),
    }
    assert call_together(way, gateway, settings, door) == [TEXT] * CALLS
    fingerprints = [call.key_fingerprint for call in gateway.calls]
    assert set(fingerprints) == {key.fingerprint, new.fingerprint}
    assert fingerprints[-1] == new.fingerprint
    # Those under way at that moment are refused once each.
    assert gateway.counts_by_status().get(way.choose(401, 16), 0) <= 3


def test_two_keys_at_hand_are_tried_in_turn(
    way: Any, start_gateway: Any, connect: Any, key: ApiKey, door: Path
) -> None:
    """The refused key is not offered again, and the record shows both."""
    stale = ApiKey(new_key())
    gateway = start_gateway()
    caller = connect(gateway, api_key=(stale, key))
    transcript = caller.transcribe(door)
    assert transcript.text == TEXT
    first, second, *_ = transcript.attempts
    assert (first.fault.code, first.key_fingerprint) == ("auth", stale.fingerprint)
    assert (second.fault, second.key_fingerprint) == (None, key.fingerprint)
    caller.transcribe(door)
    assert gateway.counts_by_status() == {way.choose(401, 16): 1, way.choose(200, 0): 4}


def test_key_replaced_at_the_gateway_alone_is_an_error(
    way: Any, start_gateway: Any, connect: Any, door: Path
) -> None:
    """With no other key at hand the refusal reaches the caller, after one try."""
    gateway = start_gateway()
    caller = connect(gateway)
    caller.find_way()
    gateway.rotates_key(ApiKey(new_key()))
    with pytest.raises(Exception, match="answered") as caught:
        caller.transcribe(door)
    assert [each.status for each in caught.value.attempts] == [way.choose(401, 16)]
