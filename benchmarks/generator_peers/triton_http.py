"""tritonclient.http under Locust's gevent, with ready inputs: see ../generator.py."""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import soundfile
from locust import User, task
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput

FOLDER = Path(os.environ["GENERATOR_BENCH"])
AUDIO, _ = soundfile.read(FOLDER / "noise.wav", dtype="float32")
TENSORS = {
    "AUDIO_SIGNAL": (AUDIO[np.newaxis, :], "FP32"),
    "NUM_SAMPLES": (np.array([[AUDIO.size]], np.int32), "INT32"),
    "LANG_ID": (np.array([[b"hi"]], np.object_), "BYTES"),
}
INPUTS = [InferInput(name, each.shape, kind) for name, (each, kind) in TENSORS.items()]
for tensor, (each, _) in zip(INPUTS, TENSORS.values(), strict=True):
    tensor.set_data_from_numpy(each)
OUTPUTS = [InferRequestedOutput("TRANSCRIPTS")]


class TritonUser(User):
    """Asks without a pause, and tells Locust."""

    def on_start(self) -> None:
        """Connect."""
        self.triton = InferenceServerClient(urlsplit(self.host).netloc)

    def on_stop(self) -> None:
        """Hang up."""
        self.triton.close()

    @task
    def ask(self) -> None:
        """Ask once, and read the text."""
        began_s = time.perf_counter()
        result = self.triton.infer("asr_slow", INPUTS, outputs=OUTPUTS)
        result.as_numpy("TRANSCRIPTS")
        self.environment.events.request.fire(
            request_type="triton",
            name="infer",
            response_time=(time.perf_counter() - began_s) * 1000,
            response_length=0,
            exception=None,
            context={},
        )
