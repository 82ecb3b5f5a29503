"""Recordings as files: which sort they are, and what is wrong with them in one line."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from asr_client.errors import ConfigError
from asr_loadtest.replay.reading.raw import read_raw
from asr_loadtest.replay.reading.trace.timeline import read_trace
from asr_loadtest.replay.recording import Recording

__all__ = ["read_recording"]

_GZIP = b"\x1f\x8b"
_HINT = "give a .jsonl.gz of raw API answers or a .json of HPA syncs"


def read_recording(path: Path | str) -> Recording:
    """
    Read raw API answers (JSON Lines) or an HPA's syncs (one JSON object), gzip'd or not.

    Raises:
        ConfigError: If it cannot be read or is no recording.
    """
    path = Path(path)
    text = _text(path)
    name = path.name.partition(".")[0]
    try:
        return _parse(name, text)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is no recording that can be played", hint=_HINT) from error


def _parse(name: str, text: str) -> Recording:
    first = json.loads(text) if text.lstrip()[:1] == "{" and "\n{" not in text else None
    if isinstance(first, dict) and "syncs" in first:
        return read_trace(name, first)
    records: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines() if line]
    return read_raw(name, records)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        return content.decode()
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"cannot read {path}: {why}", hint=_HINT) from error
    except (EOFError, UnicodeDecodeError, zlib.error) as error:
        raise ConfigError(f"cannot read {path}: {error}", hint=_HINT) from error
