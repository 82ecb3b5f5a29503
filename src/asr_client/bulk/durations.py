"""How long recordings are, by what their headers say; nothing is decoded."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from asr_client.audio.sources import open_decoder
from asr_client.bulk.inputs import STDIN, Entry
from asr_client.bulk.lookahead import map_ahead
from asr_client.errors import ASRError

__all__ = ["DurationScan", "measure_all", "measure_duration_s"]

# Mostly waiting for a disk: 0.1 ms each where the files are in memory.
_THREADS = 4
_AHEAD = 64


def measure_duration_s(entry: Entry) -> float | None:
    """Tell the seconds of a recording; None if its header does not, or it cannot be opened."""
    if entry.duration_s is not None:
        return entry.duration_s
    if entry.path == STDIN or not os.path.isfile(entry.path):  # noqa: PTH113 - a name as it is
        return None  # what is read of a pipe is gone
    try:
        with open_decoder(entry.path, None) as decoder:
            header = decoder.header
            return None if header.frames is None else header.frames / header.sample_rate_hz
    except ASRError:
        return None  # said when its turn comes


def measure_all(entries: Sequence[Entry]) -> list[float | None]:
    """Tell the seconds of each."""
    return list(map_ahead(measure_duration_s, entries, threads=_THREADS, ahead=_AHEAD))


class DurationScan:
    """
    Measures recordings beside the work, for a progress in seconds of audio.

    Args:
        entries: The recordings.
        told: Is called in another thread with the place and the seconds of each that has any.
    """

    def __init__(self, entries: Sequence[Entry], told: Callable[[int, float], None]) -> None:
        self._entries = entries
        self._told = told
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asr-durations", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for place, entry in enumerate(self._entries):
            if self._leaving.is_set():
                return
            seconds = measure_duration_s(entry)
            if seconds is not None:
                self._told(place, seconds)

    def close(self) -> None:
        """Measure no more."""
        self._leaving.set()
        self._thread.join()
