"""What can be served: one table with all that the other modules must know of each model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["MODELS", "SERVED_MODELS", "ServedModel", "model_closure", "packages_of"]


@dataclass(frozen=True)
class ServedModel:
    """
    A model of the repository in `models/`.

    Attributes:
        name: Also its folder's.
        is_step: It only works for other models, and callers do not ask for it.
        calls: Models that it calls; they are loaded with it.
        packages: What its process imports, beyond numpy.
        processes: What says how many processes it gets; empty for an ensemble, which has none.
        has_queue: Its requests wait in a queue whose length is an option.
        canary_answer: What it says to `canary.wav`; empty where it takes other tensors.
    """

    name: str
    is_step: bool = False
    calls: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    processes: Literal["", "recognisers", "slow"] = ""
    has_queue: bool = False
    canary_answer: str = ""


MODELS = {
    model.name: model
    for model in (
        ServedModel("asr_am_ensemble", calls=("ps_decode",), canary_answer="go forward ten meters"),
        # As many processes as recognisers: each of them waits for one.
        ServedModel(
            "asr", calls=("asr_am_ensemble",), packages=("soundfile",), processes="recognisers"
        ),
        ServedModel("asr_slow", processes="slow", has_queue=True, canary_answer="1.87 s of en"),
        ServedModel(
            "ps_decode",
            is_step=True,
            packages=("pocketsphinx",),
            processes="recognisers",
            has_queue=True,
        ),
    )
}

SERVED_MODELS = tuple(name for name, model in MODELS.items() if not model.is_step)
"""What callers may ask for."""


def model_closure(models: Iterable[str]) -> tuple[str, ...]:
    """Add to *models* what they call, each once, callees first."""
    ordered: dict[str, None] = {}
    for name in models:
        ordered.update(dict.fromkeys((*model_closure(MODELS[name].calls), name)))
    return tuple(ordered)


def packages_of(models: Iterable[str]) -> tuple[str, ...]:
    """Name what the processes of *models* import, beyond numpy."""
    return tuple(package for name in models for package in MODELS[name].packages)
