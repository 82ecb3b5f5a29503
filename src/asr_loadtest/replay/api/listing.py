"""
Lists of objects, whole or page by page, as an API server gives them. Pure.

A continue token names the version of the first page and the last name on it, so that all pages show
one state; it is written as Kubernetes writes it. Items have no kind and apiVersion.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asr_loadtest.replay.resources import Resource

__all__ = ["Page", "PageToken", "as_list", "page_of"]

Thing = Mapping[str, Any]

# In a token: go on with the state as it is now, which the first page did not show.
_INCONSISTENT = -1


@dataclass(frozen=True, slots=True)
class PageToken:
    """
    Where the next page of a list begins.

    Attributes:
        version: Of the list; below 0 for that of the moment.
        after: The last name of the page before.
    """

    version: int
    after: str

    def __str__(self) -> str:
        start = f"{self.after}\x00"
        text = json.dumps(
            {"v": "meta.k8s.io/v1", "rv": self.version, "start": start}, separators=(",", ":")
        )
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> PageToken:
        """
        Read a token.

        Raises:
            ValueError: If it is none.
        """
        try:
            fields = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            return cls(int(fields["rv"]), str(fields["start"]).rstrip("\x00"))
        except (binascii.Error, KeyError, TypeError, UnicodeDecodeError) as error:
            raise ValueError("continue key is not valid") from error

    def inconsistent(self) -> PageToken:
        """The token for the rest of a list whose version is forgotten."""
        return PageToken(_INCONSISTENT, self.after)


@dataclass(frozen=True, slots=True)
class Page:
    """What a list shows, and how many items are left for the next page."""

    items: Sequence[Thing]
    remaining: int = 0


def page_of(things: Sequence[Thing], limit: int, after: str = "") -> Page:
    """Cut the page with the names behind *after*; a limit of 0 means all."""
    left = [each for each in things if each["metadata"]["name"] > after]
    shown = left[:limit] if limit else left
    return Page(shown, len(left) - len(shown))


def as_list(resource: Resource, page: Page, version: int) -> dict[str, Any]:
    """Make the List object of *page*, of the store at *version*."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if page.remaining:
        metadata["continue"] = str(PageToken(version, page.items[-1]["metadata"]["name"]))
        metadata["remainingItemCount"] = page.remaining
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
        "items": [_bare(each) for each in page.items],
    }


def _bare(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if key not in ("kind", "apiVersion")}
