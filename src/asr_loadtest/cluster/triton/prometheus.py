"""
Prometheus's text format, read line by line.

Source: prometheus.io/docs/instrumenting/exposition_formats, text format 0.0.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from asr_client.errors import ContractError

__all__ = ["Metric", "parse_metrics"]

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*(\S+)(?:\s+-?\d+)?", re.ASCII)
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Metric:
    """
    One line: a name, its labels, a number that may be infinite or none.

    Attributes:
        name: Such as "nv_inference_count".
        labels: Such as {"model": "asr", "version": "1"}.
        value: As a float: whole numbers are exact up to 2**53.
    """

    name: str
    labels: Mapping[str, str]
    value: float


def parse_metrics(text: str) -> Iterator[Metric]:
    """
    Read all metrics of a page; comments, help and types are skipped.

    Raises:
        ContractError: At the first line that is none, such as a web page's.
    """
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield _parse_line(stripped, number)


def _parse_line(line: str, number: int) -> Metric:
    found = _LINE.fullmatch(line)
    try:
        if found is not None:
            return Metric(found[1], dict(_labels(found[2] or "")), float(found[3]))
    except ValueError:
        pass
    raise ContractError(f"line {number} is no metric of Prometheus: {line[:60]!r}")


def _labels(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        found = _LABEL.match(text, at)
        if found is None:
            raise ValueError(text)
        yield found[1], _ESCAPED.sub(lambda each: "\n" if each[1] == "n" else each[1], found[2])
        at = found.end()
