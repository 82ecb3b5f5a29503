"""JSON bodies with audio in them, put together by hand: json.dumps would scan every byte."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from typing import Any

from asr_client.contracts.wire import Buffer

__all__ = ["AUDIO", "base64_of", "json_with_audio"]

AUDIO = "\0audio\0"  # stands for a file; no language code or option of a caller is spelt so


def base64_of(data: Buffer) -> bytes:
    """Encode; the base64 alphabet needs no escaping in JSON."""
    return binascii.b2a_base64(data, newline=False)


def json_with_audio(fields: Mapping[str, Any], *files: Buffer) -> tuple[bytes, ...]:
    """
    Encode *fields* as JSON with base64 of *files*, in order, wherever AUDIO stands.

    Returns:
        Parts to be sent one after the other: JSON, base64, JSON, ....
    """
    pieces = json.dumps(fields, ensure_ascii=False).split(json.dumps(AUDIO))
    parts = [pieces[0].encode()]
    for file, piece in zip(files, pieces[1:], strict=True):
        parts += [b'"', base64_of(file), b'"' + piece.encode()]
    return tuple(parts)
