"""The request of each arrival, over every protocol, decoded as a server would."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tritonclient.grpc import service_pb2 as pb

from asr_client.audio import Waveform, load_audio
from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange, Reply, Request
from asr_client.errors import ConfigError, LanguageError, OverloadedError
from asr_loadtest.load.corpus import Clip, Corpus, CorpusSpec, Payload, Payloads
from asr_loadtest.load.corpus.clips import pad_clips
from speech_models import RECOGNIZERS, samples_in

RATE_HZ = 16_000
STEP = 1 / 32768
SPEECH = Path(__file__).parents[2] / "samples" / "speech"

# Quiet, as speech begins: half floats can tell 1/32768 there.
SAMPLES = load_audio(SPEECH / "hi-espeak-rain.flac").samples[:1500]
CLIP = Clip("hello", "hi", "", Waveform(SAMPLES, RATE_HZ))
(PADDED,) = pad_clips([CLIP], 0.1)


EVERY = pytest.mark.parametrize("name", RECOGNIZERS)


def payload_of(name: str, clip: Clip = CLIP, *, perturb: bool = True, **settings) -> Payload:
    """Encode one clip for a recogniser."""
    corpus = Corpus(CorpusSpec(), [clip])
    return Payloads(corpus, RECOGNIZERS[name], perturb=perturb, **settings).of(clip)


# --- perturbation, over every protocol


@EVERY
def test_requests_all_differ_by_a_step_at_most_when_perturbed(name) -> None:
    """4096 requests decode to 4096 recordings, each within 1/32768 of the original."""
    payload = payload_of(name)
    plain = samples_in(RECOGNIZERS[name].recognize(Utterances((CLIP.wave,), "hi", "")).request)
    decoded = [samples_in(payload.request(number)) for number in range(4096)]
    assert len({samples.tobytes() for samples in decoded}) == 4096
    assert max(np.abs(samples - plain).max() for samples in decoded) <= STEP
    assert plain.tobytes() == decoded[0].tobytes()


@EVERY
def test_requests_all_have_one_size_when_perturbed(name) -> None:
    """And the headers, the path and everything but the samples of the plain request."""
    payload = payload_of(name)
    plain = payload.exchange.request
    for number in (0, 1, 4095, (1 << 24) - 1):
        request = payload.request(number)
        assert (plain.method, plain.path, plain.headers, plain.size_bytes) == (
            request.method,
            request.path,
            request.headers,
            request.size_bytes,
        )
        assert sum(a != b for a, b in zip(joined(plain), joined(request), strict=True)) <= 96


@EVERY
def test_request_is_the_sdks_own_when_it_is_not_perturbed(name) -> None:
    """Always the same object, encoded once."""
    payload = payload_of(name, perturb=False, timeout_s=2.5)
    utterances = Utterances((CLIP.wave,), payload.language or None, "", 2.5)
    assert joined(RECOGNIZERS[name].recognize(utterances).request) == joined(payload.request(0))
    assert payload.request(0) is payload.request(1)


@pytest.mark.parametrize("name", ["grpc", "grpc, half", "grpc, base64"])
def test_request_is_one_piece_of_bytes_when_it_is_grpc(name) -> None:
    """What grpcio takes without a copy."""
    (message,) = payload_of(name).request(5).body
    assert type(message) is bytes


def joined(request: Request) -> bytes:
    """Join a request's parts."""
    return b"".join(request.body)


class Shouting(AsrInferRecognizer):
    """Sends audio as nobody else does."""

    contract = "shouting"

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """Encode numbers as text."""
        text = str(utterances.waves[0].samples.tolist()).encode()
        return Exchange(Request("POST", "/", (), (text,)), lambda _: Recognized(("",)))


def test_perturbation_is_refused_when_the_samples_are_not_found() -> None:
    """Naming the contract, and the way out."""
    payloads = Payloads(Corpus(CorpusSpec(), [CLIP]), Shouting(), perturb=True)
    with pytest.raises(ConfigError, match="'shouting' over 'asr-infer' cannot be made") as caught:
        payloads.of(CLIP)
    assert "turn the perturbation off" in caught.value.hint


def test_perturbation_is_refused_when_the_clip_is_too_short() -> None:
    """25 samples have no room for 24 bits after the first two."""
    clip = Clip("tick", "hi", "", Waveform(SAMPLES[:25], RATE_HZ), padding=1000)
    with pytest.raises(ConfigError, match="tick: 25 samples are too few"):
        payload_of("http", clip)


# --- replies


def test_parse_reads_the_text_when_the_reply_is_json() -> None:
    """As the SDK does."""
    reply = Reply(200, body=b'{"transcript": "good morning"}')
    assert payload_of("generate").parse(reply).texts == ("good morning",)


@pytest.mark.parametrize("clip", [CLIP, PADDED], ids=["plain", "padded"])
def test_parse_reads_the_text_when_the_reply_is_kserve_over_http(clip) -> None:
    """Padded or not."""
    output = {"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [1, 1], "data": ["नमस्ते"]}
    body = json.dumps({"model_name": "m", "model_version": "3", "outputs": [output]}).encode()
    assert Recognized(("नमस्ते",), "3") == payload_of("http", clip).parse(Reply(200, body=body))


@pytest.mark.parametrize("clip", [CLIP, PADDED], ids=["plain", "padded"])
def test_parse_reads_the_text_when_the_reply_is_kserve_over_grpc(clip) -> None:
    """Padded or not."""
    message = pb.ModelInferResponse(model_name="m", model_version="3")
    message.outputs.add(name="TRANSCRIPTS", datatype="BYTES", shape=[1, 1])
    message.raw_output_contents.append(b"\5\0\0\0hello")
    reply = Reply(0, body=message.SerializeToString())
    assert Recognized(("hello",), "3") == payload_of("grpc", clip).parse(reply)


@pytest.mark.parametrize("clip", [CLIP, PADDED], ids=["plain", "padded"])
def test_parse_raises_the_sdks_error_when_the_reply_is_a_refusal(clip) -> None:
    """Triton's full queue."""
    body = b'{"error": "Exceeds maximum queue size"}'
    with pytest.raises(OverloadedError):
        payload_of("http", clip).parse(Reply(503, body=body))


# --- all of a corpus


def test_payloads_are_encoded_once() -> None:
    """The second time it is the same object."""
    payloads = Payloads(Corpus(CorpusSpec(), [CLIP]), RECOGNIZERS["http"], perturb=True)
    assert payloads.of(CLIP) is payloads.of(CLIP)


def test_encode_all_tells_how_far_it_is() -> None:
    """After each clip, and afterwards all are there."""
    clips = [CLIP, Clip("other", "ta", "", CLIP.wave)]
    payloads = Payloads(Corpus(CorpusSpec(), clips), RECOGNIZERS["http"], perturb=False)
    told: list[tuple[int, int]] = []
    payloads.encode_all(lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    assert [payloads.of(clip).language for clip in clips] == ["hi", "ta"]


def test_payload_tells_no_language_when_none_is_sent() -> None:
    """The model takes none, whatever the clip's is."""
    assert payload_of("http, half").language == ""


@pytest.mark.parametrize(
    ("language", "error", "message"),
    [
        ("en", LanguageError, "hello: this model does not take English"),
        ("", ConfigError, "hello: model 'm' must be told the language"),
    ],
)
def test_payload_is_refused_when_the_model_does_not_take_the_language(
    language, error, message
) -> None:
    """Naming the clip; sent, it would fail the requests beside it as well."""
    with pytest.raises(error, match=message):
        payload_of("http", Clip("hello", language, "", CLIP.wave))
