"""
Triton's generate extension: base64 of a WAV file in a flat JSON object, one recording a request.

Each key that is an input becomes a tensor, every other scalar a request parameter.
Source: Triton `protocol/extension_generate.md` (provisional there); docs/servers.md 4.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any
from urllib.parse import quote

from asr_client.contracts.body_sizes import base64_wav_bytes, envelope_bytes
from asr_client.contracts.catalogue import MODEL_RATE_HZ
from asr_client.contracts.introspection import SpeechModel
from asr_client.contracts.json_dialect import AUDIO, find_text, post_json
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange
from asr_client.errors import ContractError

__all__ = ["GenerateRecognizer"]


class GenerateRecognizer:
    """
    A model with one BYTES input for audio, behind /generate; implements `recognizer.Recognizer`.

    Args:
        model: The model's name.
        speech_model: What introspection found; None where the server tells nothing, and then the
            input is taken to be called "audio".
    """

    protocol = "generate"
    sample_rate_hz = MODEL_RATE_HZ
    needs_language = False
    max_batch_size = 1
    window_s = None
    pads = False

    def __init__(self, model: str, speech_model: SpeechModel | None) -> None:
        if speech_model is not None and not speech_model.contract.base64:
            raise ContractError(
                f"model {model!r} takes samples, which `generate` could only carry as JSON numbers",
                hint="use protocol http or grpc for it, or name a model that takes base64 audio",
            )
        self.model = model
        self.contract = speech_model.contract.name if speech_model else "base64"
        self.languages = speech_model.languages if speech_model else ()
        self.takes_language = speech_model is None or speech_model.language is not None
        self._audio_key = speech_model.audio.name if speech_model else "audio"
        self._text_key = speech_model.text.name if speech_model else ""

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """Encode the one recording."""
        fields: dict[str, str | int] = {self._audio_key: AUDIO}
        if utterances.language is not None:
            fields["language"] = utterances.language
        fields |= utterances.limits()
        path = f"/v2/models/{quote(self.model, safe='')}/generate"
        return post_json(path, fields, utterances.waves, self._read)

    def body_bytes(self, samples: int) -> int:
        """Tell the size of the body for one recording."""
        return self._envelope_bytes + base64_wav_bytes(samples)

    @cached_property
    def _envelope_bytes(self) -> int:
        languages = self.languages if self.takes_language else None
        return envelope_bytes(self.recognize, self.sample_rate_hz, languages)

    def _read(self, fields: Any) -> Recognized:
        version = fields.get("model_version", "") if isinstance(fields, dict) else ""
        return Recognized((find_text(fields, self._text_key),), str(version))
