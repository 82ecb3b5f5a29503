"""Why a request to the Kubernetes API came to nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["TroubleError", "refusal", "words_of_status"]

_LONGEST_WORDS = 200
# No clock can be set to what a header may hold.
_LONGEST_WAIT_S = 3600.0


class TroubleError(Exception):
    """
    No usable answer.

    Attributes:
        words: What happened, on one line; holds no credentials.
        status: HTTP's, or the code of a watch's ERROR; 401 also if we have nothing to show; None if
            nobody answered.
        retry_after_s: How long the server wants to be left alone; 0 if it does not say.
    """

    def __init__(self, words: str, status: int | None = None, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.retry_after_s = retry_after_s


def refusal(status: int, body: bytes, retry_after: str | None) -> TroubleError:
    """Read an answer that is no success: a Status, or plain text from whoever stands before."""
    try:
        told = json.loads(body)
    except ValueError:
        told = body.decode("utf-8", "replace")
    said = words_of_status(told) if isinstance(told, Mapping) else str(told)
    # A date, which HTTP allows as well, is never sent by an API server.
    wait_s = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    wait_s = min(wait_s, _LONGEST_WAIT_S)
    return TroubleError(_one_line(f"HTTP {status}: {said}"), status, wait_s)


def words_of_status(status: Mapping[str, Any]) -> str:
    """Give what a Status object says, on one line."""
    return _one_line(str(status.get("message") or status.get("reason") or "no reason given"))


def _one_line(text: str) -> str:
    """Keep it short, and from steering a terminal: a gateway before a cluster may say anything."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(shown.split())[:_LONGEST_WORDS]
