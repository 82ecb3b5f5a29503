"""The table of models: what each brings along."""

from __future__ import annotations

from asr_client.embedded import SERVED_MODELS
from asr_client.embedded.served import MODELS, model_closure, packages_of


def test_model_closure_adds_what_a_model_calls() -> None:
    """The base64 model needs the ensemble, and that needs its step."""
    assert model_closure(["asr"]) == ("ps_decode", "asr_am_ensemble", "asr")
    assert model_closure(["asr_slow"]) == ("asr_slow",)


def test_model_closure_holds_each_model_once_when_two_share_a_need() -> None:
    """Asking for the ensemble and for its user loads its step once."""
    assert model_closure(["asr_am_ensemble", "asr"]) == ("ps_decode", "asr_am_ensemble", "asr")


def test_packages_are_those_of_the_models_and_of_their_steps() -> None:
    """Only what is served has to be installed."""
    assert packages_of(model_closure(["asr"])) == ("pocketsphinx", "soundfile")
    assert packages_of(["asr_slow"]) == ()


def test_every_served_model_leads_to_one_that_can_be_proved() -> None:
    """The first request after a start asks a model that takes the canary's tensors."""
    for model in SERVED_MODELS:
        assert any(MODELS[name].canary_answer for name in model_closure([model]))
