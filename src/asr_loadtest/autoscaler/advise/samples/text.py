"""The text of a sample, whatever it is: which of the formats, and read."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise.samples.fields import sample_of_fields
from asr_loadtest.autoscaler.advise.samples.pod_usage import (
    is_pod_table,
    sample_of_pod_metrics,
    sample_of_pod_table,
)
from asr_loadtest.autoscaler.advise.samples.report import is_report, sample_of_report
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.manifests.documents import parse_manifests

__all__ = ["parse_sample"]


def parse_sample(text: str, *, source: str, workload: str = "") -> Sample:
    """
    Read a sample.

    Args:
        text: What `kubectl top pod` prints; a PodMetricsList of metrics.k8s.io; a run's
            report.json; or figures under the names of `Sample`'s fields, as JSON, TOML or YAML.
        source: The file's name, for messages.
        workload: Name of the Deployment whose pods count; all do if it is empty.

    Raises:
        ConfigError: If it is none of these, or holds no figure.
    """
    if is_pod_table(text):
        return sample_of_pod_table(text, source, workload)
    fields = _mapping(text, source)
    if str(fields.get("apiVersion", "")).startswith("metrics.k8s.io/"):
        return sample_of_pod_metrics(fields, source, workload)
    if is_report(fields):
        return sample_of_report(fields, source)
    return sample_of_fields(fields, source)


def _mapping(text: str, source: str) -> Mapping[str, Any]:
    """Read JSON, TOML or YAML: the first that can make sense of it."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = _yaml(text, source)
    if not isinstance(read, Mapping):
        raise ConfigError(
            f"{source} is no sample: it holds no names and values",
            hint="asr-loadtest advise --help shows one",
        )
    return read


def _yaml(text: str, source: str) -> Mapping[str, Any]:
    try:
        documents = parse_manifests({source: text}).documents
    except ConfigError as error:
        raise ConfigError(
            f"{source} is no sample: neither JSON, TOML, YAML nor what kubectl top pod prints",
            hint="asr-loadtest advise --help shows one",
        ) from error
    return documents[0].body if documents else {}
