"""The model repository: package data, copied into the state folder with counts and costs set."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from asr_client.embedded.options import EmbeddedOptions

__all__ = ["instance_counts", "model_closure", "model_processes", "tuned", "write_repository"]

SOURCE = Path(__file__).with_name("models")
NEEDS = {"asr": ("asr_am_ensemble",), "asr_am_ensemble": ("ps_decode",)}
# A recogniser takes 110 MB; a large machine does not need one for every core by default.
MOST_DEFAULT_INSTANCES = 8


def model_closure(models: Iterable[str]) -> tuple[str, ...]:
    """Add to *models* what they call, each once, callees first."""
    ordered: dict[str, None] = {}
    for model in models:
        ordered.update(dict.fromkeys((*model_closure(NEEDS.get(model, ())), model)))
    return tuple(ordered)


def instance_counts(options: EmbeddedOptions, cores: int) -> dict[str, int]:
    """Say how many processes each Python model gets; an ensemble has none of its own."""
    recognisers = options.instances or min(cores, MOST_DEFAULT_INSTANCES)
    wanted = {"ps_decode": recognisers, "asr": recognisers, "asr_slow": options.slow.instances}
    return {model: wanted[model] for model in model_closure(options.models) if model in wanted}


def model_processes(options: EmbeddedOptions) -> int:
    """Say how many processes run models on this machine."""
    return sum(instance_counts(options, available_cores()).values())


def available_cores() -> int:
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


def _replaced_once(pattern: str, value: str, config: str) -> str:
    replaced, times = re.subn(pattern, lambda match: match[1] + value, config)
    if times != 1:
        raise ValueError(f"{pattern!r} occurs {times} times in the configuration, not once")
    return replaced


def write_repository(target: Path, options: EmbeddedOptions) -> None:
    """Copy the wanted models to *target* and set their counts, limits and costs."""
    counts = instance_counts(options, available_cores())
    slow = options.slow
    costs = {"a_ms": f"{slow.a_ms:g}", "b_ms": f"{slow.b_ms:g}", "mode": slow.mode}
    fields: dict[str, dict[str, int]] = {
        "ps_decode": {"max_queue_size": options.max_queue},
        "asr_slow": {"max_queue_size": options.max_queue, "max_batch_size": slow.max_batch},
    }
    for model in model_closure(options.models):
        shutil.copytree(
            SOURCE / model, target / model, ignore=shutil.ignore_patterns("__pycache__")
        )
        if model in counts:
            config = target / model / "config.pbtxt"
            numbers = fields.get(model, {}) | {"count": counts[model]}
            texts = costs if model == "asr_slow" else {}
            config.write_text(tuned(config.read_text(), numbers, texts))
