"""HTTP requests read as an API server reads them: which verb, on which objects. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from asr_loadtest.replay.paths import Target, target_of

__all__ = ["Question", "read_question"]

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_TRUE = ("1", "true", "True", "")


@dataclass(frozen=True, slots=True)
class Question:
    """
    One request.

    Attributes:
        method: HTTP's.
        path: Without the query.
        query: Its parameters.
        token: The bearer token sent along; None if there was none.
        body: What was sent.
        accept: Which sorts of answer the client takes.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    body: bytes = b""
    accept: str = ""

    @property
    def target(self) -> Target | None:
        """What is asked about; None where the path is no resource's."""
        return target_of(self.path)

    @property
    def verb(self) -> str:
        """As roles name it; that of HTTP, in small letters, where the path is no resource's."""
        target = self.target
        if target is None:
            return self.method.lower()
        if self.method in _VERBS:
            return _VERBS[self.method]
        if self.method == "DELETE":
            return "delete" if target.name else "deletecollection"
        if target.name:
            return "get"
        return "watch" if self.query.get("watch", "false") in _TRUE else "list"


def read_question(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Question:
    """Read a request; of its headers, by names in title case, Authorization and Accept."""
    parts = urlsplit(url)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return Question(
        method,
        parts.path,
        dict(parse_qsl(parts.query, keep_blank_values=True)),
        token.strip() if scheme.lower() == "bearer" else None,
        body,
        headers.get("Accept", ""),
    )
