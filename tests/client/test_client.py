"""The public clients against a real Triton: equal answers over every wire, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
import soundfile

from asr_client import (
    ASRClient,
    AsyncASRClient,
    ConfigError,
    DeadlineError,
    LanguageError,
    ModelNotFoundError,
    load_audio,
)
from asr_client.embedded import EmbeddedTriton

WEATHER = "the weather will be dry and warm today but cold in the evening"
BOOK = Path(__file__).parent.parent / "data" / "speech"

Ask = Callable[..., Any]


def ask_sync(method: str, url: str, *arguments: Any, settings: dict[str, Any], **named: Any) -> Any:
    """Call one method of a fresh ASRClient."""
    with ASRClient(url, **settings) as client:
        return getattr(client, method)(*arguments, **named)


def ask_async(
    method: str, url: str, *arguments: Any, settings: dict[str, Any], **named: Any
) -> Any:
    """Call one method of a fresh AsyncASRClient, on a loop of its own."""

    async def call() -> Any:
        async with AsyncASRClient(url, **settings) as client:
            return await getattr(client, method)(*arguments, **named)

    return asyncio.run(call())


@pytest.fixture(params=[ask_sync, ask_async], ids=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Ask:
    """One of the two ways to call a client."""
    ask: Ask = request.param
    return ask


@pytest.fixture(params=["http", "grpc", "generate"])
def ask(
    request: pytest.FixtureRequest, colour: Ask, embedded_triton: EmbeddedTriton
) -> Iterator[Ask]:
    """Call a client of the shared server over each of three protocols."""
    protocol = request.param
    url = embedded_triton.grpc_url if protocol == "grpc" else embedded_triton.http_url
    model = "asr" if protocol == "generate" else "asr_am_ensemble"

    def call(method: str, *arguments: Any, **named: Any) -> Any:
        settings = {"protocol": protocol, "model": model}
        return colour(method, url, *arguments, settings=settings, **named)

    return call


@pytest.fixture(params=["http", "grpc"])
def ask_kserve(request: pytest.FixtureRequest, colour: Ask, embedded_triton: EmbeddedTriton) -> Ask:
    """Call a client of the shared server over each wire of KServe."""
    url = embedded_triton.grpc_url if request.param == "grpc" else embedded_triton.http_url

    def call(method: str, *arguments: Any, model: str = "asr_am_ensemble", **named: Any) -> Any:
        return colour(method, url, *arguments, settings={"model": model}, **named)

    return call


def test_transcribe_gives_the_same_text_over_every_protocol(ask: Ask, weather: Path) -> None:
    """HTTP, gRPC and generate, sync and async, hear the same words."""
    transcript = ask("transcribe", weather)
    assert transcript.text == WEATHER
    assert transcript.language in ("en", None)
    assert transcript.duration_s == pytest.approx(4.3, abs=0.01)
    assert transcript.segments[0].end_s == transcript.duration_s
    assert transcript.model_version == "1"
    assert transcript.warnings == ()


@pytest.mark.parametrize("name", ["austen-0880", "austen-0930"])
def test_transcribe_hears_what_the_recogniser_hears_directly(ask: Ask, name: str) -> None:
    """The text of a real recording equals that of pocketsphinx called directly."""
    assert ask("transcribe", BOOK / f"{name}.wav").text == recognise_directly(BOOK / f"{name}.wav")


def recognise_directly(path: Path) -> str:
    """Decode a 16 kHz recording with pocketsphinx in this process."""
    from pocketsphinx import Decoder

    samples, _ = soundfile.read(path, dtype="int16")
    decoder = Decoder(samprate=16000, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    return str(decoder.hyp().hypstr)


def test_transcribe_has_few_word_errors_on_shipped_speech(
    client: ASRClient, speech_folder: Path
) -> None:
    """The flite recordings come back with a word error rate of 0.1 or less, all together."""
    rows = [line.split("\t") for line in (speech_folder / "manifest.tsv").read_text().splitlines()]
    shipped = [(path, text) for path, _, voice, text in rows if voice.startswith("flite")]
    spoken = [plain_words(text) for _, text in shipped]
    heard = [plain_words(client.transcribe(speech_folder / path).text) for path, _ in shipped]
    assert len(shipped) == 10
    assert jiwer.wer(spoken, heard) <= 0.1


def plain_words(text: str) -> str:
    """Lower case, without punctuation."""
    return " ".join("".join(c for c in text.lower() if c.isalnum() or c in " '").split())


def test_transcribe_batch_keeps_the_order_when_lengths_differ(
    ask_kserve: Ask, speech_folder: Path, weather: Path
) -> None:
    """Three recordings in one request, padded, give the texts that they give one by one."""
    paths = [
        weather,
        speech_folder / "en-rms-greeting.flac",
        speech_folder / "en-kal16-numbers.flac",
    ]
    together = ask_kserve("transcribe_batch", paths)
    assert [each.text for each in together] == [ask_kserve("transcribe", p).text for p in paths]
    assert len({each.request_id for each in together}) == 1


def test_transcribe_batch_is_refused_when_the_model_takes_fewer(
    ask_kserve: Ask, weather: Path
) -> None:
    """Too many recordings for one request is an error that says how many fit."""
    with pytest.raises(ConfigError, match=r"33 recordings do not fit in one request.* takes 32 "):
        ask_kserve("transcribe_batch", [weather] * 33)


def test_transcribe_batch_gives_nothing_when_given_nothing(ask_kserve: Ask) -> None:
    """An empty batch is an empty answer, and no request."""
    assert ask_kserve("transcribe_batch", []) == ()


def test_transcribe_takes_an_array_with_its_rate(client: ASRClient, weather: Path) -> None:
    """Samples in memory, stereo and at another rate, give the same text as the file."""
    wave = load_audio(weather)
    stereo = np.repeat(wave.samples, 3)[:, np.newaxis].repeat(2, axis=1)  # crude upsampling
    assert client.transcribe(stereo, sample_rate_hz=48_000).text == WEATHER
    assert client.transcribe(wave).text == WEATHER


def test_language_is_refused_before_the_audio_is_read_when_unsupported(ask: Ask) -> None:
    """A language that the model does not take is found out before the file is even opened."""
    with pytest.raises(LanguageError, match=r"does not take Hindi \('hi'\)"):
        ask("transcribe", "no such file.wav", language="Hindi")


@pytest.mark.parametrize("spelling", ["en", "EN", "en-IN", "eng", "English"])
def test_language_is_understood_however_it_is_spelt(
    client: ASRClient, weather: Path, spelling: str
) -> None:
    """Codes, tags and names all become the model's own code."""
    assert client.transcribe(weather, language=spelling).language == "en"


def test_language_must_be_named_when_the_model_has_several(
    embedded_triton: EmbeddedTriton, weather: Path
) -> None:
    """A multilingual model without a language is an error, not a guess."""
    with (
        ASRClient(embedded_triton.http_url, model="asr_slow") as client,
        pytest.raises(LanguageError, match="must be told the language"),
    ):
        client.transcribe(weather)


def test_languages_of_the_caller_rule_when_stated(
    embedded_triton: EmbeddedTriton, weather: Path
) -> None:
    """What the caller states wins over what the model declares."""
    with (
        ASRClient(embedded_triton.http_url, languages=["hi", "ta"]) as client,
        pytest.raises(LanguageError, match="it takes: hi, ta"),
    ):
        client.transcribe(weather, language="en")


def test_health_tells_the_model_from_the_server(ask_kserve: Ask) -> None:
    """A ready server without the model is reported as just that."""
    assert ask_kserve("health").ok
    health = ask_kserve("health", model="not_there")
    assert (health.live, health.ready, health.model_ready) == (True, True, False)
    assert "the server is ready, but model 'not_there' is not" in health.explain()


def test_transcribe_names_the_model_when_it_is_unknown(ask_kserve: Ask, weather: Path) -> None:
    """An unknown model is its own error, over both wires."""
    with pytest.raises(ModelNotFoundError, match="not_there"):
        ask_kserve("transcribe", weather, model="not_there")


def test_models_come_from_the_repository_index(ask_kserve: Ask) -> None:
    """The list says what the server has, and where it was read."""
    found = ask_kserve("models")
    assert found.source == "repository index"
    assert {"asr_am_ensemble", "asr", "asr_slow"} <= {entry.name for entry in found.models}


def test_model_explains_the_contract_that_was_found(ask_kserve: Ask) -> None:
    """A description names contract, tensors and languages."""
    info = ask_kserve("model")
    assert info.contract == "ai4bharat"
    assert info.languages == ("en",)
    assert "AUDIO_SIGNAL FP32" in info.why_contract


def test_deadline_ends_a_call_when_the_model_is_slower(
    ask_kserve: Ask, speech_folder: Path
) -> None:
    """asr_slow needs 290 ms for 12 s of audio; a caller with less time gets a DeadlineError."""
    audio = load_audio(speech_folder / "en-rms-library.flac")
    with pytest.raises(DeadlineError, match=r"deadline of 0.1 s passed while"):
        ask_kserve("transcribe", audio, model="asr_slow", language="hi", deadline_s=0.1)


@pytest.mark.parametrize("deadline_s", [0, -1, float("nan"), float("inf")])
def test_deadline_is_refused_when_it_is_no_duration(
    client: ASRClient, weather: Path, deadline_s: float
) -> None:
    """A deadline must be a positive number of seconds."""
    with pytest.raises(ConfigError, match="deadline_s must be a positive number"):
        client.transcribe(weather, deadline_s=deadline_s)


def test_client_serves_many_threads_at_once(client: ASRClient, speech_folder: Path) -> None:
    """Eight threads share a client, and each gets its own text."""
    names = ["en-rms-greeting.flac", "en-slt-thanks.flac", "en-awb-door.flac"] * 4
    alone = {name: client.transcribe(speech_folder / name).text for name in set(names)}
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda name: client.transcribe(speech_folder / name).text, names))
    assert texts == [alone[name] for name in names]


def test_async_client_serves_many_tasks_at_once(
    embedded_triton: EmbeddedTriton, speech_folder: Path
) -> None:
    """Twelve tasks share an asynchronous client, over both wires."""
    names = ["en-rms-greeting.flac", "en-slt-thanks.flac", "en-awb-door.flac"] * 4

    async def all_at_once(url: str) -> list[str]:
        async with AsyncASRClient(url) as client:
            calls = (client.transcribe(speech_folder / name) for name in names)
            return [each.text for each in await asyncio.gather(*calls)]

    texts = asyncio.run(all_at_once(embedded_triton.http_url))
    assert len(set(texts)) == 3
    assert texts == asyncio.run(all_at_once(embedded_triton.grpc_url))


def test_cancelled_task_leaves_the_client_usable(
    embedded_triton: EmbeddedTriton, weather: Path
) -> None:
    """Cancelling a call does not spoil the next one."""

    async def cancel_then_ask(url: str) -> str:
        async with AsyncASRClient(url) as client:
            await client.model()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.transcribe(weather), 0.05)
            return (await client.transcribe(weather)).text

    assert asyncio.run(cancel_then_ask(embedded_triton.http_url)) == WEATHER
    assert asyncio.run(cancel_then_ask(embedded_triton.grpc_url)) == WEATHER
