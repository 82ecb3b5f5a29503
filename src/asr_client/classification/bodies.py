"""
The body of a refusal: the sentence in it, and whose handwriting it is.

Triton writes {"error": "..."}, Kong {"message": "..."}, FastAPI {"detail": ...}, other proxies
HTML. Contents decide, never labels: Triton calls its JSON text/plain (docs/servers.md 1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

from asr_client.classification.wording import first_id, plain_line

__all__ = ["Body", "Hand", "holds_only_an_error", "in_band_error", "read_body"]

Hand = Literal["triton", "kong", "adapter", "markup", "json", "plain", "nothing"]

_KONGS_KEYS = frozenset({"message", "request_id"})
# How Kong signs its answers in plain text and in HTML.
_KONGS_PLAIN_ID = re.compile(r"\s*request_id: (\S+)\s*$")
_KONGS_PAGE = re.compile(r"<h1>Kong Error</h1>|<p>request_id: (\S+)</p>")
_EVENT = "data:"
# The one place in an HTML page that says what happened; without one, all of its text.
_SPEAKING = re.compile(r"<(p|title|message)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# What is searched of a page, and of the end of a text: patterns over megabytes take their time.
_PAGE_CHARS = 4_000
_SIGNATURE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Body:
    """
    What an error body says.

    Attributes:
        hand: Whose way of writing errors this is.
        text: The sentence, as it came.
        word: A machine-readable code beside it, such as "DHRUVA-116"; empty without one.
        request_id: The id that the body names; empty without one.
    """

    hand: Hand
    text: str
    word: str = ""
    request_id: str = ""

    @property
    def line(self) -> str:
        """The sentence, fit to be shown."""
        return plain_line(self.text)


def read_body(text: str) -> Body:
    """Find the sentence in an error body, however it is wrapped."""
    stripped = text.strip()
    if not stripped:
        return Body("nothing", "")
    if stripped.startswith("<"):
        return _from_markup(stripped[:_PAGE_CHARS])
    event = next(_events(stripped), None)
    fields = _json(stripped) if event is None else event
    if isinstance(fields, dict):
        return _from_fields(fields, stripped)
    return _from_plain(fields if isinstance(fields, str) else stripped)


def in_band_error(text: str) -> str | None:
    """Find the error that a success carries: in an event of a stream, or as all that it says."""
    stripped = text.strip()
    for fields in (*_events(stripped), _json(stripped) if stripped[:1] == "{" else None):
        if holds_only_an_error(fields):
            return str(fields["error"])
    return None


def holds_only_an_error(fields: Any) -> bool:
    """Whether parsed JSON says nothing but what went wrong."""
    return isinstance(fields, dict) and fields.keys() == {"error"} and bool(fields["error"])


def _events(text: str) -> Iterator[Any]:
    if text.startswith(_EVENT):
        lines = (line for line in text.splitlines() if line.startswith(_EVENT))
        yield from (_json(line.removeprefix(_EVENT)) for line in lines)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_fields(fields: Mapping[str, Any], whole: str) -> Body:
    request_id = first_id(fields.get("request_id"))
    error, message = fields.get("error"), fields.get("message")
    if isinstance(error, str):
        return Body("triton", error, request_id=request_id)
    if isinstance(error, dict):
        return Body("json", _sentence(error) or whole, request_id=request_id)
    if "detail" in fields:
        return _from_detail(fields["detail"], request_id)
    if isinstance(message, str):
        is_kongs = fields.keys() <= _KONGS_KEYS
        return Body("kong" if is_kongs else "json", message, request_id=request_id)
    return Body("json", whole, request_id=request_id)


def _from_detail(detail: Any, request_id: str) -> Body:
    """Read FastAPI's detail: a sentence, an object with a code, or a list of what is invalid."""
    if isinstance(detail, dict):
        word = detail.get("kind") or detail.get("code")
        shown = word if isinstance(word, str) else ""
        return Body("adapter", _sentence(detail), shown, request_id)
    if isinstance(detail, list):
        return Body("adapter", "; ".join(map(_complaint, detail)), request_id=request_id)
    return Body("adapter", str(detail), request_id=request_id)


def _sentence(fields: Mapping[str, Any]) -> str:
    message = fields.get("message")
    return message if isinstance(message, str) else ""


def _complaint(item: Any) -> str:
    """Name the field and what is wrong with it, never its value: that may be the audio."""
    if not isinstance(item, dict):
        return str(item)
    place = item.get("loc")
    path = ".".join(map(str, place)) if isinstance(place, list) else ""
    return f"{path}: {item.get('msg', '')}".removeprefix(": ")


def _from_plain(text: str) -> Body:
    signed = _KONGS_PLAIN_ID.search(text[-_SIGNATURE_CHARS:])
    if signed is None:
        return Body("plain", text)
    return Body("kong", text.removesuffix(signed[0]), request_id=first_id(signed[1]))


def _from_markup(page: str) -> Body:
    found = {match[1].lower(): match[2] for match in reversed(list(_SPEAKING.finditer(page)))}
    best = found.get("p") or found.get("message") or found.get("title") or page
    sentence = unescape(_TAG.sub(" ", best)).strip()
    signed = _KONGS_PAGE.search(page)
    if signed is None:
        return Body("markup", sentence)
    return Body("kong", sentence.removesuffix("."), request_id=first_id(signed[1]))
