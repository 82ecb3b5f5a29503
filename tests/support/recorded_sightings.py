"""Raw recordings of a Kubernetes API as sightings, by the plainest reader that has them right."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asr_loadtest.cluster.kubernetes.objects import READERS, read_usage
from asr_loadtest.cluster.kubernetes.sightings import Sighting, UsageSeen

__all__ = ["RECORDING_NAMES", "recorded_sightings"]

RECORDINGS = Path(__file__).parents[1] / "data" / "kube-api"
RECORDING_NAMES = (
    "scale-down-lowmem",
    "server-restart",
    "slow-gpu-start",
    "step-up-hard",
    "token-revoked",
)


def recorded_sightings(name: str) -> list[Sighting]:
    """Give what the recording's watcher saw, on its own axis; no version of an object twice."""
    seen: list[Sighting] = []
    versions: dict[str, int] = {}
    for record in _records(name):
        resource = record["path"].rsplit("/", 1)[-1]
        if "metrics.k8s.io" in record["path"]:
            seen.append(_usage(record))
            continue
        for body, is_gone in _objects(record):
            meta = body["metadata"]
            version = int(meta["resourceVersion"])
            if resource in READERS and version > versions.get(meta["uid"], 0):
                versions[meta["uid"]] = version
                sighting = READERS[resource](body, record["t"], is_gone=is_gone)
                seen.extend([] if sighting is None else [sighting])
    return seen


def _records(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(RECORDINGS / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _usage(record: dict[str, Any]) -> UsageSeen:
    if record["status"] == 200:
        return read_usage(record["body"], record["t"])
    return UsageSeen(at_s=record["t"], failure=f"HTTP {record['status']}")


def _objects(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    body: Any = record.get("body")
    if record["kind"] == "list" and record["status"] == 200:
        yield from ((item, False) for item in body["items"])
    elif (
        record.get("phase") == "event"
        and record["status"] == 200
        and body["type"] in {"ADDED", "MODIFIED", "DELETED"}
    ):
        yield body["object"], body["type"] == "DELETED"
