"""Utterances into tensors and tensors into texts, for each family of models."""

from __future__ import annotations

import base64
import io
import json
import wave as stdlib_wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

from asr_client.audio.wav import encode_wav
from asr_client.audio.waveform import Waveform
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.kserve import (
    InferReply,
    InferRequest,
    ModelConfig,
    ModelMetadata,
    Tensor,
    TensorSpec,
    tensor_from_strings,
)
from asr_client.contracts.kserve_grpc import KServeGRPC
from asr_client.contracts.kserve_http import KServeHTTP
from asr_client.contracts.kserve_recognizer import KServeRecognizer, build_request, read_texts
from asr_client.contracts.recognizer import Utterances
from asr_client.contracts.wire import Reply
from asr_client.errors import ContractError, LanguageError

ONE_ROW = ModelConfig(0)
BATCHES = ModelConfig(8)
BASE64 = ModelConfig(0, optional_inputs=frozenset({"language"}))

HOTWORDS = "HOTWORD_LIST BYTES -1,-1; HOTWORD_WEIGHT FP32 -1,1"

# Family: its inputs in the order of declaration, its output, its configuration.
FAMILIES = {
    "ai4bharat": (
        "AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1; LANG_ID BYTES -1,1",
        "TRANSCRIPTS",
        BATCHES,
    ),
    "ai4bharat-topk": (
        "AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1; LANG_ID BYTES -1,1; TOPK INT32 -1,1",
        "TRANSCRIPTS",
        BATCHES,
    ),
    "ai4bharat-mono": (
        f"AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1; {HOTWORDS}",
        "TRANSCRIPTS",
        ModelConfig(8, optional_inputs=frozenset({"HOTWORD_LIST", "HOTWORD_WEIGHT"})),
    ),
    "sensevoice": (
        "WAV FP32 -1,-1; WAV_LENS INT32 -1,1; LANGUAGE INT32 -1,1; TEXT_NORM INT32 -1,1",
        "TRANSCRIPTS",
        BATCHES,
    ),
    "whisper": (
        "TEXT_PREFIX BYTES -1,1; WAV FP32 -1,-1; WAV_LENS INT32 -1,1",
        "TRANSCRIPTS",
        BATCHES,
    ),
    "wav": ("WAV FP16 -1,-1; WAV_LENS INT64 -1,1", "TRANSCRIPTS", BATCHES),
    "wav without batch": ("WAV FP32 -1; WAV_LENS INT32 1", "TRANSCRIPTS", ONE_ROW),
    "base64": ("audio BYTES 1; language BYTES 1", "transcript", BASE64),
    "base64 in batches": ("AUDIO_DATA BYTES -1,1", "TEXT", BATCHES),
}


def model_of(family: str) -> SpeechModel:
    """Recognise a model of the family, as its server would describe it."""
    inputs, output, config = FAMILIES[family]
    specs = [text.split() for text in inputs.split("; ")]
    metadata = ModelMetadata(
        name="m",
        versions=("1",),
        platform="",
        inputs=tuple(
            TensorSpec(name, datatype, tuple(map(int, shape.split(","))))
            for name, datatype, shape in specs
        ),
        outputs=(TensorSpec(output, "BYTES", (-1, -1)),),
    )
    return identify_model(metadata, config)


def wave_of(*int16: int) -> Waveform:
    """Make a recording from 16-bit samples."""
    return Waveform(np.array(int16, np.float32) / 32768, 16_000)


LONG, SHORT = wave_of(8192, -16384, 32767, -32768, 0), wave_of(1, -1, 3)


# Languages that families take, where "hi" is not among them.
LANGUAGE_OF = {"sensevoice": "en"}


def request_of(family: str, *waves: Waveform, language: str | None = "hi") -> InferRequest:
    """Build the request for recordings in one language."""
    return build_request(model_of(family), Utterances(waves, language, "7d4c"))


def tensors_of(family: str, *waves: Waveform, language: str | None = "hi") -> dict[str, Tensor]:
    """Build the request and look at its tensors by name."""
    return {tensor.name: tensor for tensor in request_of(family, *waves, language=language).inputs}


# --- requests


PADDED = "AUDIO_SIGNAL FP32 (2, 5); NUM_SAMPLES INT32 (2, 1)"


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        (
            "ai4bharat",
            f"{PADDED}; LANG_ID BYTES (2, 1)",
        ),
        (
            "ai4bharat-topk",
            f"{PADDED}; LANG_ID BYTES (2, 1); TOPK INT32 (2, 1)",
        ),
        ("ai4bharat-mono", PADDED),
        (
            "sensevoice",
            "WAV FP32 (2, 5); WAV_LENS INT32 (2, 1); LANGUAGE INT32 (2, 1); TEXT_NORM INT32 (2, 1)",
        ),
        ("whisper", "TEXT_PREFIX BYTES (2, 1); WAV FP32 (2, 5); WAV_LENS INT32 (2, 1)"),
        ("wav", "WAV FP16 (2, 5); WAV_LENS INT64 (2, 1)"),
        ("base64 in batches", "AUDIO_DATA BYTES (2, 1)"),
    ],
)
def test_build_request_fills_the_models_tensors_when_it_batches(family, expected) -> None:
    """Names, types, shapes and order are those that the model declares."""
    request = request_of(family, LONG, SHORT, language=LANGUAGE_OF.get(family, "hi"))
    filled = [f"{tensor.name} {tensor.datatype} {tensor.shape}" for tensor in request.inputs]
    assert expected == "; ".join(filled)


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("wav without batch", "WAV FP32 (5,); WAV_LENS INT32 (1,)"),
        ("base64", "audio BYTES (1,); language BYTES (1,)"),
        ("wav", "WAV FP16 (1, 5); WAV_LENS INT64 (1, 1)"),
    ],
)
def test_build_request_has_a_batch_dimension_only_when_the_model_declares_one(
    family, expected
) -> None:
    """A model without batching gets its rank, and one recording."""
    filled = [
        f"{tensor.name} {tensor.datatype} {tensor.shape}"
        for tensor in request_of(family, LONG).inputs
    ]
    assert expected == "; ".join(filled)


@pytest.mark.parametrize(
    ("family", "output"), [("ai4bharat", "TRANSCRIPTS"), ("base64", "transcript")]
)
def test_build_request_asks_for_the_text_alone_when_there_are_other_outputs(family, output) -> None:
    """One output, the caller's request id, and no version of our own choice."""
    request = request_of(family, LONG)
    assert ("m", (output,), "7d4c", "") == (
        request.model,
        request.outputs,
        request.request_id,
        request.model_version,
    )


@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_build_request_pads_with_zeros_when_lengths_differ(lengths) -> None:
    """Each row is its recording, then zeros; the true length stands beside it."""
    waves = [wave_of(*range(1, length + 1)) for length in lengths]
    tensors = tensors_of("ai4bharat", *waves)
    audio = tensors["AUDIO_SIGNAL"].array()
    assert (len(lengths), max(lengths)) == audio.shape
    for row, wave in zip(audio, waves, strict=True):
        assert wave.samples.tobytes() == row[: len(wave.samples)].tobytes()
        assert not row[len(wave.samples) :].any()
    assert [[length] for length in lengths] == tensors["NUM_SAMPLES"].array().tolist()


def test_build_request_copies_no_samples_when_there_is_one_recording() -> None:
    """The recording's own memory goes to the transport."""
    tensor = tensors_of("ai4bharat", LONG)["AUDIO_SIGNAL"]
    assert np.shares_memory(LONG.samples, np.frombuffer(tensor.data, np.float32))


def test_build_request_casts_the_audio_when_the_model_takes_half_precision() -> None:
    """FP16 means the nearest half-precision numbers, still within [-1, 1]."""
    audio = tensors_of("wav", LONG, SHORT)["WAV"].array()
    assert np.float16 == audio.dtype
    assert LONG.samples.astype(np.float16).tolist() == audio[0].tolist()
    assert np.abs(audio).max() <= 1


@pytest.mark.parametrize(
    ("family", "name", "expected"),
    [
        ("ai4bharat-topk", "TOPK", [[1], [1]]),
        ("sensevoice", "TEXT_NORM", [[15], [15]]),
        ("sensevoice", "WAV_LENS", [[5], [3]]),
        ("wav", "WAV_LENS", [[5], [3]]),
        ("whisper", "WAV_LENS", [[5], [3]]),
    ],
)
def test_build_request_gives_each_row_its_number_when_the_family_wants_one(
    family, name, expected
) -> None:
    """Constants and lengths come once for each recording."""
    tensors = tensors_of(family, LONG, SHORT, language=LANGUAGE_OF.get(family, "hi"))
    assert expected == tensors[name].array().tolist()


@pytest.mark.parametrize("language", ["hi", "brx", "தமிழ்"])
def test_build_request_names_the_language_when_there_are_several_rows(language) -> None:
    """Each row carries the language, in UTF-8."""
    expected = [language.encode()] * 2
    assert expected == tensors_of("ai4bharat", LONG, SHORT, language=language)["LANG_ID"].strings()


@pytest.mark.parametrize(
    ("language", "number"), [("zh", 3), ("en", 4), ("yue", 7), ("ja", 11), ("ko", 12), (None, 0)]
)
def test_build_request_numbers_the_language_when_it_is_sensevoice(language, number) -> None:
    """Five languages have numbers, 0 lets the model choose."""
    tensor = tensors_of("sensevoice", LONG, SHORT, language=language)["LANGUAGE"]
    assert [[number], [number]] == tensor.array().tolist()


def test_build_request_writes_a_whole_prefix_when_it_is_whisper() -> None:
    """An empty prefix would mean English to one server and Korean to another."""
    prefix = b"<|startoftranscript|><|hi|><|transcribe|><|notimestamps|>"
    assert [prefix, prefix] == tensors_of("whisper", LONG, SHORT)["TEXT_PREFIX"].strings()


@pytest.mark.parametrize(
    ("language", "expected"), [("en", {"audio", "language"}), (None, {"audio"})]
)
def test_build_request_leaves_the_language_out_when_none_is_named(language, expected) -> None:
    """An optional language is not sent as an empty text."""
    assert expected == set(tensors_of("base64", LONG, language=language))


@given(
    samples=st.lists(
        st.lists(st.integers(-32768, 32767), min_size=1, max_size=50), min_size=1, max_size=3
    )
)
def test_build_request_sends_a_wav_file_when_the_model_takes_base64(samples) -> None:
    """Decoded again, the file holds the same 16-bit samples at 16 kHz."""
    waves = [wave_of(*recording) for recording in samples]
    elements = tensors_of("base64 in batches", *waves)["AUDIO_DATA"].strings()
    assert len(samples) == len(elements)
    for recording, wave, element in zip(samples, waves, elements, strict=True):
        file = base64.b64decode(element, validate=True)
        assert encode_wav(wave) == file
        with stdlib_wave.open(io.BytesIO(file)) as reader:
            assert reader.getparams()[:3] == (1, 2, 16_000)
            assert np.array(recording, "<i2").tobytes() == reader.readframes(len(recording) + 1)


# --- replies


def texts_of(family: str, rows: int, shape: tuple[int, ...], *elements: str) -> tuple[str, ...]:
    """Read a reply that holds *elements* in the family's text output."""
    model = model_of(family)
    encoded = [element.encode() for element in elements]
    output = tensor_from_strings(model.text.name, shape, encoded)
    return read_texts(model, InferReply("m", "1", "", {output.name: output}), rows)


@pytest.mark.parametrize(
    ("rows", "shape", "elements", "expected"),
    [
        (2, (2,), ("नमस्ते", "b"), ("नमस्ते", "b")),
        (2, (2, 1), ("a", "தமிழ்"), ("a", "தமிழ்")),
        (2, (2, 2), ("a", "b", "c", "d"), ("a b", "c d")),
        (1, (1,), ("a",), ("a",)),
        (1, (1, 3), ("one", "two", "three"), ("one two three",)),
        (1, (1,), ("",), ("",)),
        (2, (2,), ("", " a \n"), ("", "a")),
        (2, (2, 2), ("a", "", "", ""), ("a", "")),
    ],
)
def test_read_texts_gives_one_text_a_row_when_shapes_vary(rows, shape, elements, expected) -> None:
    """[B], [B, 1] and [B, N] are all in use; pieces of a row are joined by spaces."""
    assert expected == texts_of("ai4bharat", rows, shape, *elements)


@pytest.mark.parametrize(
    ("rows", "count"), [(1, 0), (1, 3), (2, 0), (2, 1), (2, 3), (2, 4), (3, 4), (0, 0), (0, 2)]
)
def test_read_texts_refuses_when_the_rows_are_not_the_recordings(rows, count) -> None:
    """Nobody knows whose text is missing, so none is handed out."""
    with pytest.raises(ContractError, match=rf"has the shape \[{count}\] for {rows} recordings"):
        texts_of("ai4bharat", rows, (count,), *["a"] * count)


def test_read_texts_refuses_when_the_output_is_missing() -> None:
    """The message names what came instead."""
    reply = InferReply("m", "1", "", {"SCORE": Tensor("SCORE", "FP32", (1,), b"\0" * 4)})
    with pytest.raises(ContractError, match="gave no TRANSCRIPTS, but SCORE"):
        read_texts(model_of("ai4bharat"), reply, 1)


def test_read_texts_refuses_when_the_output_is_no_text() -> None:
    """Numbers under the text's name are not read as lengths of texts."""
    reply = InferReply(
        "m", "1", "", {"TRANSCRIPTS": Tensor("TRANSCRIPTS", "INT32", (1,), bytes(4))}
    )
    with pytest.raises(ContractError, match="INT32"):
        read_texts(model_of("ai4bharat"), reply, 1)


def test_read_texts_shows_the_damage_when_bytes_are_not_utf8() -> None:
    """One broken character does not cost the caller the whole text."""
    output = tensor_from_strings("TRANSCRIPTS", (1,), [b"a\xff b"])
    reply = InferReply("m", "1", "", {"TRANSCRIPTS": output})
    assert read_texts(model_of("ai4bharat"), reply, 1) == ("a\ufffd b",)


def test_read_texts_takes_the_sentence_when_rows_are_json() -> None:
    """A row of topk holds the best sentence under "source", beside the alternatives."""
    rows = [
        json.dumps({"source": source, "nBestTokens": [{"word": "x", "tokens": [{"x": 0.9}]}]})
        for source in ("नमस्ते", "")
    ]
    assert texts_of("ai4bharat-topk", 2, (2,), *rows) == ("नमस्ते", "")


@pytest.mark.parametrize(
    "row", ["", "plain text", "[]", "null", "{}", '{"source": null}', '{"source": 5}', "[" * 9999]
)
def test_read_texts_refuses_when_a_json_row_holds_no_sentence(row) -> None:
    """Something else than a sentence is never handed out as one."""
    with pytest.raises(ContractError, match="'source'"):
        texts_of("ai4bharat-topk", 1, (1,), row)


@pytest.mark.parametrize(
    ("family", "text", "expected"),
    [
        ("sensevoice", "<|zh|><|NEUTRAL|><|Speech|><|withitn|>欢迎大家。", "欢迎大家。"),
        ("sensevoice", "<|en|> one <|Laughter|>two", "one two"),
        ("sensevoice", "<|nospeech|>", ""),
        ("sensevoice", "a < b | c > d", "a < b | c > d"),
        ("wav", "<|zh|>text", "<|zh|>text"),
    ],
)
def test_read_texts_strips_tags_when_the_family_writes_them(family, text, expected) -> None:
    """Tags are SenseVoice's own; anyone else's angle brackets are text."""
    assert (expected,) == texts_of(family, 1, (1,), text)


# --- the whole way, over both wires


def http_reply(*texts: str) -> Reply:
    """Answer as Triton does over HTTP."""
    output = {"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [len(texts)], "data": texts}
    fields = {"model_name": "m", "model_version": "3", "outputs": [output]}
    return Reply(200, {}, json.dumps(fields).encode())


def grpc_reply(*texts: str) -> Reply:
    """Answer as Triton does over gRPC."""
    message = service_pb2.ModelInferResponse(model_name="m", model_version="3")
    message.outputs.add(name="TRANSCRIPTS", datatype="BYTES", shape=[len(texts)])
    tensor = tensor_from_strings("TRANSCRIPTS", (len(texts),), map(str.encode, texts))
    message.raw_output_contents.append(tensor.data)
    return Reply(0, {}, message.SerializeToString())


WIRES = [("http", KServeHTTP(), http_reply), ("grpc", KServeGRPC(), grpc_reply)]


@pytest.mark.parametrize(("protocol", "codec", "answer"), WIRES, ids=["http", "grpc"])
def test_recognizer_reads_texts_and_version_when_the_model_answers(protocol, codec, answer) -> None:
    """The same values come of both wires."""
    recognizer = KServeRecognizer(protocol, codec, model_of("ai4bharat"))
    call = recognizer.recognize(Utterances((LONG, SHORT), "hi", "7d4c"))
    recognized = call.parse(answer("नमस्ते", "b"))
    assert (recognized.texts, recognized.model_version) == (("नमस्ते", "b"), "3")


@pytest.mark.parametrize(("protocol", "codec", "answer"), WIRES, ids=["http", "grpc"])
def test_recognizer_refuses_when_a_text_is_missing(protocol, codec, answer) -> None:
    """Two recordings, one text: a breach of contract on both wires."""
    recognizer = KServeRecognizer(protocol, codec, model_of("ai4bharat"))
    call = recognizer.recognize(Utterances((LONG, SHORT), "hi", "7d4c"))
    with pytest.raises(ContractError, match=r"has the shape \[1\] for 2 recordings"):
        call.parse(answer("a"))


@pytest.mark.parametrize(
    ("family", "takes_language", "needs_language", "max_batch_size", "window_s"),
    [
        ("ai4bharat", True, True, 8, None),
        ("ai4bharat-mono", False, False, 8, None),
        ("whisper", True, True, 8, 30.0),
        ("base64", True, False, 1, None),
        ("base64 in batches", False, False, 8, None),
    ],
)
def test_recognizer_tells_what_the_model_takes_when_asked(
    family, takes_language, needs_language, max_batch_size, window_s
) -> None:
    """What the flow decides on comes from the model's declaration."""
    recognizer = KServeRecognizer("http", KServeHTTP(), model_of(family))
    assert takes_language is recognizer.takes_language
    assert needs_language is recognizer.needs_language
    assert (max_batch_size, window_s) == (recognizer.max_batch_size, recognizer.window_s)
    assert (
        recognizer.protocol,
        recognizer.model,
        recognizer.sample_rate_hz,
    ) == ("http", "m", 16_000)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_read_texts_refuses_when_rows_and_recordings_are_transposed(rows) -> None:
    """A row is a recording: [1, N] for N of them would give each another's text."""
    with pytest.raises(ContractError, match="has the shape"):
        texts_of("ai4bharat", rows, (rows + 1, 1), *["a"] * (rows + 1))


def test_recognizer_refuses_when_the_reply_belongs_to_another_request() -> None:
    """Mixed-up connections never give one recording another's text."""
    recognizer = KServeRecognizer("http", KServeHTTP(), model_of("ai4bharat"))
    exchange = recognizer.recognize(Utterances((LONG,), "hi", "mine"))
    fields = {
        "id": "another",
        "outputs": [{"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [1], "data": ["a"]}],
    }
    with pytest.raises(ContractError, match="belongs to another request"):
        exchange.parse(Reply(200, {}, json.dumps(fields).encode()))


def test_build_request_refuses_when_sensevoice_has_no_number() -> None:
    """A language that the caller stated, and that the model cannot be told, is an error."""
    with pytest.raises(LanguageError, match="no number for 'hi'"):
        request_of("sensevoice", LONG)
