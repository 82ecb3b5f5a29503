"""What the JSON dialects share: audio in a JSON body, and a text somewhere in a JSON reply."""

from __future__ import annotations

import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from asr_client.audio import Waveform, encode_wav
from asr_client.contracts.replies import read_ok
from asr_client.contracts.wire import Buffer, Exchange, Request
from asr_client.errors import ContractError

__all__ = ["AUDIO", "base64_of", "find_text", "json_with_audio", "post_json"]

Value = TypeVar("Value")

AUDIO = "\0audio\0"  # stands for a recording; no language code or option is spelt so

_TEXT_KEYS = ("text", "transcript", "transcription", "TRANSCRIPTS", "source")


def base64_of(data: Buffer) -> bytes:
    """Encode; the base64 alphabet needs no escaping in JSON."""
    return binascii.b2a_base64(data, newline=False)


def json_with_audio(fields: Mapping[str, Any], *files: Buffer) -> tuple[bytes, ...]:
    """
    Encode *fields* as JSON with base64 of *files*, in order, wherever AUDIO stands.

    Put together by hand: json.dumps would scan every byte of the audio.

    Returns:
        Parts to be sent one after the other: JSON, base64, JSON, ....
    """
    pieces = json.dumps(fields, ensure_ascii=False).split(json.dumps(AUDIO))
    parts = [pieces[0].encode()]
    for file, piece in zip(files, pieces[1:], strict=True):
        parts += [b'"', base64_of(file), b'"' + piece.encode()]
    return tuple(parts)


def post_json(
    path: str,
    fields: Mapping[str, Any],
    waves: tuple[Waveform, ...],
    read: Callable[[Any], Value],
) -> Exchange[Value]:
    """
    Encode a POST of JSON with recordings in it, as base64 of 16-bit WAV files.

    Args:
        path: Where to.
        fields: The body; AUDIO stands in it where each recording goes.
        waves: The recordings, in that order.
        read: Reads the parsed JSON of a successful reply.
    """
    body = json_with_audio(fields, *(encode_wav(wave) for wave in waves))
    request = Request("POST", path, (("Content-Type", "application/json"),), body)
    own_values = [value for value in fields.values() if isinstance(value, str)]
    return Exchange(request, lambda reply: read(read_ok(reply, "the reply", own_values)))


def find_text(fields: Any, key: str = "") -> str:
    """
    Find the text in a JSON reply of unknown shape; an empty text is a text.

    Args:
        fields: The parsed reply.
        key: Where the text should be; the usual names are tried after it.

    Raises:
        ContractError: If there is no text, naming the keys that were there.

    Source: docs/servers.md 5.
    """
    try:
        text = _text_in(fields, (key, *_TEXT_KEYS) if key else _TEXT_KEYS)
    except RecursionError as error:
        raise ContractError("the reply is nested too deeply to be a transcript") from error
    if text is None:
        found = ", ".join(map(str, fields)) if isinstance(fields, dict) else type(fields).__name__
        raise ContractError(f"the reply holds no transcript; it has: {found or 'nothing'}")
    return text.strip()


def _text_in(fields: Any, keys: tuple[str, ...]) -> str | None:
    if isinstance(fields, str):
        return fields
    if isinstance(fields, list):
        return _text_of_list(fields, keys)
    if isinstance(fields, dict):
        return _text_of_object(fields, keys)
    return None


def _text_of_list(fields: list[Any], keys: tuple[str, ...]) -> str | None:
    if fields and all(isinstance(piece, str) for piece in fields):
        return " ".join(fields)
    # Several answers to one question: none of them can be told to be ours.
    return _text_in(fields[0], keys) if len(fields) == 1 else None


def _text_of_object(fields: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        if isinstance(fields.get(key), str | list):
            return _text_in(fields[key], keys)
    if isinstance(fields.get("outputs"), list):
        return _text_of_tensors(fields["outputs"], keys)
    held = (fields[holder] for holder in ("output", "data") if holder in fields)
    return next((_text_in(each, keys) for each in held if not isinstance(each, str)), None)


def _text_of_tensors(tensors: list[Any], keys: tuple[str, ...]) -> str | None:
    """Read KServe's JSON form: the tensor with a text's name, or else the only one."""
    known = [tensor for tensor in tensors if isinstance(tensor, dict)]
    named = [tensor for tensor in known if tensor.get("name") in keys] or known
    return _text_in(named[0].get("data"), keys) if len(named) == 1 else None
