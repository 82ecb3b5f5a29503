"""
The documented gateway call: POST /api/v1/asr/infer {"audio": base64}.

No public server defines its reply (docs/servers.md 5), so the reader accepts every shape that the
servers of this ecosystem use. Kong can map the call to Triton's generate, whose reply has the
model's own output names.
"""

from __future__ import annotations

from typing import Any

from asr_client.audio.wav import encode_wav
from asr_client.contracts.json_audio import AUDIO, json_with_audio
from asr_client.contracts.models import MODEL_RATE_HZ
from asr_client.contracts.replies import http_error, read_json
from asr_client.contracts.speech import Recognized, Utterances
from asr_client.contracts.wire import Call, Reply, Request
from asr_client.errors import ContractError
from asr_client.languages import AI4BHARAT_LANGUAGES

__all__ = ["ASR_INFER_PATH", "AsrInferRecognizer", "find_text"]

ASR_INFER_PATH = "/api/v1/asr/infer"

_TEXT_KEYS = ("text", "transcript", "transcription", "TRANSCRIPTS", "source")


class AsrInferRecognizer:
    """The gateway's own call; implements `speech.Recognizer`."""

    protocol = "asr-infer"
    contract = "asr-infer"
    sample_rate_hz = MODEL_RATE_HZ
    languages = AI4BHARAT_LANGUAGES
    takes_language = True
    needs_language = False
    max_batch_size = 1
    window_s = None

    def __init__(self, model: str, path: str = ASR_INFER_PATH) -> None:
        self.model = model
        self._path = path

    def recognize(self, utterances: Utterances) -> Call[Recognized]:
        """
        Encode the one recording.

        The language goes along as a flat scalar, only where the caller named one: Triton's
        generate takes unknown scalars as request parameters, so it does no harm there.
        """
        (wave,) = utterances.waves
        fields = {"audio": AUDIO}
        if utterances.language is not None:
            fields["language"] = utterances.language
        body = json_with_audio(fields, encode_wav(wave))
        request = Request("POST", self._path, (("Content-Type", "application/json"),), body)
        return Call(request, _read)


def _read(reply: Reply) -> Recognized:
    if reply.status != 200:  # noqa: PLR2004
        raise http_error(reply)
    fields = read_json(reply.body, "the gateway's answer")
    version = fields.get("model_version", "") if isinstance(fields, dict) else ""
    return Recognized((find_text(fields),), str(version))


def find_text(fields: Any, key: str = "") -> str:
    """
    Find the text in a JSON reply of unknown shape; an empty text is a text.

    Args:
        fields: The parsed reply.
        key: Where the text should be; the usual names are tried after it.

    Raises:
        ContractError: If there is no text, naming the keys that were there.
    """
    try:
        text = _text_in(fields, (key, *_TEXT_KEYS) if key else _TEXT_KEYS)
    except RecursionError as error:
        raise ContractError("the reply is nested too deeply to be a transcript") from error
    if text is None:
        found = ", ".join(map(str, fields)) if isinstance(fields, dict) else type(fields).__name__
        raise ContractError(f"the reply holds no transcript; it has: {found or 'nothing'}")
    return text.strip()


def _text_in(fields: Any, keys: tuple[str, ...]) -> str | None:
    if isinstance(fields, str):
        return fields
    if isinstance(fields, list):
        texts = [_text_in(element, keys) for element in fields]
        known = [text for text in texts if text is not None]
        return " ".join(known) if known and len(known) == len(texts) else None
    if not isinstance(fields, dict):
        return None
    for key in keys:
        if isinstance(fields.get(key), str | list):
            return _text_in(fields[key], keys)
    # ULCA says output[].source, KServe's JSON form outputs[].data.
    for holder in ("output", "outputs", "data"):
        if holder in fields:
            return _text_in(fields[holder], keys)
    return None
