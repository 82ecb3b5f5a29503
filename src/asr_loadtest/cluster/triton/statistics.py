"""
What Triton tells over HTTP beyond its metrics: batch sizes, and what an ensemble is made of.

    GET /v2/models/stats        executions by batch size, for every model
    GET /v2/models/<m>/config   the steps of an ensemble
"""

from __future__ import annotations

import json
from typing import Any

from asr_client.errors import ContractError
from asr_loadtest.cluster.triton.readings import BatchCounters

__all__ = ["read_batches", "read_steps"]

_PARTS = ("compute_input", "compute_infer", "compute_output")


def read_batches(body: bytes) -> dict[str, dict[int, BatchCounters]]:
    """
    Read executions by batch size of every model, all versions of it together.

    An ensemble counts its own executions, which are those of its requests.

    Raises:
        ContractError: If these are no statistics of Triton.
    """
    try:
        batches: dict[str, dict[int, BatchCounters]] = {}
        for model in json.loads(body)["model_stats"]:
            of_model = batches.setdefault(model["name"], {})
            for batch in model.get("batch_stats", ()):
                size, counters = int(batch["batch_size"]), _counters(batch)
                known = of_model.get(size, BatchCounters())
                of_model[size] = BatchCounters(
                    known.executions + counters.executions, known.compute_s + counters.compute_s
                )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContractError("the reply holds no statistics of Triton") from error
    return batches


def _counters(batch: dict[str, Any]) -> BatchCounters:
    executions = int(batch["compute_infer"]["count"])
    nanoseconds = sum(int(batch[part]["ns"]) for part in _PARTS)
    return BatchCounters(executions, nanoseconds / 1e9)


def read_steps(body: bytes) -> tuple[str, ...]:
    """
    Name the models that an ensemble is made of; none if it is no ensemble.

    Raises:
        ContractError: If this is no model's configuration.
    """
    try:
        config = json.loads(body)
        scheduling = config.get("ensemble_scheduling") or {}
        steps = [str(step["model_name"]) for step in scheduling.get("step", ())]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ContractError("the reply holds no configuration of a model") from error
    return tuple(dict.fromkeys(steps))
