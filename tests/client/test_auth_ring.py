"""Which key a call gets, and which one after a refusal."""

from __future__ import annotations

import subprocess
import sys
from itertools import cycle

import pytest

from asr_client import ApiKey, ConfigError
from asr_client.auth import KeyCommand, KeyFunction, KeyRing, KeyVariable, choose_source

NEW, OLD, OLDER = ApiKey("NEW"), ApiKey("OLD"), ApiKey("OLDER")


def ring_of(*keys: ApiKey) -> KeyRing:
    """A ring of several keys, the preferred one first."""
    return KeyRing(choose_source(keys, environ={}))


def test_ring_without_keys_gives_none() -> None:
    """A server without a gateway wants no key."""
    ring = KeyRing()
    assert (ring.current(), ring.is_slow) == (None, False)
    assert ring.replacement(OLD) is None


def test_preferred_key_is_given_until_it_is_refused() -> None:
    """The second of two keys is for the time of a rotation."""
    ring = ring_of(NEW, OLD)
    assert ring.current() == NEW
    assert ring.replacement(NEW) == OLD
    assert ring.current() == OLD


def test_only_key_has_no_replacement_and_stays() -> None:
    """A refusal is final for the call, not for the client: the key may be let in later."""
    ring = ring_of(OLD)
    assert ring.replacement(OLD) is None
    assert ring.current() == OLD


def test_key_refused_the_longest_ago_is_next_when_all_were() -> None:
    """The gateway may have learnt a key since it refused it."""
    ring = ring_of(NEW, OLD, OLDER)
    assert ring.replacement(NEW) == OLD
    assert ring.replacement(OLD) == OLDER
    assert ring.replacement(OLDER) == NEW
    assert ring.current() == NEW
    assert ring.replacement(NEW) == OLD


def test_late_refusal_does_not_turn_the_ring_back() -> None:
    """Calls that set out with the old key are told the new one, which stays in use."""
    ring = ring_of(OLD, NEW)
    assert [ring.replacement(OLD) for _ in range(1000)] == [NEW] * 1000
    assert ring.current() == NEW


def test_new_key_of_the_source_is_given_without_waiting_for_a_refusal() -> None:
    """What others have found, or the source says by now, is the replacement."""
    environ = {"ASR_API_KEY": "OLD"}
    ring = KeyRing(KeyVariable("ASR_API_KEY", environ))
    assert ring.current() == OLD
    environ["ASR_API_KEY"] = "NEW"
    assert ring.current() == NEW
    assert ring.replacement(OLD) == NEW


def test_replaced_key_serves_while_the_gateway_does_not_know_the_new_one() -> None:
    """The client was told first: its old key is good until the gateway changes as well."""
    environ = {"ASR_API_KEY": "OLD"}
    ring = KeyRing(KeyVariable("ASR_API_KEY", environ))
    environ["ASR_API_KEY"] = "NEW"
    assert ring.replacement(NEW) == OLD
    assert ring.current() == OLD
    assert ring.replacement(OLD) == NEW
    assert ring.current() == NEW


def test_function_decides_alone() -> None:
    """Its present key is given even if it was refused, and no other one is tried."""
    keys = cycle(["A", "B"])
    ring = KeyRing(KeyFunction(lambda: next(keys)))
    assert ring.is_slow
    assert ring.current() == ApiKey("A")
    assert ring.replacement(ApiKey("A")) == ApiKey("B")
    assert ring.current() == ApiKey("A")
    assert ring.replacement(ApiKey("B")) is None


def test_refusals_of_keys_that_are_gone_are_forgotten() -> None:
    """A function that mints a key for each call does not fill the memory."""
    ring = KeyRing(KeyFunction(iter(map(str, range(5000))).__next__))
    for _ in range(2000):
        key = ring.current()
        assert key
        ring.replacement(key)
    assert len(ring._refused_at) <= 2


FORK = """
import os
from asr_client.auth import KeyCommand, KeyRing

ring = KeyRing(KeyCommand(("/bin/echo", "KEY-1")))
with ring._reader._lock():
    child = os.fork()
    if child == 0:
        os._exit(0 if ring.current().reveal() == "KEY-1" else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_forked_child_asks_without_waiting_for_its_parents_threads() -> None:
    """A lock that was held when the process forked is not waited for by the child."""
    # In a process of its own: pytest's may have threads, with which nobody should fork.
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_failing_source_tells_why() -> None:
    """A command that cannot run is a setting that cannot work."""
    with pytest.raises(ConfigError, match="cannot run the API key command /no/such"):
        KeyRing(KeyCommand(("/no/such",))).current()
