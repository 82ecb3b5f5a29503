"""From what a server tells of a model to the contract that fits it: pure, and able to say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asr_client.contracts.catalogue import CATALOGUE, Contract
from asr_client.contracts.kserve import ModelConfig, ModelMetadata, TensorSpec
from asr_client.errors import ContractError

__all__ = ["SpeechModel", "identify_model"]

_SAMPLE_TYPES = ("FP32", "FP16", "FP64")

# ASSUMED: what a model takes at once when its configuration cannot be read; the published
# ensemble's limit (docs/servers.md 3). A smaller model says so itself, with a 400.
_USUAL_BATCH = 32


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """
    A contract bound to one model: every tensor with the type and rank that the model declares.

    Attributes:
        contract: The family.
        metadata: What the server told of the tensors.
        audio: The audio input's declaration.
        language: The language input's; None where the model takes none.
        text: The text output's.
        max_batch_size: Utterances a request may hold, at least 1.
        languages: Codes that the model takes, by its own parameters or by its family.
    """

    contract: Contract
    metadata: ModelMetadata
    audio: TensorSpec
    language: TensorSpec | None
    text: TensorSpec
    max_batch_size: int
    languages: tuple[str, ...]

    def explain(self) -> str:
        """Say in one line which contract was found, and by which tensors."""
        tensors = ", ".join(f"{spec.name} {spec.datatype}" for spec in self.metadata.inputs)
        return (
            f"contract {self.contract.name}: {tensors} -> {self.text.name}; "
            f"up to {self.max_batch_size} recordings a request"
        )


def identify_model(metadata: ModelMetadata, config: ModelConfig | None) -> SpeechModel:
    """
    Find the contract of a model.

    Args:
        metadata: Its tensors.
        config: Its configuration; None where the server keeps it to itself.

    Raises:
        ContractError: If the model speaks none of the known contracts, or wants a stream.
    """
    _refuse_streams(metadata, config)
    bound = [_bind(contract, metadata, config) for contract in CATALOGUE]
    fitting = [speech_model for speech_model in bound if speech_model is not None]
    if not fitting:
        raise ContractError(
            f"model {metadata.name!r} takes {_list(metadata.inputs) or 'no tensors'} and gives "
            f"{_list(metadata.outputs) or 'none'}: no known speech contract",
            hint="is it a step of an ensemble? `asr-client models` lists the others",
        )
    return _by_name(fitting)


def _refuse_streams(metadata: ModelMetadata, config: ModelConfig | None) -> None:
    if config and (config.decoupled or config.stateful):
        kind = "decoupled replies" if config.decoupled else "sequences of chunks"
        raise ContractError(
            f"model {metadata.name!r} works with {kind}, which this client does not speak",
            hint="use the toolkit's offline model of the same family",
        )


def _bind(
    contract: Contract, metadata: ModelMetadata, config: ModelConfig | None
) -> SpeechModel | None:
    """Bind a contract to a model that fits it; None if it does not."""
    optional = config.optional_inputs if config else frozenset[str]()
    audio = _audio_input(contract, metadata, optional)
    text = _text_output(contract, metadata)
    if audio is None or text is None:
        return None
    language = contract.language
    required = {audio.name, contract.length, *contract.constants} - {""}
    if language and not contract.language_optional:
        required.add(language)
    declared = {spec.name for spec in metadata.inputs}
    if not required <= declared <= required | {language, *contract.ignored} | optional:
        return None
    return SpeechModel(
        contract=contract,
        metadata=metadata,
        audio=audio,
        language=next((spec for spec in metadata.inputs if spec.name == language), None),
        text=text,
        max_batch_size=_batch_size(audio, config),
        languages=_declared_languages(config) or contract.languages,
    )


def _audio_input(
    contract: Contract, metadata: ModelMetadata, optional: frozenset[str]
) -> TensorSpec | None:
    types = ("BYTES",) if contract.base64 else _SAMPLE_TYPES
    if contract.audio:
        named = [spec for spec in metadata.inputs if spec.name == contract.audio]
    else:
        others = {*optional, contract.language}
        named = [spec for spec in metadata.inputs if spec.name not in others]
        named = [spec for spec in named if _is_named_for_audio(spec.name)]
    fits = len(named) == 1 and named[0].datatype in types
    return named[0] if fits else None


def _is_named_for_audio(name: str) -> bool:
    """Whether a BYTES input holds a recording: a text, a path or a picture may be one, too."""
    lower = name.lower()
    return any(word in lower for word in ("audio", "wav", "speech")) and "path" not in lower


def _text_output(contract: Contract, metadata: ModelMetadata) -> TensorSpec | None:
    texts = [spec for spec in metadata.outputs if spec.datatype == "BYTES"]
    if contract.text:
        texts = [spec for spec in texts if spec.name == contract.text]
    return texts[0] if texts else None


def _by_name(fitting: Sequence[SpeechModel]) -> SpeechModel:
    """Among contracts with equal tensors, prefer the one whose usual name the model has."""
    for each in fitting:
        usual = each.contract.model_names
        if usual and each.metadata.name.startswith(usual):
            return each
    return next((each for each in fitting if not each.contract.model_names), fitting[0])


def _batch_size(audio: TensorSpec, config: ModelConfig | None) -> int:
    if config is not None:
        return max(config.max_batch_size, 1)
    return _USUAL_BATCH if len(audio.shape) > 1 else 1


def _declared_languages(config: ModelConfig | None) -> tuple[str, ...]:
    """Read the model's `languages` parameter: codes between spaces or commas."""
    declared = config.parameters.get("languages", "") if config else ""
    return tuple(declared.replace(",", " ").split())


def _list(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(f"{spec.name} {spec.datatype}" for spec in specs)
