"""A KServe model as a Recognizer: utterances into its tensors, its tensors into texts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from asr_client.audio import encode_wav
from asr_client.contracts.body_sizes import base64_wav_bytes, envelope_bytes
from asr_client.contracts.catalogue import MODEL_RATE_HZ, SENSEVOICE_NUMBERS
from asr_client.contracts.introspection import SpeechModel
from asr_client.contracts.json_dialect import base64_of
from asr_client.contracts.kserve import (
    InferReply,
    InferRequest,
    KServe,
    Tensor,
    TensorSpec,
    numpy_dtype,
    tensor_from_array,
    tensor_from_strings,
)
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange, Reply
from asr_client.errors import ContractError, LanguageError

__all__ = ["KServeRecognizer", "build_request", "read_texts"]

_TAGS = re.compile(r"<\|[^|]*\|>")


class KServeRecognizer:
    """A speech model behind KServe v2, over HTTP or gRPC; implements `recognizer.Recognizer`."""

    sample_rate_hz = MODEL_RATE_HZ

    def __init__(self, protocol: str, codec: KServe, speech_model: SpeechModel) -> None:
        self.protocol = protocol
        self.speech_model = speech_model
        self.model = speech_model.metadata.name
        self.contract = speech_model.contract.name
        self.languages = speech_model.languages
        self.takes_language = speech_model.language is not None
        self.needs_language = (
            self.takes_language and not speech_model.contract.can_do_without_language
        )
        self.max_batch_size = speech_model.max_batch_size
        self.window_s = speech_model.contract.window_s
        self.pads = _pads(speech_model)
        self._codec = codec

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """Encode one inference over all utterances, zero-padded to one length."""
        exchange = self._codec.infer(build_request(self.speech_model, utterances))

        def parse(reply: Reply) -> Recognized:
            answer = exchange.parse(reply)
            if answer.request_id not in ("", utterances.request_id):
                raise ContractError(
                    "the reply belongs to another request",
                    hint="something between here and the server mixes up connections",
                )
            texts = read_texts(self.speech_model, answer, len(utterances.waves))
            return Recognized(texts, answer.model_version)

        return Exchange(exchange.request, parse)

    def body_bytes(self, samples: int) -> int:
        """Tell the size of the body for one recording."""
        if self.speech_model.contract.base64:
            return self._envelope_bytes + base64_wav_bytes(samples)
        return (
            self._envelope_bytes + samples * numpy_dtype(self.speech_model.audio.datatype).itemsize
        )

    @cached_property
    def _envelope_bytes(self) -> int:
        languages = self.languages if self.takes_language else None
        return envelope_bytes(self.recognize, self.sample_rate_hz, languages)


def _pads(speech_model: SpeechModel) -> bool:
    """Whether rows may be longer than their audio: their lengths travel along, in a tensor."""
    contract, shape = speech_model.contract, speech_model.audio.shape
    return bool(contract.length) and not contract.base64 and len(shape) > 1 and shape[-1] < 0


def build_request(speech_model: SpeechModel, utterances: Utterances) -> InferRequest:
    """Fill every tensor of the model's contract, in the order that the model declares them."""
    tensors = [_fill(speech_model, spec, utterances) for spec in speech_model.metadata.inputs]
    return InferRequest(
        model=speech_model.metadata.name,
        inputs=tuple(tensor for tensor in tensors if tensor is not None),
        outputs=(speech_model.text.name,),
        request_id=utterances.request_id,
        parameters=utterances.limits(),
    )


def _fill(model: SpeechModel, spec: TensorSpec, utterances: Utterances) -> Tensor | None:
    contract, rows = model.contract, len(utterances.waves)
    if spec == model.audio:
        if contract.base64:
            return _base64_tensor(spec, utterances)
        padded = utterances.padded_samples if _pads(model) else None
        return _samples_tensor(spec, utterances, padded or 0)
    if spec.name == contract.length:
        lengths = [len(wave.samples) for wave in utterances.waves]
        return tensor_from_array(spec.name, spec.datatype, _column(spec, np.array(lengths)))
    if spec.name in contract.constants:
        constants = np.full(rows, contract.constants[spec.name])
        return tensor_from_array(spec.name, spec.datatype, _column(spec, constants))
    if spec == model.language:
        return _language_tensor(model, spec, utterances.language, rows)
    return None


def _base64_tensor(spec: TensorSpec, utterances: Utterances) -> Tensor:
    encoded = [base64_of(encode_wav(wave)) for wave in utterances.waves]
    return tensor_from_strings(spec.name, _row_shape(spec, len(encoded)), encoded)


def _samples_tensor(spec: TensorSpec, utterances: Utterances, at_least: int) -> Tensor:
    padded = _pad([wave.samples for wave in utterances.waves], at_least)
    # A model without a batch dimension declares [-1]; everybody else [-1, -1].
    shaped = padded if len(spec.shape) > 1 else padded[0]
    return tensor_from_array(spec.name, spec.datatype, shaped)


def _pad(rows: Sequence[npt.NDArray[np.float32]], at_least: int) -> npt.NDArray[np.float32]:
    """Lay rows one below the other, zeros to the right; a single one that fits is not copied."""
    width = max(at_least, *(len(row) for row in rows))
    if len(rows) == 1 and len(rows[0]) == width:
        return rows[0][np.newaxis, :]
    padded = np.zeros((len(rows), width), np.float32)
    for place, row in zip(padded, rows, strict=True):
        place[: len(row)] = row
    return padded


def _language_tensor(
    model: SpeechModel, spec: TensorSpec, language: str | None, rows: int
) -> Tensor | None:
    if model.contract.language_form == "sensevoice-number":
        number = _sensevoice_number(language)
        return tensor_from_array(spec.name, spec.datatype, _column(spec, np.full(rows, number)))
    if language is None:
        return None
    text = language
    if model.contract.language_form == "whisper-prefix":
        # Never empty: an empty prefix means English to some servers, Korean to others.
        text = f"<|startoftranscript|><|{language}|><|transcribe|><|notimestamps|>"
    return tensor_from_strings(spec.name, _row_shape(spec, rows), [text.encode()] * rows)


def _sensevoice_number(language: str | None) -> int:
    if language is None:
        return 0  # the model finds out
    if language not in SENSEVOICE_NUMBERS:
        raise LanguageError(
            f"SenseVoice has no number for {language!r}",
            hint=f"it knows {' '.join(SENSEVOICE_NUMBERS)}; without a language it finds out itself",
        )
    return SENSEVOICE_NUMBERS[language]


def _column(spec: TensorSpec, values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    return values.reshape(_row_shape(spec, len(values)))


def _row_shape(spec: TensorSpec, rows: int) -> tuple[int, ...]:
    """One element a row: [B, 1] where the model batches, [1] where it does not."""
    return (rows, *(1 for _ in spec.shape[1:]))


def read_texts(speech_model: SpeechModel, reply: InferReply, rows: int) -> tuple[str, ...]:
    """
    Read one text a row, from outputs shaped [B], [B, 1] or [B, N] (N pieces joined by spaces).

    Raises:
        ContractError: If the output is missing, or its shape is not that of *rows* recordings.
    """
    output = reply.outputs.get(speech_model.text.name)
    if output is None:
        raise ContractError(
            f"model {reply.model!r} gave no {speech_model.text.name}, but "
            f"{', '.join(reply.outputs) or 'nothing'}"
        )
    pieces = [element.decode("utf-8", "replace") for element in output.strings()]
    batched = len(speech_model.audio.shape) > 1
    given = output.shape[0] if batched and output.shape else rows
    if given != rows or not pieces or len(pieces) != math.prod(output.shape) or len(pieces) % rows:
        shape = ", ".join(map(str, output.shape))
        raise ContractError(f"{output.name} has the shape [{shape}] for {rows} recordings")
    width = len(pieces) // rows
    return tuple(
        _clean(speech_model, " ".join(pieces[row * width : (row + 1) * width]))
        for row in range(rows)
    )


def _clean(speech_model: SpeechModel, text: str) -> str:
    contract = speech_model.contract
    if contract.rows_are_json:
        text = _sentence_in(text)
    if contract.tags:
        text = _TAGS.sub("", text)
    return text.strip()


def _sentence_in(row: str) -> str:
    try:
        source = json.loads(row)["source"]
    except (ValueError, KeyError, TypeError, RecursionError):
        source = None
    if not isinstance(source, str):
        raise ContractError(f"a row is not JSON with a 'source': {row[:60]!r}")
    return source
