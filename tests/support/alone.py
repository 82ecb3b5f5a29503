"""
A pytest plugin for tests that measure time, or need every core: nothing runs beside them.

Where a run is shared between several processes (`pytest -n 3`), a test marked `alone` waits until
the others have ended theirs, and they wait for it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from pathlib import Path

import pytest

__all__ = ["Turns"]


class Turns:
    """
    Who may run: one test alone, or any number of others side by side.

    Args:
        folder: Where the processes of this run meet.
    """

    def __init__(self, folder: Path) -> None:
        self._door = (folder / "door.lock").open("w")
        self._room = (folder / "room.lock").open("w")
        self._is_alone = False

    def enter(self, alone: bool) -> None:
        """Wait for a turn; whoever waits keeps the door, so that nobody is waited for in vain."""
        if not self._is_alone:
            fcntl.flock(self._door, fcntl.LOCK_EX)
            fcntl.flock(self._room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            fcntl.flock(self._door, fcntl.LOCK_UN)
        self._is_alone = alone

    def leave(self, alone_next: bool) -> None:
        """End a turn, unless two of a kind that is alone follow each other."""
        if not (self._is_alone and alone_next):
            fcntl.flock(self._room, fcntl.LOCK_UN)
            self._is_alone = False


_turns = pytest.StashKey[Turns]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the mark, and where the other processes are met if there are any."""
    config.addinivalue_line("markers", "alone: nothing else runs beside this test")
    if hasattr(config, "workerinput"):
        folder = Path(config.getoption("basetemp")).parent
        config.stash[_turns] = Turns(folder)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: waiting is not the test's own time
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Run a test when it is its turn."""
    turns = item.config.stash.get(_turns, None)
    if turns is None:
        return (yield)
    turns.enter(_is_alone(item))
    try:
        return (yield)
    finally:
        turns.leave(nextitem is not None and _is_alone(nextitem))


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None
