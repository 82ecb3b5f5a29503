"""
ULCA, the request format of Bhashini's platforms, in its two spellings.

"ulca" is Dhruva's (/services/inference/asr, transcriptionFormat an object), "ai4i" is ai4i-core's
(/api/v1/asr/inference, a string). Source: docs/servers.md 7. Both expect the raw key in
`Authorization`: set api_key_header="Authorization".
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from asr_client.audio.wav import encode_wav
from asr_client.contracts.asr_infer import find_text
from asr_client.contracts.json_audio import AUDIO, json_with_audio
from asr_client.contracts.models import MODEL_RATE_HZ
from asr_client.contracts.replies import http_error, read_json
from asr_client.contracts.speech import Recognized, Utterances
from asr_client.contracts.wire import Call, Reply, Request
from asr_client.errors import ContractError
from asr_client.languages import AI4BHARAT_LANGUAGES

__all__ = ["AI4I_PATH", "ULCA_PATH", "UlcaRecognizer"]

ULCA_PATH = "/services/inference/asr"
AI4I_PATH = "/api/v1/asr/inference"


class UlcaRecognizer:
    """
    A service of Dhruva or ai4i-core; implements `speech.Recognizer`.

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

    def __init__(self, protocol: Literal["ulca", "ai4i"], service_id: str) -> None:
        self.protocol = protocol
        self.model = service_id

    def recognize(self, utterances: Utterances) -> Call[Recognized]:
        """Encode all utterances as one list of audio contents."""
        count = len(utterances.waves)
        fields = {
            "config": self._config(utterances),
            "audio": [{"audioContent": AUDIO}] * count,
            # The platforms keep the audio unless told not to.
            "controlConfig": {"dataTracking": False},
        }
        body = json_with_audio(fields, *(encode_wav(wave) for wave in utterances.waves))
        request = Request("POST", self._path(), (("Content-Type", "application/json"),), body)
        return Call(request, lambda reply: _read(reply, count))

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


def _read(reply: Reply, count: int) -> Recognized:
    if reply.status != 200:  # noqa: PLR2004
        raise http_error(reply)
    fields = read_json(reply.body, "the platform's answer")
    output = fields.get("output") if isinstance(fields, dict) else None
    if not isinstance(output, list) or len(output) != count:
        given = len(output) if isinstance(output, list) else "no"
        raise ContractError(f"the reply holds {given} transcripts for {count} recordings")
    return Recognized(tuple(find_text(item) for item in output))
