"""Memory does not grow with a recording: neither by its samples, nor by what fails of it."""

from __future__ import annotations

import io
import os
import tracemalloc
from itertools import count

import numpy as np
import pytest

from asr_client import Chunking
from asr_client.auth import ApiKey
from asr_client.calls.many.flow import transcribe_many
from asr_client.calls.many.options import ManyOptions
from asr_client.calls.terms import Options
from asr_client.client import open_session
from asr_client.contracts.wire import Reply, Request
from asr_client.deadline import Deadline
from asr_client.drive import stream
from asr_client.results import Item
from asr_client.retry import NO_RETRY
from spelled_speech import RATE_HZ, speak

URL = "http://127.0.0.1:1/api/v1/asr/infer"  # nobody there: requests end in the test
SHORT_PIECES = Chunking(longest_s=5, whole_s=6, shortest_s=1, overlap_s=0.5)
SPEECH = speak(range(60), pause_after=6).tobytes()
MEBIBYTE = 1 << 20


class EndlessWav(io.RawIOBase):
    """A WAV file of the same speech over and over, made while it is read."""

    def __init__(self, minutes: int) -> None:
        super().__init__()
        size = minutes * 60 * RATE_HZ * 2
        field = [number.to_bytes(4, "little") for number in (36 + size, 16, RATE_HZ, 2 * RATE_HZ)]
        layout = b"\x01\x00\x01\x00" + field[2] + field[3] + b"\x02\x00\x10\x00"
        self._head = b"RIFF" + field[0] + b"WAVEfmt " + field[1] + layout + b"data"
        self._head += size.to_bytes(4, "little")
        self._end = len(self._head) + size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        filled, limit = 0, min(len(buffer), self._end - self._at)
        while filled < limit:
            part = self._from(self._at)[: limit - filled]
            buffer[filled : filled + len(part)] = part
            filled += len(part)
            self._at += len(part)
        return filled

    def _from(self, at: int) -> bytes:
        beyond = at - len(self._head)
        return self._head[at:] if beyond < 0 else SPEECH[beyond % len(SPEECH) :]


class Script:
    """A transport that answers each request, or all but the first one with a refusal."""

    def __init__(self, *, refuses: bool) -> None:
        self._refuses = refuses
        self._number = count()

    def send(self, request: Request, deadline: Deadline, key: ApiKey | None = None) -> Reply:  # noqa: ARG002
        if next(self._number) and self._refuses:
            return Reply(400, body=b'{"error": "no"}')
        return Reply(200, {"content-type": "application/json"}, b'{"text": "one two three"}')

    def warm(self, connections: int, deadline: Deadline) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is open."""


def peak_bytes(minutes: int, *, refuses: bool) -> tuple[int, Item]:
    """The most that Python and numpy held at a time while the recording went through."""
    session = open_session(URL, {"language": "hi", "retry": NO_RETRY, "chunking": SHORT_PIECES})
    flow = transcribe_many(session, Options(), ManyOptions(jobs=2))
    tracemalloc.start()
    try:
        (item,) = stream(flow, Script(refuses=refuses), [EndlessWav(minutes)])
        return tracemalloc.get_traced_memory()[1], item
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("refuses", [False, True], ids=["answered", "refused"])
def test_memory_is_that_of_a_shorter_recording(refuses: bool) -> None:
    """Ten times as much audio, 66 MiB more, adds no more than what is told of its chunks."""
    peak_bytes(1, refuses=refuses)  # what is made once is made here
    shorter, _ = peak_bytes(2, refuses=refuses)
    longer, item = peak_bytes(20, refuses=refuses)
    transcript = item.get()
    assert transcript.duration_s == 1200
    assert len(transcript.coverage.chunks) > 240
    assert transcript.coverage.unsent == ()
    assert bool(transcript.coverage.gaps) == refuses
    assert longer < shorter + 8 * MEBIBYTE  # some KiB for each chunk's error and attempts


def test_memory_of_failed_recordings_is_not_kept() -> None:
    """Whoever keeps the errors of many recordings does not keep their samples with them."""
    session = open_session(URL, {"language": "hi", "retry": NO_RETRY, "chunking": SHORT_PIECES})
    damaged = np.full(10 * RATE_HZ, 0.25, np.float32)
    damaged[-1] = np.nan
    flow = transcribe_many(session, Options(sample_rate_hz=RATE_HZ), ManyOptions(jobs=2))
    tracemalloc.start()
    try:
        items = list(stream(flow, Script(refuses=False), [damaged] * 20))
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {item.error.code for item in items if item.error} == {"audio"}
    assert kept_bytes < damaged.nbytes * 5
