"""Perturbed and padded requests, understood by a real Triton over every protocol that it has."""

from __future__ import annotations

import sys

import pytest

from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import identify_model
from asr_client.contracts.kserve import KServe
from asr_client.contracts.kserve_grpc import KServeGRPC
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.kserve_recognizer import KServeRecognizer
from asr_client.contracts.recognizer import Recognizer
from asr_client.deadline import Deadline
from asr_client.embedded import EmbeddedTriton
from asr_client.settings.config import ClientConfig
from asr_client.transports import open_transport
from asr_client.transports.base import Transport
from asr_loadtest.load.corpus import CorpusSpec, Payloads, load_corpus
from asr_loadtest.load.transcripts import TranscriptJudge

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Triton's wheel is for Linux")

CODECS: dict[str, KServe] = {"http": KServeHTTP(), "grpc": KServeGRPC(), "generate": KServeHTTP()}


def recognizer_of(protocol: str, transport: Transport) -> Recognizer:
    """Introspect the embedded model, as the SDK does."""
    codec, model = CODECS[protocol], "asr" if protocol == "generate" else "asr_am_ensemble"
    asked = [codec.model_metadata(model), codec.model_config(model)]
    replies = [call.parse(transport.send(call.request, Deadline.after(30))) for call in asked]
    speech_model = identify_model(*replies)
    if protocol == "generate":
        return GenerateRecognizer(model, speech_model)
    return KServeRecognizer(protocol, codec, speech_model)


@pytest.mark.parametrize("protocol", CODECS)
@pytest.mark.parametrize("pad_to_s", [0.0, 5.0])
def test_real_server_understands_every_variant_of_a_recording(
    embedded_triton: EmbeddedTriton, protocol, pad_to_s
) -> None:
    """No bit that is toggled, and no padding, costs a word."""
    url = embedded_triton.grpc_url if protocol == "grpc" else embedded_triton.http_url
    corpus = load_corpus(CorpusSpec(languages=("en",), pad_to_s=pad_to_s), rate_hz=16_000)
    clip = corpus.pick(0, clip="en-rms-weather.flac")
    transport = open_transport(ClientConfig.resolve(url))
    try:
        payload = Payloads(corpus, recognizer_of(protocol, transport), perturb=True).of(clip)
        texts = [
            payload.parse(transport.send(payload.request(number), Deadline.after(30))).texts[0]
            for number in (0, 1, (1 << 24) - 1)
        ]
    finally:
        transport.close()
    assert [TranscriptJudge(0).errors(clip, text) for text in texts] == [0, 0, 0]
