"""
Speech to text with pocketsphinx, behind the tensors of AI4Bharat's acoustic models.

Runs inside Triton's Python backend, in an interpreter of its own: it cannot import asr_client.
"""

# ruff: noqa: INP001 - a Triton model directory, not a package

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pocketsphinx
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray
from speech import UnusableError, pcm16, speech_of  # type: ignore[import-not-found]

__all__ = ["TritonPythonModel"]

_RATE_HZ = 16_000


class TritonPythonModel:
    """One decoder in one process; Triton starts as many as there are cores."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the acoustic and the language model."""
        parameters = json.loads(args["model_config"])["parameters"]
        self.languages = frozenset(parameters["languages"]["string_value"].split())
        self.decoder = pocketsphinx.Decoder(samprate=_RATE_HZ, loglevel="FATAL")

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer *requests* in their order; a bad one fails alone."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        try:
            texts = [self._transcribe(*row) for row in _rows_of(request)]
        except UnusableError as error:
            return pb_utils.InferenceResponse(
                error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
            )
        # Shape [B], as the real server answers, although [B, -1] is what its metadata declares.
        transcripts = np.array([text.encode() for text in texts], dtype=np.object_)
        return pb_utils.InferenceResponse([pb_utils.Tensor("TRANSCRIPTS", transcripts)])

    def _transcribe(self, signal: NDArray[np.float32], num_samples: int, language: str) -> str:
        if language not in self.languages:
            served = ", ".join(sorted(self.languages))
            raise UnusableError(
                f"LANG_ID {language!r} is not served here; this development server "
                f"recognises: {served}"
            )
        pcm = pcm16(speech_of(signal, num_samples))
        if not pcm.any():
            # Nothing but zeros has no spectrum to normalise, and the decoder hears a word in it.
            return ""
        self.decoder.start_utt()
        # The whole utterance at once: its own mean is then used to normalise it, so that the text
        # does not depend on what this process decoded before.
        self.decoder.process_raw(pcm.tobytes(), full_utt=True)
        self.decoder.end_utt()
        hypothesis = self.decoder.hyp()
        return str(hypothesis.hypstr) if hypothesis else ""


def _rows_of(request: Any) -> list[tuple[NDArray[np.float32], int, str]]:
    """Split a request into (signal, number of samples, language), one for each recording."""
    signals, counts, languages = (
        pb_utils.get_input_tensor_by_name(request, name).as_numpy()
        for name in ("AUDIO_SIGNAL", "NUM_SAMPLES", "LANG_ID")
    )
    return [
        (signal, int(count), language.decode(errors="replace"))
        for signal, count, language in zip(signals, counts.ravel(), languages.ravel(), strict=True)
    ]
