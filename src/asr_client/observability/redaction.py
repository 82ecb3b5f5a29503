"""Texts without the keys in them: those that are known, and whatever stands where a key stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

__all__ = ["HIDDEN", "Redaction"]

HIDDEN = "***"

# Ends of names whose value is a secret: X-API-Key, ASR_API_KEY, apikey, Proxy-Authorization.
_NAMES = ("api[-_]?key", "access[-_]?token", "client[-_]?secret", "set-cookie", "cookie")
_AUTHORIZATION = "authorization"

# How name and value are parted in headers and queries, in JSON, and in reprs of dicts and pairs:
#     X-API-Key: v    apikey=v    "api_key": "v"    ('X-API-Key', 'v')    (b'x-api-key', b'v')
_PARTED = r"""(?: \\?["'] \s* [:=,] | [:=] ) \s* """
# A value whose quote never closes was cut off: all that is left belongs to it.
_QUOTED = r"""b? \\? (?P<quote>["']) .*? (?: (?<!\\) (?:\\\\)* (?P=quote) | \Z )"""

# user:password@ of a URL, up to the last @ before the path: a password may hold one.
_CREDENTIALS = re.compile(r"(?<=://)[^\s/]*@")


class Redaction:
    """
    Takes secrets out of texts.

    An unquoted value ends at a blank or an "&", so a key that holds one is only taken out whole
    where it is among *secrets*.

    Args:
        secrets: What must not be seen, wherever it stands; its usual spellings in code, JSON and
            URLs are taken out, too.
        headers: Names of further headers that carry a secret.
    """

    def __init__(self, secrets: Iterable[str] = (), headers: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings - {""}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._values = _value_pattern(
            [*_NAMES, *(rf"(?<![\w-]) {re.escape(name)}" for name in headers)]
        )

    def __call__(self, text: str) -> str:
        """Give the text with *** in the place of each secret."""
        text = self._secrets.sub(HIDDEN, text)
        text = _CREDENTIALS.sub(f"{HIDDEN}@", text)
        return self._values.sub(rf"\g<name>{HIDDEN}", text)


def _spellings(secret: str) -> Iterator[str]:
    """As it is, as Python and JSON write it between quotes, and as URLs do."""
    yield secret
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield quote(secret, safe="")


def _value_pattern(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(
        rf"""
        (?P<name> (?: (?P<all>{_AUTHORIZATION}) | {"|".join(names)} ) {_PARTED} )
        (?: {_QUOTED}
          # A scheme and its parameters have blanks between them: all of the line.
          | (?(all) [^\r\n]* | [^\s&]+ ) )
        """,
        re.IGNORECASE | re.VERBOSE | re.DOTALL,
    )
