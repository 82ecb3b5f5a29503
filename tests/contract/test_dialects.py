"""The JSON dialects: generate, asr-infer, and ULCA in both spellings."""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import wave as stdlib_wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio.wav import encode_wav
from asr_client.audio.waveform import Waveform
from asr_client.contracts.asr_infer import AsrInferRecognizer
from asr_client.contracts.generate import GenerateRecognizer
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.json_dialect import AUDIO, base64_of, find_text, json_with_audio
from asr_client.contracts.kserve import ModelConfig, ModelMetadata, TensorSpec
from asr_client.contracts.recognizer import Recognizer, Utterances
from asr_client.contracts.ulca import UlcaRecognizer
from asr_client.contracts.wire import Reply
from asr_client.endpoint import ASR_INFER_PATH
from asr_client.errors import (
    ContractError,
    OverloadedError,
    RateLimitedError,
    RejectedInputError,
    ServerBugError,
)

SAMPLES = np.array([0, 1, -1, 32767, -32768, 1234], np.int16)
WAVE = Waveform(SAMPLES.astype(np.float32) / 32768, 16_000)
OTHER = Waveform(np.full(3, 0.25, np.float32), 16_000)


def model_of(inputs: dict[str, str], output: str) -> SpeechModel:
    """Recognise a model by its inputs and their datatypes."""
    shape = (1,) if "BYTES" in inputs.values() else (-1,)
    metadata = ModelMetadata(
        name="m",
        versions=("1",),
        platform="",
        inputs=tuple(TensorSpec(name, datatype, shape) for name, datatype in inputs.items()),
        outputs=(TensorSpec(output, "BYTES", (1,)),),
    )
    return identify_model(metadata, ModelConfig(0, optional_inputs=frozenset({"language"})))


EMBEDDED = model_of({"audio": "BYTES", "language": "BYTES"}, "transcript")
UPPER_CASE = model_of({"AUDIO_DATA": "BYTES"}, "RESULT")

DIALECTS = {
    "generate": GenerateRecognizer("asr", EMBEDDED),
    "generate, unknown model": GenerateRecognizer("asr", None),
    "asr-infer": AsrInferRecognizer(),
    "ulca": UlcaRecognizer("ulca", "ai4bharat/conformer--gpu-t4"),
    "ai4i": UlcaRecognizer("ai4i", "ai4bharat/conformer--gpu-t4"),
}


def body_of(recognizer: Recognizer, *waves: Waveform, language: str | None = "hi") -> dict:
    """Encode recordings and parse what would be sent."""
    call = recognizer.recognize(Utterances(waves or (WAVE,), language, "7d4c"))
    return json.loads(b"".join(call.request.body))


def read(recognizer: Recognizer, answer: object, count: int = 1, status: int = 200):
    """Let the recognizer read an answer to *count* recordings."""
    call = recognizer.recognize(Utterances((WAVE,) * count, "hi", "7d4c"))
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return call.parse(Reply(status, {}, body))


def assert_is_the_recording(encoded: str, wave: Waveform = WAVE) -> None:
    """Decode base64 of a WAV file and compare it bit for bit."""
    file = base64.b64decode(encoded, validate=True)
    assert encode_wav(wave) == file
    with stdlib_wave.open(io.BytesIO(file)) as reader:
        assert reader.getparams()[:3] == (1, 2, 16_000)
        frames = reader.readframes(reader.getnframes())
    assert (wave.samples * 32768).astype("<i2").tobytes() == frames


# --- JSON put together by hand


def with_text(value: object, text: str) -> object:
    """Put *text* wherever audio belongs."""
    if isinstance(value, dict):
        return {key: with_text(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_text(inner, text) for inner in value]
    return text if value == AUDIO else value


@given(
    fields=st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text() | st.just(AUDIO),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=6,
        ),
        max_size=4,
    ),
    file=st.binary(max_size=40),
)
def test_json_with_audio_equals_json_dumps_when_fields_vary(fields, file) -> None:
    """Put together by hand, the body means what json.dumps would have written."""
    expected = with_text(fields, base64.b64encode(file).decode())
    count = json.dumps(fields).count(json.dumps(AUDIO))
    body = b"".join(json_with_audio(fields, *[file] * count))
    assert json.loads(json.dumps(expected)) == json.loads(body)


def test_json_with_audio_keeps_the_order_when_there_are_several_files() -> None:
    """Each file stands at its own place."""
    body = json.loads(
        b"".join(json_with_audio({"a": [AUDIO, AUDIO], "b": AUDIO}, b"1", b"2", b"3"))
    )
    assert body == {"a": ["MQ==", "Mg=="], "b": "Mw=="}


@pytest.mark.parametrize("files", [(), (b"1", b"2")])
def test_json_with_audio_refuses_when_files_and_places_differ_in_number(files) -> None:
    """A mistake of ours fails at once instead of sending half a body."""
    with pytest.raises(ValueError, match="zip"):
        json_with_audio({"audio": AUDIO}, *files)


@given(data=st.binary(max_size=200))
def test_base64_of_has_no_line_breaks_when_data_is_long(data) -> None:
    """JSON strings cannot hold them."""
    assert base64.b64encode(data) == base64_of(data)


TROUBLESOME = [
    "ai4bharat/conformer-multilingual-all--gpu-t4",
    'quotes " and \\ backslash',
    "हिन्दी तमिल",
    "emoji 😀 and \u2028 line separator",
    "tab\tnew\nline",
    "\\u0000audio\\u0000",
    "a&b=c?d/e#f",
]


@pytest.mark.parametrize("service", TROUBLESOME)
@pytest.mark.parametrize("protocol", ["ulca", "ai4i"])
def test_ulca_says_the_service_when_its_name_needs_escaping(protocol, service) -> None:
    """Any name of a service arrives as it was given."""
    assert service == body_of(UlcaRecognizer(protocol, service))["config"]["serviceId"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("language", TROUBLESOME)
def test_dialects_say_the_language_when_it_needs_escaping(dialect, language) -> None:
    """Quotes and other scripts in a caller's own language code do not break the body."""
    body = body_of(DIALECTS[dialect], language=language)
    said = body["language"] if "language" in body else body["config"]["language"]["sourceLanguage"]
    assert language == said


# --- bodies


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_send_json_to_a_path_in_ascii_when_called(dialect) -> None:
    """A POST of JSON, complete in memory, so that it can be sent again."""
    request = DIALECTS[dialect].recognize(Utterances((WAVE,), "hi", "7d4c")).request
    assert (request.method, request.headers) == ("POST", (("Content-Type", "application/json"),))
    assert request.path.isascii()
    assert request.size_bytes == len(b"".join(request.body))


@pytest.mark.parametrize(
    ("recognizer", "language", "keys"),
    [
        (GenerateRecognizer("asr", EMBEDDED), "hi", {"audio", "language"}),
        (GenerateRecognizer("asr", EMBEDDED), None, {"audio"}),
        (GenerateRecognizer("asr", None), "hi", {"audio", "language"}),
        (GenerateRecognizer("m", UPPER_CASE), None, {"AUDIO_DATA"}),
        (AsrInferRecognizer(), "hi", {"audio", "language"}),
        (AsrInferRecognizer(), None, {"audio"}),
    ],
)
def test_flat_dialects_send_audio_and_language_when_named(recognizer, language, keys) -> None:
    """Flat scalars only: Triton's generate refuses objects, lists and null."""
    body = body_of(recognizer, language=language)
    assert keys == set(body)
    assert_is_the_recording(next(value for key, value in body.items() if key.lower() != "language"))
    assert language == body.get("language")


@pytest.mark.parametrize(
    ("recognizer", "path"),
    [
        (GenerateRecognizer("asr", None), "/v2/models/asr/generate"),
        (GenerateRecognizer("a/b ?", None), "/v2/models/a%2Fb%20%3F/generate"),
        (AsrInferRecognizer(), ASR_INFER_PATH),
        (UlcaRecognizer("ulca", ""), "/services/inference/asr"),
        (UlcaRecognizer("ulca", "a/b&c"), "/services/inference/asr?serviceId=a%2Fb%26c"),
        (UlcaRecognizer("ulca", "हि"), "/services/inference/asr?serviceId=%E0%A4%B9%E0%A4%BF"),
        (UlcaRecognizer("ai4i", "a/b"), "/api/v1/asr/inference"),
    ],
)
def test_dialects_call_their_path_when_names_need_quoting(recognizer, path) -> None:
    """Each dialect has one path; a name cannot reach beyond its place in it."""
    assert path == recognizer.recognize(Utterances((WAVE,), None, "")).request.path


@pytest.mark.parametrize(
    ("protocol", "transcription_format"),
    [("ulca", {"value": "transcript"}), ("ai4i", "transcript")],
)
def test_ulca_spells_the_request_when_the_platform_differs(protocol, transcription_format) -> None:
    """Dhruva wants the format as an object, ai4i-core as a string; the rest is the same."""
    body = body_of(UlcaRecognizer(protocol, "s"), WAVE, OTHER)
    audio = body.pop("audio")
    assert {
        "config": {
            "serviceId": "s",
            "language": {"sourceLanguage": "hi"},
            "audioFormat": "wav",
            "encoding": "base64",
            "samplingRate": 16_000,
            "transcriptionFormat": transcription_format,
        },
        "controlConfig": {"dataTracking": False},
    } == body
    assert [{"audioContent"}, {"audioContent"}] == [set(item) for item in audio]
    assert_is_the_recording(audio[0]["audioContent"], WAVE)
    assert_is_the_recording(audio[1]["audioContent"], OTHER)


@pytest.mark.parametrize("protocol", ["ulca", "ai4i"])
def test_ulca_names_no_service_when_the_platform_is_to_choose(protocol) -> None:
    """An empty service id is left out, not sent empty."""
    assert "serviceId" not in body_of(UlcaRecognizer(protocol, ""))["config"]


def test_generate_refuses_when_the_model_takes_samples() -> None:
    """The error names the protocols that do it."""
    samples = model_of({"WAV": "FP32", "WAV_LENS": "INT32"}, "TRANSCRIPTS")
    with pytest.raises(ContractError, match="samples") as caught:
        GenerateRecognizer("m", samples)
    assert "http or grpc" in caught.value.hint


@pytest.mark.parametrize(
    ("dialect", "takes", "needs", "batch"),
    [
        ("generate", True, False, 1),
        ("generate, unknown model", True, False, 1),
        ("asr-infer", True, False, 1),
        ("ulca", True, True, 32),
        ("ai4i", True, True, 32),
    ],
)
def test_dialects_tell_what_they_take_when_asked(dialect, takes, needs, batch) -> None:
    """What the flow decides on is known before the first call."""
    recognizer = DIALECTS[dialect]
    assert (takes, needs, batch) == (
        recognizer.takes_language,
        recognizer.needs_language,
        recognizer.max_batch_size,
    )


def test_generate_takes_no_language_when_the_model_has_no_such_input() -> None:
    """A language that nobody reads is not asked for."""
    assert GenerateRecognizer("m", UPPER_CASE).takes_language is False


# --- answers


# Every shape that servers of this ecosystem answer with, and the text in it.
SHAPES = {
    "text": ({"text": "नमस्ते"}, "नमस्ते"),
    "transcript": ({"transcript": "a"}, "a"),
    "transcription": ({"transcription": "a"}, "a"),
    "TRANSCRIPTS": ({"TRANSCRIPTS": "a"}, "a"),
    "a list of texts": ({"TRANSCRIPTS": ["a", "b"]}, "a b"),
    "output[].source": ({"output": [{"source": "a", "nBestTokens": None}], "config": None}, "a"),
    "outputs[].data": (
        {"outputs": [{"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [1], "data": ["a"]}]},
        "a",
    ),
    "a bare text": ("a", "a"),
    "a list of one object": ([{"text": "a"}], "a"),
    "tensors with a name": (
        {"outputs": [{"name": "LANG", "data": ["hi"]}, {"name": "TRANSCRIPTS", "data": ["a"]}]},
        "a",
    ),
    "an envelope": ({"data": {"text": "a"}}, "a"),
    "an empty text": ({"text": ""}, ""),
    "an empty source": ({"output": [{"source": ""}]}, ""),
    "an empty bare text": ("", ""),
    "spaces around": ({"text": " a \n"}, "a"),
    "a null beside it": ({"text": None, "transcript": "a"}, "a"),
    "triton's generate": (
        {"model_name": "asr", "model_version": "1", "sequence_id": 0, "transcript": "a"},
        "a",
    ),
}

NO_TEXT = {
    "several answers": [{"text": "a"}, {"text": "b"}],
    "several outputs": {"output": [{"source": "mine"}, {"source": "another's"}]},
    "several nameless tensors": {"outputs": [{"data": ["a"]}, {"data": ["b"]}]},
    "an error in the data": {"status": "error", "data": "backend unavailable"},
    "nothing": {},
    "null": None,
    "a number": 5,
    "true": True,
    "an empty list": [],
    "a number as text": {"text": 5},
    "no outputs": {"output": []},
    "an output without source": {"output": [{"sauce": "a"}]},
    "a list with a gap": {"text": ["a", None]},
    "another object": {"status": "ok", "id": 7},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dialect", ["asr-infer", "generate", "generate, unknown model"])
def test_flat_dialects_find_the_text_when_shapes_vary(dialect, shape) -> None:
    """No public server defines the answer, so every known shape is read; silence is a text."""
    answer, text = SHAPES[shape]
    assert (text,) == read(DIALECTS[dialect], answer).texts


@pytest.mark.parametrize("case", NO_TEXT)
@pytest.mark.parametrize("dialect", ["asr-infer", "generate"])
def test_flat_dialects_refuse_when_there_is_no_text(dialect, case) -> None:
    """Something else than a text is never handed out as one."""
    with pytest.raises(ContractError, match="no transcript"):
        read(DIALECTS[dialect], NO_TEXT[case])


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_raise_the_error_that_a_success_carries(dialect) -> None:
    """Status 200 does not make a text of what the server says went wrong."""
    with pytest.raises(ServerBugError, match="the decoder broke"):
        read(DIALECTS[dialect], {"error": "the decoder broke"})


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", [b"", b"<html>hello</html>", b"\xff\xfe", b"[" * 50_000])
def test_dialects_refuse_when_the_answer_is_not_json(dialect, body) -> None:
    """A web page with status 200 is a breach of contract that says what came."""
    with pytest.raises(ContractError, match="not JSON"):
        read(DIALECTS[dialect], body)


def test_find_text_names_the_keys_when_none_is_known() -> None:
    """Whoever reads the error can tell what the server speaks."""
    with pytest.raises(ContractError, match="it has: status, id"):
        find_text({"status": "ok", "id": 7})


def test_find_text_prefers_the_models_own_output_when_named() -> None:
    """The declared output wins over a usual name."""
    assert find_text({"text": "a", "RESULT": "b"}, "RESULT") == "b"


@pytest.mark.parametrize("depth", [200, 400, 600, 800])
def test_find_text_raises_only_contract_errors_when_nested_deeply(depth) -> None:
    """However deep the nesting, it is a text or a breach of contract."""
    nested: object = "a"
    for _ in range(depth):
        nested = [nested]
    with contextlib.suppress(ContractError):
        assert find_text(nested) == "a"


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ({"transcript": "a", "model_version": "3"}, "3"),
        ({"transcript": "a", "model_version": 3}, "3"),
        ({"transcript": "a"}, ""),
        ("a", ""),
        (["a"], ""),
    ],
)
@pytest.mark.parametrize("dialect", ["asr-infer", "generate"])
def test_flat_dialects_tell_the_version_when_the_answer_does(dialect, answer, version) -> None:
    """Triton's generate says which version answered; others need not."""
    assert version == read(DIALECTS[dialect], answer).model_version


ULCA_ANSWER = {
    "taskType": "asr",
    "output": [{"source": "नमस्ते", "nBestTokens": None}, {"source": ""}],
    "config": None,
    "smr_response": None,
}


@pytest.mark.parametrize("dialect", ["ulca", "ai4i"])
def test_ulca_reads_one_text_a_recording_when_the_platform_answers(dialect) -> None:
    """In the order of the recordings; silence is an empty text."""
    assert read(DIALECTS[dialect], ULCA_ANSWER, count=2).texts == ("नमस्ते", "")


@pytest.mark.parametrize("dialect", ["ulca", "ai4i"])
@pytest.mark.parametrize(
    ("answer", "given_count"),
    [
        ({"output": []}, "0"),
        ({"output": [{"source": "a"}, {"source": "b"}]}, "2"),
        ({"output": None}, "no"),
        ({"output": {"source": "a"}}, "no"),
        ({}, "no"),
        ([{"source": "a"}], "no"),
        ("a", "no"),
    ],
)
def test_ulca_refuses_when_texts_and_recordings_differ_in_number(
    dialect, answer, given_count
) -> None:
    """Nobody knows whose text is missing, so none is handed out."""
    with pytest.raises(ContractError, match=f"{given_count} transcripts for 1 recordings"):
        read(DIALECTS[dialect], answer)


@pytest.mark.parametrize("item", [None, 5, {}, {"source": None}, []])
def test_ulca_refuses_when_an_output_holds_no_text(item) -> None:
    """One output that is none spoils the answer."""
    with pytest.raises(ContractError, match="no transcript"):
        read(DIALECTS["ulca"], {"output": [item]})


ANSWERS = [*(answer for answer, _ in SHAPES.values()), *NO_TEXT.values(), ULCA_ANSWER]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(answer=json_values, holder=st.sampled_from(["", "text", "output", "outputs", "data"]))
def test_dialects_raise_only_contract_errors_when_the_answer_is_any_json(
    dialect, answer, holder
) -> None:
    """A text, or a breach of contract; never a crash."""
    with contextlib.suppress(ContractError):
        recognized = read(DIALECTS[dialect], {holder: answer} if holder else answer)
        assert all(isinstance(text, str) for text in recognized.texts)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(body=st.binary(max_size=60))
def test_dialects_raise_only_contract_errors_when_the_answer_is_noise(dialect, body) -> None:
    """Random bytes never crash the reader."""
    with contextlib.suppress(ContractError):
        read(DIALECTS[dialect], body)


@pytest.mark.parametrize("answer", ANSWERS)
def test_find_text_leaves_the_answer_alone_when_it_reads(answer) -> None:
    """Reading changes nothing."""
    before = copy.deepcopy(answer)
    with contextlib.suppress(ContractError):
        find_text(answer)
    assert before == answer


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (
            400,
            {"detail": {"message": "Audio too short", "code": "AUDIO_TOO_SHORT"}},
            RejectedInputError,
        ),
        (429, {"message": "API rate limit exceeded"}, RateLimitedError),
        (500, {"detail": {"kind": "DHRUVA-101", "message": "Request failed."}}, OverloadedError),
        (500, {"detail": {"kind": "DHRUVA-116", "message": "Request failed."}}, RejectedInputError),
    ],
)
def test_dialects_raise_the_servers_refusal_when_the_status_is_not_200(
    dialect, status, answer, kind
) -> None:
    """Whoever refuses, the error carries the sentence."""
    with pytest.raises(kind) as caught:
        read(DIALECTS[dialect], answer, status=status)
    sentence = answer.get("message") or answer["detail"]["message"]
    assert sentence in caught.value.message
