"""Options that take several of some names, such as --format html,json."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

__all__ = ["some_of"]


def some_of(known: Sequence[str], called: str) -> Callable[[str], tuple[str, ...]]:
    """
    Give what argparse takes for a type: names by commas or spaces, each of them *known*.

    Args:
        known: What may be named.
        called: What they are together, in the plural, for messages.
    """

    def read(words: str) -> tuple[str, ...]:
        names = tuple(words.replace(",", " ").split())
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            named = f"{unknown[0]!r} is none" if unknown else "none is given"
            raise argparse.ArgumentTypeError(f"{named}; {called} are {', '.join(known)}")
        return names

    return read
