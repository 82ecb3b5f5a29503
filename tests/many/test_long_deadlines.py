"""How long a request may take that is one of many: the others' audio may be done before its own."""

from __future__ import annotations

import threading

from asr_client import Chunking
from asr_client.auth import ApiKey
from asr_client.calls.many.flow import transcribe_many
from asr_client.calls.many.options import ManyOptions
from asr_client.calls.terms import Options
from asr_client.client import open_session
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.drive import stream
from asr_client.retry import NO_RETRY
from spelled_speech import RATE_HZ, speak

URL = "http://127.0.0.1:1/api/v1/asr/infer"  # nobody there: requests end in the test
PIECES = Chunking(longest_s=5, whole_s=6, shortest_s=4, overlap_s=1)
JOBS = 4
SECONDS = 20  # four pieces, at least


class Together:
    """A transport that answers nobody before so many have asked, and notes their limits."""

    def __init__(self) -> None:
        self.limits_s: list[float] = []
        self._all_here = threading.Barrier(JOBS)

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:  # noqa: ARG002
        self.limits_s.append(deadline.limit_s)
        if len(self.limits_s) <= JOBS:
            self._all_here.wait(timeout=30)
        return Reply(200, {"content-type": "application/json"}, b'{"text": "one"}')

    def warm(self, connections: int, deadline: Deadline) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""


def limits_s(deadline_s: float | None) -> list[float]:
    """The limits of the first requests, which are under way together."""
    session = open_session(URL, {"language": "hi", "retry": NO_RETRY, "chunking": PIECES})
    options = Options(sample_rate_hz=RATE_HZ, deadline_s=deadline_s)
    speech = speak(range(200))[: SECONDS * RATE_HZ]
    together = Together()
    (item,) = stream(transcribe_many(session, options, ManyOptions(jobs=JOBS)), together, [speech])
    assert item.get().is_complete
    return together.limits_s[:JOBS]


def test_a_request_has_the_time_that_all_under_way_need() -> None:
    """Four pieces of 3 to 5 s: the last one to be begun may have to wait for the first three."""
    shortest, *_, longest = sorted(limits_s(None))
    assert 30 + 2 * 3 <= shortest <= 30 + 2 * 5
    assert 30 + 2 * 4 * 3 <= longest <= 30 + 2 * 4 * 5


def test_a_callers_limit_is_everybodys() -> None:
    """Whatever else is under way."""
    assert limits_s(25.0) == [25.0] * JOBS
