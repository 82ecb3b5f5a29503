"""Which contract a model speaks, by what its server tells: a row for every family."""

from __future__ import annotations

import dataclasses

import pytest

from asr_client.contracts.catalogue import CATALOGUE
from asr_client.contracts.introspection import SpeechModel, identify_model
from asr_client.contracts.kserve import ModelConfig, ModelMetadata, TensorSpec
from asr_client.errors import ContractError
from asr_client.languages import AI4BHARAT_LANGUAGES


def spec(text: str) -> TensorSpec:
    """Read "NAME DATATYPE 1,-1" as a declaration."""
    name, datatype, shape = text.split()
    return TensorSpec(name, datatype, tuple(map(int, shape.split(","))))


def metadata(model: str, inputs: str, outputs: str = "TRANSCRIPTS BYTES -1,-1") -> ModelMetadata:
    """Build metadata from declarations between semicolons."""
    return ModelMetadata(
        name=model,
        versions=("1",),
        platform="ensemble",
        inputs=tuple(map(spec, filter(None, inputs.split("; ")))),
        outputs=tuple(map(spec, filter(None, outputs.split("; ")))),
    )


def recognise(model: str, inputs: str, config: ModelConfig | None = None) -> SpeechModel:
    """Recognise a model that gives TRANSCRIPTS."""
    return identify_model(metadata(model, inputs), config)


BATCHED = ModelConfig(max_batch_size=16)
AI4BHARAT = "AUDIO_SIGNAL FP32 -1,-1; NUM_SAMPLES INT32 -1,1"
WAV = "WAV FP32 -1,-1; WAV_LENS INT32 -1,1"
PREFIX = "TEXT_PREFIX BYTES -1,1"
SENSEVOICE = f"{WAV}; LANGUAGE INT32 -1,1; TEXT_NORM INT32 -1,1"
HOTWORDS = "HOTWORD_LIST BYTES -1,-1; HOTWORD_WEIGHT FP32 -1,1"

# Model name, inputs, configuration -> contract.
TABLE = [
    ("asr_am_ensemble", f"{AI4BHARAT}; LANG_ID BYTES -1,1", BATCHED, "ai4bharat"),
    ("asr_am_lm_ensemble", f"{AI4BHARAT}; LANG_ID BYTES -1,1", None, "ai4bharat"),
    ("any_name", f"LANG_ID BYTES -1,1; {AI4BHARAT}", BATCHED, "ai4bharat"),
    (
        "asr_am_topk_ensemble",
        f"{AI4BHARAT}; LANG_ID BYTES -1,1; TOPK INT32 -1,1",
        BATCHED,
        "ai4bharat-topk",
    ),
    ("asr_greedy_ensemble_HI", AI4BHARAT, BATCHED, "ai4bharat-mono"),
    (
        "asr_pyctc_ensemble_TA",
        f"{AI4BHARAT}; {HOTWORDS}",
        ModelConfig(16, optional_inputs=frozenset({"HOTWORD_LIST", "HOTWORD_WEIGHT"})),
        "ai4bharat-mono",
    ),
    ("asr_pyctc_ensemble_TA", f"{AI4BHARAT}; {HOTWORDS}", None, "ai4bharat-mono"),
    ("asr_topk_hi", f"{AI4BHARAT}; TOPK INT32 -1,1", BATCHED, "ai4bharat-mono-topk"),
    ("sensevoice", SENSEVOICE, BATCHED, "sensevoice"),
    (
        "sensevoice",
        SENSEVOICE,
        ModelConfig(16, optional_inputs=frozenset({"LANGUAGE", "TEXT_NORM"})),
        "sensevoice",
    ),
    ("whisper_bls", f"{PREFIX}; {WAV}", BATCHED, "whisper"),
    (
        "whisper_bls",
        f"{PREFIX}; {WAV}",
        ModelConfig(8, optional_inputs=frozenset({"WAV_LENS"})),
        "whisper",
    ),
    ("infer_bls", f"{PREFIX}; WAV FP32 -1,-1", BATCHED, "whisper-without-length"),
    ("transducer", WAV, BATCHED, "sherpa"),
    ("transducer", "WAV FP16 -1,-1; WAV_LENS INT32 -1,1", None, "sherpa"),
    ("attention_rescoring", WAV, BATCHED, "wenet"),
    ("infer_pipeline", WAV, BATCHED, "funasr"),
    ("asr_ctc", WAV, BATCHED, "nemo"),
    ("asr_ctc_chunked_offline", WAV, BATCHED, "nemo"),
    ("my_own_model", WAV, BATCHED, "wav"),
    ("my_own_model", "WAV FP64 -1,-1; WAV_LENS INT64 -1,1", BATCHED, "wav"),
]


@pytest.mark.parametrize(("model", "inputs", "config", "contract"), TABLE)
def test_identify_model_finds_the_contract_when_the_tensors_fit(
    model, inputs, config, contract
) -> None:
    """Names and types of the tensors decide; the model's name only between equals."""
    assert contract == recognise(model, inputs, config).contract.name


# One BYTES input for audio: model, inputs, outputs, configuration.
BASE64_TABLE = [
    (
        "asr",
        "audio BYTES 1; language BYTES 1",
        "transcript BYTES 1",
        ModelConfig(0, optional_inputs=frozenset({"language"})),
    ),
    ("asr", "audio BYTES 1; language BYTES 1", "transcript BYTES 1", None),
    ("ald", "AUDIO_DATA BYTES -1,1", "LANGUAGES BYTES -1,1", BATCHED),
    ("other", "WAV_DATA BYTES 1", "SCORE FP32 1; TEXT BYTES 1; MORE BYTES 1", None),
    (
        "another",
        "audio BYTES -1,1; prompt BYTES -1,1",
        "TEXT BYTES -1,1",
        ModelConfig(4, optional_inputs=frozenset({"prompt"})),
    ),
]


@pytest.mark.parametrize(("model", "inputs", "outputs", "config"), BASE64_TABLE)
def test_identify_model_takes_base64_when_one_text_input_is_required(
    model, inputs, outputs, config
) -> None:
    """The only required BYTES input is the audio, the first BYTES output the text."""
    found = identify_model(metadata(model, inputs, outputs), config)
    first_text = next(part for part in outputs.split("; ") if "BYTES" in part)
    assert found.contract.name == "base64"
    assert spec(inputs.split("; ")[0]) == found.audio
    assert spec(first_text) == found.text


def test_table_has_a_row_when_the_catalogue_has_a_contract() -> None:
    """A family added to the catalogue needs a row here."""
    assert {contract.name for contract in CATALOGUE} == {row[-1] for row in TABLE} | {"base64"}


@pytest.mark.parametrize(
    "model", sorted({name for contract in CATALOGUE for name in contract.model_names})
)
def test_identify_model_goes_by_tensors_when_the_name_is_anothers(model) -> None:
    """A usual name never outweighs what the model declares."""
    found = recognise(model, f"{AI4BHARAT}; LANG_ID BYTES -1,1", BATCHED)
    assert found.contract.name == "ai4bharat"


@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64"])
def test_identify_model_keeps_the_models_datatype_when_it_binds(datatype) -> None:
    """The audio goes out in the type that the metadata names: sherpa's is FP16 in one tree."""
    found = recognise("transducer", f"WAV {datatype} -1,-1; WAV_LENS INT64 -1,1")
    assert TensorSpec("WAV", datatype, (-1, -1)) == found.audio
    assert TensorSpec("WAV_LENS", "INT64", (-1, 1)) in found.metadata.inputs
    assert found.language is None


@pytest.mark.parametrize(
    ("inputs", "config", "size"),
    [
        (WAV, ModelConfig(64), 64),
        (WAV, ModelConfig(1), 1),
        (WAV, None, 32),
        ("WAV FP32 -1; WAV_LENS INT32 1", ModelConfig(0), 1),
        ("WAV FP32 -1; WAV_LENS INT32 1", None, 1),
    ],
)
def test_identify_model_tells_the_batch_size_when_known_or_not(inputs, config, size) -> None:
    """By the configuration, else by whether the audio has a batch dimension; at least 1."""
    assert size == recognise("wav", inputs, config).max_batch_size


@pytest.mark.parametrize(
    ("declared", "languages"),
    [
        (None, AI4BHARAT_LANGUAGES),
        ({}, AI4BHARAT_LANGUAGES),
        ({"languages": ""}, AI4BHARAT_LANGUAGES),
        ({"languages": "en"}, ("en",)),
        ({"languages": "hi, ta  te"}, ("hi", "ta", "te")),
        ({"other": "xx"}, AI4BHARAT_LANGUAGES),
    ],
)
def test_identify_model_lists_languages_when_the_model_declares_them(declared, languages) -> None:
    """The model's own parameter wins over its family's list."""
    config = None if declared is None else ModelConfig(32, parameters=declared)
    assert languages == recognise("m", f"{AI4BHARAT}; LANG_ID BYTES -1,1", config).languages


@pytest.mark.parametrize(
    ("inputs", "language"),
    [
        (f"{AI4BHARAT}; LANG_ID BYTES -1,1", "LANG_ID"),
        (AI4BHARAT, None),
        (SENSEVOICE, "LANGUAGE"),
        (f"{PREFIX}; {WAV}", "TEXT_PREFIX"),
        (WAV, None),
    ],
)
def test_identify_model_finds_the_language_input_when_there_is_one(inputs, language) -> None:
    """A model without a language input takes none."""
    found = recognise("m", inputs).language
    assert language == (found.name if found else None)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (ModelConfig(8, decoupled=True), "decoupled replies"),
        (ModelConfig(8, stateful=True), "sequences of chunks"),
    ],
)
def test_identify_model_refuses_when_the_model_wants_a_stream(config, said) -> None:
    """The tensors fit, the way of talking does not; the hint names the way out."""
    with pytest.raises(ContractError, match=said) as caught:
        recognise("transducer", WAV, config)
    assert "'transducer'" in caught.value.message
    assert "offline model" in caught.value.hint


UNKNOWN = {
    "no inputs": ("", "TRANSCRIPTS BYTES -1,1"),
    "no outputs": (WAV, ""),
    "no text": (WAV, "TRANSCRIPTS FP32 -1,1"),
    "text by another name": (WAV, "TEXT BYTES -1,1"),
    "integer audio": ("WAV INT16 -1,-1; WAV_LENS INT32 -1,1", "TRANSCRIPTS BYTES -1,1"),
    "brain floats": ("WAV BF16 -1,-1; WAV_LENS INT32 -1,1", "TRANSCRIPTS BYTES -1,1"),
    "no lengths": ("WAV FP32 -1,-1", "TRANSCRIPTS BYTES -1,1"),
    "one more required input": (f"{WAV}; TEMPERATURE FP32 -1,1", "TRANSCRIPTS BYTES -1,1"),
    "a step of an ensemble": ("features FP16 -1,-1,80; lens INT32 -1,1", "probs FP32 -1,-1,5000"),
    "two text inputs": ("INPUT_TEXT BYTES -1,1; LANG_ID BYTES -1,1", "OUTPUT_TEXT BYTES -1,1"),
    "images": ("image UINT8 -1,224,224,3", "label BYTES -1,1"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_identify_model_refuses_when_no_contract_fits(case) -> None:
    """The message lists what the model declares, the hint how to find another one."""
    inputs, outputs = UNKNOWN[case]
    with pytest.raises(ContractError, match="'m' takes") as caught:
        identify_model(metadata("m", inputs, outputs), ModelConfig(8))
    declared = [part.split()[0] for part in f"{inputs}; {outputs}".split("; ") if part]
    assert all(name in caught.value.message for name in declared)
    assert "asr-client models" in caught.value.hint


def test_identify_model_fits_when_a_further_input_is_optional() -> None:
    """What may be left out does not stand in the way; without the configuration it does."""
    inputs = f"{WAV}; TEMPERATURE FP32 -1,1"
    config = ModelConfig(8, optional_inputs=frozenset({"TEMPERATURE"}))
    assert recognise("m", inputs, config).contract.name == "wav"
    with pytest.raises(ContractError):
        recognise("m", inputs, None)


def test_explain_says_contract_and_tensors_when_asked() -> None:
    """One line for `doctor` and `models`."""
    line = recognise("transducer", WAV, BATCHED).explain()
    assert (
        line
        == "contract sherpa: WAV FP32, WAV_LENS INT32 -> TRANSCRIPTS; up to 16 recordings a request"
    )


def test_identify_model_gives_frozen_values_when_it_binds() -> None:
    """What was found may be shared between threads."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        recognise("transducer", WAV).max_batch_size = 2
