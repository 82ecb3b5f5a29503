"""Recognisers of every protocol, and what a server would hear in their requests."""

from __future__ import annotations

import base64
import io
import json
import wave as stdlib_wave

import numpy as np
import numpy.typing as npt
from tritonclient.grpc import service_pb2 as pb

from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.kserve import ModelConfig, ModelMetadata, TensorSpec
from asr_client.contracts.kserve_grpc import KServeGRPC
from asr_client.contracts.kserve_http import HEADER_LENGTH, KServeHTTP
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.contracts.recognizer import Recognizer
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.contracts.wire import Request

__all__ = ["RECOGNIZERS", "samples_in", "speech_model", "tensors_in"]


def speech_model(inputs: str) -> SpeechModel:
    """Recognise a model by its inputs, such as "WAV FP32 -1,-1; WAV_LENS INT32 -1,1"."""
    specs = [text.split() for text in inputs.split("; ")]
    metadata = ModelMetadata(
        name="m",
        versions=("1",),
        platform="",
        inputs=tuple(
            TensorSpec(name, datatype, tuple(map(int, shape.split(","))))
            for name, datatype, shape in specs
        ),
        outputs=(TensorSpec("TRANSCRIPTS", "BYTES", (-1, 1)),),
    )
    config = ModelConfig(8, optional_inputs=frozenset({"language"}))
    return identify_model(metadata, config)


_AI4BHARAT = speech_model("AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1; LANG_ID BYTES -1,1")
_HALF = speech_model("WAV FP16 -1,-1; WAV_LENS INT64 -1,1")
_WHISPER = speech_model("TEXT_PREFIX BYTES -1,1; WAV FP32 -1,-1")
_BASE64 = speech_model("audio BYTES -1,1; language BYTES -1,1")

RECOGNIZERS: dict[str, Recognizer] = {
    "http": KServeRecognizer("http", KServeHTTP(), _AI4BHARAT),
    "http, half": KServeRecognizer("http", KServeHTTP(), _HALF),
    "http, whisper": KServeRecognizer("http", KServeHTTP(), _WHISPER),
    "http, base64": KServeRecognizer("http", KServeHTTP(), _BASE64),
    "grpc": KServeRecognizer("grpc", KServeGRPC(), _AI4BHARAT),
    "grpc, half": KServeRecognizer("grpc", KServeGRPC(), _HALF),
    "grpc, base64": KServeRecognizer("grpc", KServeGRPC(), _BASE64),
    "generate": GenerateRecognizer("m", None),
    "asr-infer": AsrInferRecognizer(),
    "ulca": UlcaRecognizer("ulca", "service"),
    "ai4i": UlcaRecognizer("ai4i", ""),
}


def tensors_in(request: Request) -> dict[str, bytes]:
    """Decode a KServe request into its tensors' bytes."""
    body = b"".join(request.body)
    if request.method == "RPC":
        message = pb.ModelInferRequest.FromString(body)
        named = zip(message.inputs, message.raw_input_contents, strict=True)
        return {tensor.name: data for tensor, data in named}
    at = int(dict(request.headers)[HEADER_LENGTH])
    tensors = {}
    for tensor in json.loads(body[:at])["inputs"]:
        size = tensor["parameters"]["binary_data_size"]
        tensors[tensor["name"]], at = body[at : at + size], at + size
    return tensors


def samples_in(request: Request) -> npt.NDArray[np.float64]:
    """Decode the audio of a request, whatever carries it."""
    if request.method == "RPC" or HEADER_LENGTH in dict(request.headers):
        tensors = tensors_in(request)
        if "audio" in tensors:
            return _samples_of_wav(tensors["audio"][4:])
        types = {"AUDIO_SIGNAL": "<f4", "WAV": "<f4" if "TEXT_PREFIX" in tensors else "<f2"}
        (name,) = types.keys() & tensors.keys()
        return np.frombuffer(tensors[name], types[name]).astype(float)
    audio = json.loads(b"".join(request.body))["audio"]
    return _samples_of_wav(audio if isinstance(audio, str) else audio[0]["audioContent"])


def _samples_of_wav(text: str | bytes) -> npt.NDArray[np.float64]:
    """Decode base64 of a WAV file, as strictly as Python does."""
    with stdlib_wave.open(io.BytesIO(base64.b64decode(text, validate=True))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
