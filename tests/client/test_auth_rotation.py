"""Rotation drills: keys are exchanged in the middle of many threads' calls, and no call is lost."""

from __future__ import annotations

import itertools
import logging
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asr_client import ApiKey
from asr_client.auth import KeyRing, KeySource, choose_source
from canaries import new_key

OLD, NEW = new_key(), new_key()
THREADS = 8


class Gateway:
    """Knows some keys; a call is lost if it is refused with the replacement, too."""

    def __init__(self, *keys: str) -> None:
        self.accepts(*keys)
        self.refusals: list[str] = []

    def accepts(self, *keys: str) -> None:
        """Accept these keys alone from now on."""
        self._accepted = frozenset(map(ApiKey, keys))

    def call(self, ring: KeyRing) -> bool:
        """Make one call as the SDK does, repeated at most once; tell whether it went through."""
        key = ring.current()
        return self._lets_in(key) or (key is not None and self._lets_in(ring.replacement(key)))

    def _lets_in(self, key: ApiKey | None) -> bool:
        if key in self._accepted:
            return True
        self.refusals.append(key.fingerprint if key else "")
        return False


class Place(ABC):
    """Where a drill keeps its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.put(OLD)

    @abstractmethod
    def put(self, key: str) -> None:
        """Exchange the key."""

    @abstractmethod
    def source(self) -> KeySource:
        """Name the place."""


class Variable(Place):
    """An environment variable."""

    def __init__(self, folder: Path) -> None:
        self._environ: dict[str, str] = {}
        super().__init__(folder)

    def put(self, key: str) -> None:
        self._environ["ASR_API_KEY"] = key

    def source(self) -> KeySource:
        return choose_source(environ=self._environ)


class WrittenFile(Place):
    """A file that is written in place: for a moment it is empty, then it holds half a key."""

    def put(self, key: str) -> None:
        with os.fdopen(os.open(self.folder / "key", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            file.truncate(0)
            for part in (key[:4], key[4:], "\n"):
                file.write(part)
                file.flush()
        settle(self.folder / "key")

    def source(self) -> KeySource:
        return choose_source(api_key_file=self.folder / "key", environ={})


class RenamedFile(WrittenFile):
    """A file that another one is renamed over."""

    def put(self, key: str) -> None:
        (self.folder / "next").touch(0o600)
        (self.folder / "next").write_text(key)
        settle(self.folder / "next")
        (self.folder / "next").rename(self.folder / "key")


DATES_NS = itertools.count(10**18)


def settle(path: Path) -> None:
    """Date a file long ago, each time a little later: nobody has to wait until it is not fresh."""
    date_ns = next(DATES_NS)
    os.utime(path, ns=(date_ns, date_ns))


class Command(RenamedFile):
    """A command that prints the key."""

    def source(self) -> KeySource:
        return choose_source(api_key_command=("cat", str(self.folder / "key")), environ={})


class Function(RenamedFile):
    """A function of the caller's that returns the key."""

    def source(self) -> KeySource:
        return choose_source((self.folder / "key").read_text, environ={})


def calls_around(change: Callable[[], None], call: Callable[[], bool]) -> Iterator[bool]:
    """Make a thousand calls from many threads; the change happens in the middle of them."""
    numbers = itertools.count()

    def step(_: int) -> bool:
        if next(numbers) == 500:
            change()
        return call()

    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(step, range(1000))


@pytest.mark.parametrize("kind", [Variable, RenamedFile, WrittenFile, Command, Function])
def test_no_call_is_lost_when_the_gateway_knows_the_new_key_first(
    kind: type[Place], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Both keys are good while the client's is exchanged; then the old one is withdrawn."""
    caplog.set_level(logging.DEBUG)
    place, gateway = kind(tmp_path), Gateway(OLD, NEW)
    ring = KeyRing(place.source())
    assert all(calls_around(lambda: place.put(NEW), lambda: gateway.call(ring)))
    assert all(calls_around(lambda: gateway.accepts(NEW), lambda: gateway.call(ring)))
    assert ring.current() == ApiKey(NEW)
    assert OLD not in caplog.text
    assert NEW not in caplog.text


@pytest.mark.parametrize("kind", [Variable, RenamedFile, WrittenFile, Command])
def test_no_call_is_lost_when_the_client_knows_the_new_key_first(
    kind: type[Place], tmp_path: Path
) -> None:
    """The old key is used on until the gateway changes over, without any time of overlap."""
    place, gateway = kind(tmp_path), Gateway(OLD)
    ring = KeyRing(place.source())
    assert all(calls_around(lambda: place.put(NEW), lambda: gateway.call(ring)))
    assert all(calls_around(lambda: gateway.accepts(NEW), lambda: gateway.call(ring)))
    assert ring.current() == ApiKey(NEW)


@pytest.mark.parametrize("order", [(NEW, OLD), (OLD, NEW)])
def test_no_call_is_lost_with_both_keys_at_hand(order: tuple[str, str]) -> None:
    """Two keys in either order need nothing but the gateway's word."""
    gateway, ring = Gateway(OLD), KeyRing(choose_source(order, environ={}))
    assert all(calls_around(lambda: None, lambda: gateway.call(ring)))
    assert all(calls_around(lambda: gateway.accepts(NEW), lambda: gateway.call(ring)))
    assert ring.current() == ApiKey(NEW)
    # A refusal is met once by each thread that was on its way, not by each call.
    assert len(gateway.refusals) <= 2 * THREADS


def test_file_written_in_place_never_leaves_a_reader_without_a_key(tmp_path: Path) -> None:
    """Readers that meet it empty or half-written again and again go on, and end up right."""
    place = WrittenFile(tmp_path)
    ring = KeyRing(place.source())
    is_over = threading.Event()

    def read() -> set[str]:
        seen = set()
        while not is_over.is_set():
            key = ring.current()
            assert key
            seen.add(key.reveal())
        return seen

    with ThreadPoolExecutor(THREADS) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for number in range(200):
            place.put((OLD, NEW)[number % 2])
        place.put(NEW)
        is_over.set()
        seen = set().union(*(reader.result() for reader in readers))
    assert seen <= {OLD, NEW}
    assert ring.current() == ApiKey(NEW)


def test_rotation_goes_on_for_years(tmp_path: Path) -> None:
    """Thirty keys one after the other, client first: each change costs refusals, never a call."""
    place, gateway = RenamedFile(tmp_path), Gateway(OLD)
    ring = KeyRing(place.source())
    for number in range(30):
        place.put(f"{number} is the key of its month")
        assert all(gateway.call(ring) for _ in range(10))
        gateway.accepts(f"{number} is the key of its month")
        assert all(gateway.call(ring) for _ in range(10))
    assert len(gateway.refusals) <= 60
