"""
A refusal as the judges see it: the same over HTTP and gRPC, so that both come to the same verdict.

A judge knows sentences first, because they are certain, and statuses second.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asr_client.faults import Fault, Origin

__all__ = [
    "Answer",
    "Reach",
    "Sentences",
    "compile_sentences",
    "find_sentence",
    "is_out_of_quota",
    "reach_of",
]

# How far the request got beyond Kong, as Kong tells it: it answered alone, it tried its upstream,
# or it does not say.
Reach = Literal["nobody", "upstream", "unknown"]

# Whoever has something certain to say begins with it; megabytes take their time to be searched.
_SEARCHED_CHARS = 10_000

Sentences = tuple[tuple[re.Pattern[str], Fault], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One refusal.

    Attributes:
        origin: Who wrote it.
        status: HTTP status; over gRPC the one that stands for the code.
        text: The sentence that it says.
        word: A machine-readable code beside the sentence, if any.
        reach: How far the request got beyond Kong.
        is_out_of_quota: The headers say that the caller's share is used up.
        asks_to_wait: There is a Retry-After.
        own_values: What the request itself said and a server may quote, such as its language.
    """

    origin: Origin
    status: int
    text: str = ""
    word: str = ""
    reach: Reach = "unknown"
    is_out_of_quota: bool = False
    asks_to_wait: bool = False
    own_values: Collection[str] = ()


def compile_sentences(*pairs: tuple[str, Fault]) -> Sentences:
    """Compile patterns, each with the verdict of the sentences that it finds; case is ignored."""
    return tuple((re.compile(pattern, re.IGNORECASE), fault) for pattern, fault in pairs)


def find_sentence(sentences: Sentences, text: str) -> Fault | None:
    """Give the verdict of the first sentence that *text* contains."""
    return next(
        (fault for pattern, fault in sentences if pattern.search(text, 0, _SEARCHED_CHARS)), None
    )


def reach_of(headers: Mapping[str, str]) -> Reach:
    """Read how far Kong passed the request on (docs/servers.md 6)."""
    if "x-kong-response-latency" in headers:
        return "nobody"
    return "upstream" if "x-kong-upstream-latency" in headers else "unknown"


def is_out_of_quota(headers: Mapping[str, str]) -> bool:
    """Tell a limiter that was set up to answer something else than 429, as Kong's can be."""
    return "retry-after" in headers and "0" in _remaining(headers)


def _remaining(headers: Mapping[str, str]) -> Iterable[str]:
    return (value for name, value in headers.items() if "ratelimit-remaining" in name)
