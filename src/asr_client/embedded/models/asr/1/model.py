"""
A base64 audio file to text: decode it, then ask asr_am_ensemble.

Runs inside Triton's Python backend, in an interpreter of its own: it cannot import asr_client.
"""

# ruff: noqa: INP001 - a Triton model directory, not a package

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

import numpy as np
import soundfile
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

__all__ = ["TritonPythonModel"]

_RATE_HZ = 16_000
_DEFAULT_LANGUAGE = "en"


class _UnusableError(ValueError):
    """The request cannot be transcribed; the text says why."""


class TritonPythonModel:
    """Decodes, downmixes and hands on; the recogniser's own errors pass through unchanged."""

    def execute(self, requests: list[Any]) -> list[Any]:
        """Answer *requests* in their order; a bad one fails alone."""
        return [_answer(request) for request in requests]


def _answer(request: Any) -> Any:
    """Transcribe one request."""
    try:
        speech = _decode(_bytes_of(request, "audio", b""))
    except _UnusableError as error:
        return pb_utils.InferenceResponse(
            error=pb_utils.TritonError(str(error), pb_utils.TritonError.INVALID_ARG)
        )
    reply = _recognise(speech, _bytes_of(request, "language", _DEFAULT_LANGUAGE.encode()))
    if reply.has_error():
        return pb_utils.InferenceResponse(error=reply.error())
    text = pb_utils.get_output_tensor_by_name(reply, "TRANSCRIPTS").as_numpy().ravel()[0]
    return pb_utils.InferenceResponse(
        [pb_utils.Tensor("transcript", np.array([text], dtype=np.object_))]
    )


def _bytes_of(request: Any, name: str, default: bytes) -> bytes:
    """Return the single element of a BYTES input, or *default* where it was not sent."""
    tensor = pb_utils.get_input_tensor_by_name(request, name)
    return default if tensor is None else bytes(tensor.as_numpy().ravel()[0])


def _decode(encoded: bytes) -> NDArray[np.float32]:
    """Turn base64 of a WAV, FLAC or OGG file into mono float32 samples at 16 kHz."""
    try:
        # Strict: the lenient mode drops what it does not know and decodes the rest to noise.
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise _UnusableError(f"audio is not base64: {error}") from error
    try:
        samples, rate_hz = soundfile.read(io.BytesIO(blob), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _UnusableError(
            f"audio is not a readable WAV, FLAC or OGG file: {error.error_string}"
        ) from error
    if not len(samples):
        raise _UnusableError("audio is a file without samples")
    return _resample(samples.mean(axis=1), rate_hz)


def _resample(mono: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Bring *mono* to 16 kHz, if it is not there yet."""
    if rate_hz == _RATE_HZ:
        return mono
    try:
        import soxr  # optional here: most files are at 16 kHz already
    except ImportError:
        raise _UnusableError(f"audio is at {rate_hz} Hz; this server takes {_RATE_HZ} Hz") from None
    # Band-limited interpolation overshoots at steep edges, and the recogniser checks the range.
    speech: NDArray[np.float32] = np.clip(soxr.resample(mono, rate_hz, _RATE_HZ), -1, 1)
    return speech


def _recognise(speech: NDArray[np.float32], language: bytes) -> Any:
    """Ask asr_am_ensemble, in this same server, for the text of one recording."""
    return pb_utils.InferenceRequest(
        model_name="asr_am_ensemble",
        requested_output_names=["TRANSCRIPTS"],
        inputs=[
            pb_utils.Tensor("AUDIO_SIGNAL", speech[np.newaxis].astype(np.float32)),
            pb_utils.Tensor("NUM_SAMPLES", np.array([[len(speech)]], dtype=np.int32)),
            pb_utils.Tensor("LANG_ID", np.array([[language]], dtype=np.object_)),
        ],
    ).exec()
