"""
A recogniser that only takes time: a_ms + b_ms x seconds of audio, for each execution.

Runs inside Triton's Python backend, in an interpreter of its own: it cannot import asr_client.
"""

# ruff: noqa: INP001 - a Triton model directory, not a package

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils

__all__ = ["TritonPythonModel"]

_RATE_HZ = 16_000


class TritonPythonModel:
    """Holds the parameters of the law of its service time."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read the law from the model's configuration."""
        parameters = {
            key: value["string_value"]
            for key, value in json.loads(args["model_config"])["parameters"].items()
        }
        self.languages = frozenset(parameters["languages"].split())
        self.fixed_s = float(parameters["a_ms"]) / 1000
        self.per_audio_s = float(parameters["b_ms"]) / 1000
        self.spend = {"sleep": time.sleep, "busy": _compute}[parameters["mode"]]

    def execute(self, requests: list[Any]) -> list[Any]:
        """Take the time that this batch costs, then answer *requests* in their order."""
        batch = [self._recordings(request) for request in requests]
        audio_s = sum(seconds for recordings, _ in batch for seconds, _ in recordings)
        self.spend(self.fixed_s + self.per_audio_s * audio_s)
        return [_answer(recordings, error) for recordings, error in batch]

    def _recordings(self, request: Any) -> tuple[list[tuple[float, str]], str]:
        """Return (seconds, language) for each recording of a request, or what is wrong with it."""
        signals, counts, languages = (
            pb_utils.get_input_tensor_by_name(request, name).as_numpy()
            for name in ("AUDIO_SIGNAL", "NUM_SAMPLES", "LANG_ID")
        )
        recordings = []
        for count, language in zip(counts.ravel(), languages.ravel(), strict=True):
            code = language.decode(errors="replace")
            if not 0 < count <= signals.shape[1]:
                return [], f"NUM_SAMPLES is {count}, but must be from 1 to {signals.shape[1]}"
            if code not in self.languages:
                return [], f"LANG_ID {code!r} is not served here"
            recordings.append((int(count) / _RATE_HZ, code))
        return recordings, ""


def _compute(duration_s: float) -> None:
    """Keep one core computing for *duration_s* of CPU time: longer by the clock if it is shared."""
    end_s = time.thread_time() + duration_s
    while time.thread_time() < end_s:
        pass


def _answer(recordings: list[tuple[float, str]], error: str) -> Any:
    """Say what was received: a text that differs with language and length, and nothing else."""
    if error:
        return pb_utils.InferenceResponse(
            error=pb_utils.TritonError(error, pb_utils.TritonError.INVALID_ARG)
        )
    texts = [f"{seconds:.2f} s of {code}".encode() for seconds, code in recordings]
    return pb_utils.InferenceResponse(
        [pb_utils.Tensor("TRANSCRIPTS", np.array(texts, dtype=np.object_))]
    )
