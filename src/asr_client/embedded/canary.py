"""
A first request whose answer is known.

Triton reports ready although its model processes may return wrong numbers (numpy 2 does that, in
silence), so a server counts as started only when it has understood a spoken sentence.

The request is made by hand and not by `asr_client.contracts`: a mistake in the client must not
look like a broken server, and the supervisor, which lives as long as the server, does without
numpy (16 MiB, and 60 ms of every start).
"""

from __future__ import annotations

import array
import http.client
import json
import struct
import wave
from collections.abc import Collection
from pathlib import Path

from asr_client.embedded.served import MODELS
from asr_client.errors import EmbeddedError

__all__ = ["RECORDING", "check_transcript", "read_pcm16"]

# "go forward ten meters", spoken by flite's voice rms: see canary.md.
RECORDING = Path(__file__).with_name("canary.wav")

_TIMEOUT_S = 30.0


def check_transcript(http_port: int, models: Collection[str]) -> None:
    """
    Have the server on *http_port* transcribe the recording, by the first of *models* that can.

    Raises:
        EmbeddedError: If the text is not the one that was spoken.
    """
    model = next(each for each in MODELS.values() if each.canary_answer and each.name in models)
    status, reply = _post(http_port, model.name, *_infer_request(read_pcm16(RECORDING)))
    try:
        text = json.loads(reply)["outputs"][0]["data"][0]
    except (ValueError, LookupError, TypeError):
        text = f"HTTP {status}: {reply[:300].decode(errors='replace')}"
    if text != model.canary_answer:
        raise EmbeddedError(
            f"the embedded server started, but answers {text!r} instead of {model.canary_answer!r}",
            hint="its interpreter must have numpy < 2: pip install 'asr-client[embedded]'",
        )


def read_pcm16(path: Path) -> array.array[int]:
    """Read the samples of a mono WAV file."""
    with wave.open(str(path)) as recording:
        return array.array("h", recording.readframes(recording.getnframes()))


def _infer_request(pcm16: array.array[int]) -> tuple[bytes, bytes]:
    """Encode one English recording as (JSON, tensors) of a binary KServe v2 request."""
    tensors = (
        (
            "AUDIO_SIGNAL",
            "FP32",
            len(pcm16),
            array.array("f", (x / 32768 for x in pcm16)).tobytes(),
        ),
        ("NUM_SAMPLES", "INT32", 1, struct.pack("<i", len(pcm16))),
        ("LANG_ID", "BYTES", 1, struct.pack("<I2s", 2, b"en")),
    )
    inputs = [
        {
            "name": name,
            "datatype": datatype,
            "shape": [1, width],
            "parameters": {"binary_data_size": len(blob)},
        }
        for name, datatype, width, blob in tensors
    ]
    return json.dumps({"inputs": inputs}).encode(), b"".join(blob for *_, blob in tensors)


def _post(port: int, model: str, head: bytes, tensors: bytes) -> tuple[int, bytes]:
    # http.client, unlike urllib, asks no proxy.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    headers = {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": str(len(head)),
    }
    try:
        connection.request("POST", f"/v2/models/{model}/infer", head + tensors, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException) as error:
        raise EmbeddedError(f"the embedded server dropped its first request: {error}") from error
    finally:
        connection.close()
