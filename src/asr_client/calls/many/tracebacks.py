"""Errors that are kept for long, without what they were in the midst of."""

from __future__ import annotations

from traceback import clear_frames

__all__ = ["forget_variables"]


def forget_variables(error: BaseException) -> None:
    """
    Let an error forget the variables of the functions that it came through.

    Among them are samples and requests, several MiB: ten hours through a server that fails would
    keep all of it in memory. The lines that it came through can be told all the same.
    """
    known: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is not None and id(each) not in known:
            known.add(id(each))
            clear_frames(each.__traceback__)
            left += each.__cause__, each.__context__
