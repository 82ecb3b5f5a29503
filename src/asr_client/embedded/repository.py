"""The model repository: package data, copied into the state folder with counts and costs set."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from asr_client.embedded.options import EmbeddedOptions
from asr_client.embedded.served import MODELS, model_closure

__all__ = ["instance_counts", "model_processes", "tuned", "write_repository"]

_SOURCE = Path(__file__).with_name("models")

# A recogniser takes 110 MB; a large machine does not need one for every core by default.
_MOST_DEFAULT_INSTANCES = 8


def instance_counts(options: EmbeddedOptions, cores: int) -> dict[str, int]:
    """Say how many processes each Python model gets; an ensemble has none of its own."""
    counts = {
        "recognisers": options.instances or min(cores, _MOST_DEFAULT_INSTANCES),
        "slow": options.slow.instances,
    }
    models = (MODELS[name] for name in model_closure(options.models))
    return {model.name: counts[model.processes] for model in models if model.processes}


def model_processes(options: EmbeddedOptions) -> int:
    """Say how many processes run models on this machine."""
    return sum(instance_counts(options, _available_cores()).values())


def _available_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


def tuned(config: str, fields: Mapping[str, int], parameters: Mapping[str, str]) -> str:
    """
    Replace values in the text of a config.pbtxt.

    Args:
        config: Holds each field and parameter exactly once.
        fields: Such as {"count": 2} for `count: 1`.
        parameters: Values of `parameters { key: ... value { string_value: ... } }`.

    Raises:
        ValueError: If something to replace is missing or not unique.
    """
    for name, number in fields.items():
        config = _replaced_once(rf"(\b{name}: )\d+", str(number), config)
    for key, text in parameters.items():
        pattern = rf'(key: "{key}" value {{ string_value: ")[^"]*'
        config = _replaced_once(pattern, text, config)
    return config


def write_repository(target: Path, options: EmbeddedOptions) -> None:
    """Copy the wanted models to *target* and set their counts, limits and costs."""
    for name in model_closure(options.models):
        shutil.copytree(_SOURCE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        config = target / name / "config.pbtxt"
        numbers, texts = _choices(name, options)
        config.write_text(tuned(config.read_text(), numbers, texts))


def _choices(name: str, options: EmbeddedOptions) -> tuple[dict[str, int], dict[str, str]]:
    """Say which fields and which parameters of a model's configuration *options* decide."""
    model, slow = MODELS[name], options.slow
    numbers: dict[str, int] = {}
    if model.processes:
        numbers["count"] = instance_counts(options, _available_cores())[name]
    if model.has_queue:
        numbers["max_queue_size"] = options.max_queue
    if model.processes != "slow":
        return numbers, {}
    numbers["max_batch_size"] = slow.max_batch_size
    return numbers, {"a_ms": f"{slow.a_ms:g}", "b_ms": f"{slow.b_ms:g}", "mode": slow.mode}


def _replaced_once(pattern: str, value: str, config: str) -> str:
    replaced, times = re.subn(pattern, lambda match: match[1] + value, config)
    if times != 1:
        raise ValueError(f"{pattern!r} occurs {times} times in the configuration, not once")
    return replaced
