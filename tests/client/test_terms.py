"""What is settled of a call before any audio is read."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from asr_client import ConfigError, LanguageError
from asr_client.calls.terms import Options, settle
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange
from asr_client.settings.config import ClientConfig


@dataclass(frozen=True)
class Model:
    """A recognizer that is only asked what it takes."""

    languages: tuple[str, ...] = ("hi", "ta")
    takes_language: bool = True
    needs_language: bool = True
    max_batch_size: int = 2
    window_s: float | None = None
    protocol: str = "http"
    model: str = "m"
    contract: str = "c"
    sample_rate_hz: int = 16_000

    def recognize(self, utterances: Utterances) -> Exchange[Recognized]:
        """Nobody asks."""
        raise AssertionError(utterances)


def config(**settings: object) -> ClientConfig:
    """Settings of a client."""
    return ClientConfig.resolve("http://h", environ={}, **settings)


@pytest.mark.parametrize(
    ("model", "settings", "asked", "code"),
    [
        (Model(), {}, "Hindi", "hi"),
        (Model(), {"language": "ta"}, None, "ta"),
        (Model(), {"language": "ta"}, "hi-IN", "hi"),
        (Model(), {"languages": ["en"]}, "English", "en"),
        (Model(), {"languages": ["en"]}, None, "en"),
        (Model(languages=("en",)), {}, None, "en"),
        (Model(languages=()), {}, "Hindi", "hi"),
        (Model(needs_language=False), {}, None, None),
        (Model(takes_language=False), {}, "hi", None),
        (Model(takes_language=False), {}, "klingon", None),
    ],
)
def test_language_is_settled(
    model: Model, settings: dict[str, object], asked: str | None, code: str | None
) -> None:
    """The call's word rules over the client's, the caller's set over the model's."""
    assert settle(model, config(**settings), Options(language=asked), 1).language == code


@pytest.mark.parametrize(
    ("model", "settings", "asked"),
    [
        (Model(), {}, None),
        (Model(), {}, "English"),
        (Model(), {"languages": ["en"]}, "hi"),
        (Model(languages=()), {}, None),
    ],
)
def test_language_is_refused_when_the_model_cannot_take_it(
    model: Model, settings: dict[str, object], asked: str | None
) -> None:
    """Unknown, unsupported and missing languages are errors before anything is sent."""
    with pytest.raises(LanguageError):
        settle(model, config(**settings), Options(language=asked), 1)


def test_count_is_refused_when_one_request_holds_fewer() -> None:
    """The error says how many fit, and over which protocol."""
    with pytest.raises(ConfigError, match=r"3 recordings .* takes 2 over protocol 'http'"):
        settle(Model(), config(language="hi"), Options(), 3)


def test_warnings_tell_what_the_model_will_not_hear() -> None:
    """A window that is too short, and a language that is not sent, are said."""
    terms = settle(Model(takes_language=False, window_s=30.0), config(), Options("hi"), 1)
    assert terms.warnings(10, "") == ("model 'm' takes no language; 'hi' was not sent",)
    assert "listens for 30 s" in terms.warnings(31, "")[1]
    assert settle(Model(), config(), Options("hi"), 1).warnings(1000, "") == ()
