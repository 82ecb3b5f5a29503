"""
ULCA, the request format of Bhashini's platforms, in its two spellings.

"ulca" is Dhruva's (transcriptionFormat an object), "ai4i" is ai4i-core's (a string). Both expect
the raw key in `Authorization`: set api_key_header="Authorization". Source: docs/servers.md 7.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal
from urllib.parse import quote

from asr_client.contracts.body_sizes import base64_wav_bytes, envelope_bytes
from asr_client.contracts.catalogue import MODEL_RATE_HZ
from asr_client.contracts.json_dialect import AUDIO, find_text, post_json
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange
from asr_client.endpoint import AI4I_PATH, ULCA_PATH
from asr_client.errors import ContractError
from asr_client.languages import AI4BHARAT_LANGUAGES

__all__ = ["UlcaRecognizer"]


class UlcaRecognizer:
    """
    A service of Dhruva or ai4i-core; implements `recognizer.Recognizer`.

    Args:
        protocol: Whose spelling.
        service_id: The platform's name of the model; empty lets the platform choose.
    """

    contract = "ulca"
    sample_rate_hz = MODEL_RATE_HZ
    languages = AI4BHARAT_LANGUAGES
    takes_language = True
    needs_language = True
    max_batch_size = 32
    window_s = None
    pads = False

    def __init__(self, protocol: Literal["ulca", "ai4i"], service_id: str) -> None:
        self.protocol = protocol
        self.model = service_id

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """Encode all utterances as one list of audio contents."""
        count = len(utterances.waves)
        fields = {
            "config": self._config(utterances),
            "audio": [{"audioContent": AUDIO}] * count,
            # The platforms keep the audio unless told not to.
            "controlConfig": {"dataTracking": False},
        }
        return post_json(self._path(), fields, utterances.waves, lambda reply: _read(reply, count))

    def body_bytes(self, samples: int) -> int:
        """Tell the size of the body for one recording."""
        return self._envelope_bytes + base64_wav_bytes(samples)

    @cached_property
    def _envelope_bytes(self) -> int:
        return envelope_bytes(self.recognize, self.sample_rate_hz, self.languages)

    def _config(self, utterances: Utterances) -> dict[str, Any]:
        config: dict[str, Any] = {
            "language": {"sourceLanguage": utterances.language},
            "audioFormat": "wav",
            "encoding": "base64",
            "samplingRate": self.sample_rate_hz,
            "transcriptionFormat": (
                {"value": "transcript"} if self.protocol == "ulca" else "transcript"
            ),
        }
        return {"serviceId": self.model, **config} if self.model else config

    def _path(self) -> str:
        if self.protocol == "ai4i":
            return AI4I_PATH
        query = f"?serviceId={quote(self.model, safe='')}" if self.model else ""
        return ULCA_PATH + query


def _read(fields: Any, count: int) -> Recognized:
    output = fields.get("output") if isinstance(fields, dict) else None
    if not isinstance(output, list) or len(output) != count:
        given = len(output) if isinstance(output, list) else "no"
        raise ContractError(f"the reply holds {given} transcripts for {count} recordings")
    return Recognized(tuple(find_text(item) for item in output))
