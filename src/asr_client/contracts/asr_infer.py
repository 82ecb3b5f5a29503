"""
The gateway's own call: POST /api/v1/asr/infer {"audio": base64}.

No public server defines its reply (docs/servers.md 5), so the reader accepts every shape that the
servers of this ecosystem use. Kong can map the call to Triton's generate, whose reply has the
model's own output names.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from asr_client.contracts.body_sizes import base64_wav_bytes, envelope_bytes
from asr_client.contracts.catalogue import MODEL_RATE_HZ
from asr_client.contracts.json_dialect import AUDIO, find_text, post_json
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange
from asr_client.endpoint import ASR_INFER_PATH
from asr_client.languages import AI4BHARAT_LANGUAGES

__all__ = ["AsrInferRecognizer"]


class AsrInferRecognizer:
    """Whatever model the gateway put behind its call; implements `recognizer.Recognizer`."""

    protocol = "asr-infer"
    contract = "asr-infer"
    model = ""  # the gateway's choice; the call has no place for a name
    sample_rate_hz = MODEL_RATE_HZ
    languages = AI4BHARAT_LANGUAGES
    takes_language = True
    needs_language = False
    max_batch_size = 1
    window_s = None
    pads = False

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """
        Encode the one recording.

        The language goes along as a flat scalar, only where the caller named one: Triton's
        generate takes unknown scalars as request parameters, so it does no harm there.
        """
        fields = {"audio": AUDIO}
        if utterances.language is not None:
            fields["language"] = utterances.language
        return post_json(ASR_INFER_PATH, fields, utterances.waves, _read)

    def body_bytes(self, samples: int) -> int:
        """Tell the size of the body for one recording."""
        return self._envelope_bytes + base64_wav_bytes(samples)

    @cached_property
    def _envelope_bytes(self) -> int:
        return envelope_bytes(self.recognize, self.sample_rate_hz, self.languages)


def _read(fields: Any) -> Recognized:
    version = fields.get("model_version", "") if isinstance(fields, dict) else ""
    return Recognized((find_text(fields),), str(version))
