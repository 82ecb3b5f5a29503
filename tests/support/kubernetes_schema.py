"""
The schema of Kubernetes 1.37, offline: lightkube's models, held strictly.

They refuse wrong types and missing fields by themselves. They drop fields that they do not know, so
what comes out is compared with what went in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from lightkube.core import resource_registry

__all__ = ["schema_errors"]


def schema_errors(body: Mapping[str, Any]) -> list[str]:
    """Tell what an API server with strict validation would refuse in one object."""
    version, kind = body.get("apiVersion", ""), body.get("kind", "")
    try:
        model = resource_registry.resource_registry.load(version, kind)
    except Exception as error:  # noqa: BLE001 - lightkube's own classes differ by what is wrong
        return [f"no {kind} in {version}: {error}"]
    try:
        value = msgspec.convert(body, model, strict=True)
    except msgspec.ValidationError as error:
        return [str(error)]
    return [f"unknown field {path}" for path in _lost(body, msgspec.to_builtins(value), "$")]


def _lost(given: Any, kept: Any, path: str) -> Iterator[str]:
    """Give the places of what is not there any more."""
    if isinstance(given, Mapping):
        for key, value in given.items():
            if not isinstance(kept, Mapping) or key not in kept:
                yield f"{path}.{key}"
            else:
                yield from _lost(value, kept[key], f"{path}.{key}")
    elif isinstance(given, list):
        for index, value in enumerate(given):
            yield from _lost(value, kept[index], f"{path}[{index}]")
