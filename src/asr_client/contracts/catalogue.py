"""
The families of ASR models on Triton, as data: which tensors they take and how they name them.

Source: the published model repositories and their clients (docs/servers.md 8);
AI4Bharat's also measured on Triton 2.51. All take 16 kHz mono; floats are within [-1, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from asr_client.languages import AI4BHARAT_LANGUAGES

__all__ = ["CATALOGUE", "MODEL_RATE_HZ", "SENSEVOICE_NUMBERS", "Contract", "LanguageForm"]

MODEL_RATE_HZ = 16_000

# ASSUMED: SenseVoice's numbers for its languages, as its toolkit publishes them.
SENSEVOICE_NUMBERS = {"zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}

# ASSUMED: the languages for which Whisper's tokenizer has a token.
_WHISPER_LANGUAGES = """
    en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur
    hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si
    km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha
    ba jw su yue
"""

LanguageForm = Literal["code", "sensevoice-number", "whisper-prefix"]


@dataclass(frozen=True, slots=True)
class Contract:
    """
    One family.

    Attributes:
        name: What we call it.
        audio: Input that takes the audio: samples, or base64 where *base64* is set. Empty: the
            only required BYTES input, whatever its name.
        length: Input that takes each row's number of true samples.
        text: Output with the text; empty means the first BYTES output.
        language: Input that takes the language; may be absent where *language_optional*.
        language_form: How the language is written there.
        constants: Further inputs, and the number that each row of them gets.
        ignored: Inputs that this client leaves out; the model must declare them optional.
        model_names: Starts of the usual model names; they decide between equal tensors.
        languages: Codes that the family takes; empty when it depends on the model.
        base64: The audio travels as base64 of a WAV file in a BYTES tensor.
        rows_are_json: Each text is JSON with the sentence under "source".
        tags: Texts carry <|...|> tags to be removed.
        window_s: Seconds after which the model stops listening.
    """

    name: str
    audio: str
    length: str = ""
    text: str = "TRANSCRIPTS"
    language: str = ""
    language_optional: bool = False
    language_form: LanguageForm = "code"
    constants: Mapping[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    model_names: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    base64: bool = False
    rows_are_json: bool = False
    tags: bool = False
    window_s: float | None = None

    @property
    def can_do_without_language(self) -> bool:
        """Whether a caller may leave the language to the model."""
        return self.language_optional or self.language_form == "sensevoice-number"


def _wav(name: str, *model_names: str) -> Contract:
    """The tensors that wenet began and that most toolkits took over."""
    return Contract(name, audio="WAV", length="WAV_LENS", model_names=model_names)


CATALOGUE: tuple[Contract, ...] = (
    Contract(
        "ai4bharat",
        audio="AUDIO_SIGNAL",
        length="NUM_SAMPLES",
        language="LANG_ID",
        languages=AI4BHARAT_LANGUAGES,
    ),
    Contract(
        "ai4bharat-topk",
        audio="AUDIO_SIGNAL",
        length="NUM_SAMPLES",
        language="LANG_ID",
        constants={"TOPK": 1},
        languages=AI4BHARAT_LANGUAGES,
        rows_are_json=True,
    ),
    Contract(
        "ai4bharat-mono",
        audio="AUDIO_SIGNAL",
        length="NUM_SAMPLES",
        ignored=("HOTWORD_LIST", "HOTWORD_WEIGHT"),
    ),
    Contract(
        "ai4bharat-mono-topk",
        audio="AUDIO_SIGNAL",
        length="NUM_SAMPLES",
        constants={"TOPK": 1},
        rows_are_json=True,
    ),
    Contract(
        "sensevoice",
        audio="WAV",
        length="WAV_LENS",
        language="LANGUAGE",
        language_form="sensevoice-number",
        constants={"TEXT_NORM": 15},
        languages=tuple(SENSEVOICE_NUMBERS),
        tags=True,
    ),
    Contract(
        "whisper",
        audio="WAV",
        length="WAV_LENS",
        language="TEXT_PREFIX",
        language_form="whisper-prefix",
        languages=tuple(_WHISPER_LANGUAGES.split()),
        window_s=30.0,
    ),
    Contract(
        "whisper-without-length",
        audio="WAV",
        language="TEXT_PREFIX",
        language_form="whisper-prefix",
        languages=tuple(_WHISPER_LANGUAGES.split()),
        window_s=30.0,
    ),
    _wav("sherpa", "transducer"),
    _wav("wenet", "attention_rescoring"),
    _wav("funasr", "infer_pipeline"),
    _wav("nemo", "asr_ctc"),
    _wav("wav"),
    Contract(
        "base64",
        audio="",
        text="",
        language="language",
        language_optional=True,
        base64=True,
    ),
)
