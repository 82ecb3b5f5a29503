"""Who shares a pacer, between clients, threads and processes."""

from __future__ import annotations

import gc
import os
import threading
import weakref

import pytest

from asr_client.pacing import Pacer, pacer_for

LIMITED = {"x-ratelimit-limit-minute": "10", "x-ratelimit-remaining-minute": "0"}


def use_up(pacer: Pacer) -> None:
    """Let a reply tell that nothing is left."""
    pacer.settle(pacer.book(1.0), headers=LIMITED, sent_s=1.0, now_s=1.1)


def test_pacer_is_shared_by_gateway_and_key() -> None:
    """Two clients with one key are one caller to the gateway; another key is another one."""
    pacer = pacer_for("a:80", "key-1")
    assert pacer_for("a:80", "key-1") is pacer
    assert pacer_for("a:80", "key-2") is not pacer
    assert pacer_for("b:80", "key-1") is not pacer


def test_pacer_goes_with_its_last_holder() -> None:
    """A process that meets many keys does not collect them."""
    held = weakref.ref(pacer_for("c:80", "key"))
    gc.collect()
    assert held() is None


def test_threads_never_get_one_place_twice() -> None:
    """Eight threads book at once; half the limit goes, and not one more."""
    pacer = pacer_for("d:80", "key")
    limits = {"x-ratelimit-limit-hour": "1000", "x-ratelimit-remaining-hour": "999"}
    pacer.settle(pacer.book(1.0), headers=limits, sent_s=1.0, now_s=1.0)
    free = sum(pacer.book(1.0).at_s <= 1.0 for _ in range(1000))
    again = pacer_for("d:80", "other key")
    again.settle(again.book(1.0), headers=limits, sent_s=1.0, now_s=1.0)
    gone: list[float] = []
    start = threading.Barrier(8)

    def caller() -> None:
        start.wait()
        gone.extend(at_s for _ in range(125) if (at_s := again.book(1.0).at_s) <= 1.0)

    threads = [threading.Thread(target=caller) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gone) == free


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nobody forks here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # other tests' threads may be alive
def test_forked_child_begins_anew_though_the_lock_was_held() -> None:
    """The child counts for itself, and does not wait for a thread that it does not have."""
    pacer = pacer_for("e:80", "key")
    use_up(pacer)
    with pacer._deciding:
        child = os.fork()
        if not child:
            is_new = pacer.book(1.0).at_s <= 1.0 and pacer_for("e:80", "key") is pacer
            os._exit(0 if is_new else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pacer.book(1.2).at_s > 1.2
