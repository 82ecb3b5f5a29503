"""The error tree: every class survives pickling and copying with all that it knows."""

from __future__ import annotations

import copy
import pickle

import pytest

from asr_client import errors
from asr_client.errors import ASRError, ServerError

CLASSES = [getattr(errors, name) for name in errors.__all__]
SERVER_CLASSES = [kind for kind in CLASSES if issubclass(kind, ServerError)]
OTHER_CLASSES = [kind for kind in CLASSES if not issubclass(kind, ServerError)]

FACTS = {
    "status": 429,
    "answered_by": "kong",
    "retry_after_s": 24.0,
    "request_id": "faf69f076c35b90b",
}
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {number}": lambda error, number=number: pickle.loads(  # noqa: S301 - our own bytes
            pickle.dumps(error, protocol=number)
        )
        for number in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", OTHER_CLASSES)
def test_error_keeps_message_and_hint_when_copied_or_pickled(kind, way) -> None:
    """What crosses a process boundary is the same error."""
    error = WAYS[way](kind("what happened: नमस्ते", hint="what to do"))
    assert kind is type(error)
    assert (error.message, error.hint) == ("what happened: नमस्ते", "what to do")
    assert error.args == ("what happened: नमस्ते",)
    assert str(error) == "what happened: नमस्ते (what to do)"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SERVER_CLASSES)
def test_server_error_keeps_its_facts_when_copied_or_pickled(kind, way) -> None:
    """Status, origin, delay and request id come along."""
    original = kind("no", hint="wait", **FACTS)
    error = WAYS[way](original)
    assert kind is type(error)
    assert vars(original) == vars(error)
    assert vars(error) == {"message": "no", "hint": "wait", **FACTS}


@pytest.mark.parametrize("way", WAYS)
def test_error_keeps_notes_when_copied_or_pickled(way) -> None:
    """Notes that a caller added are part of the error."""
    error = ServerError("no")
    error.add_note("while reading a.wav")
    assert WAYS[way](error).__notes__ == ["while reading a.wav"]


@pytest.mark.parametrize("kind", CLASSES)
def test_error_needs_only_a_message_when_there_is_nothing_to_advise(kind) -> None:
    """Without a hint the text is the message alone."""
    error = kind("what happened")
    assert (error.hint, str(error)) == ("", "what happened")


@pytest.mark.parametrize("kind", SERVER_CLASSES)
def test_server_error_says_unknown_when_the_reply_told_nothing(kind) -> None:
    """Facts that no reply gave have plain defaults."""
    error = kind("no")
    assert (
        error.status,
        error.answered_by,
        error.retry_after_s,
        error.request_id,
    ) == (0, "unknown", None, "")


def test_error_codes_differ_when_classes_do() -> None:
    """The machine-readable name tells every class from the others."""
    assert len({kind.code for kind in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("kind", CLASSES)
def test_error_is_caught_by_the_base_when_of_any_kind(kind) -> None:
    """One except clause is enough for all of them."""
    assert issubclass(kind, ASRError)


@pytest.mark.parametrize("kind", CLASSES)
def test_error_stands_in_the_drawing_when_it_exists(kind) -> None:
    """The tree on top of the module shows every class."""
    assert f"{kind.__name__} " in f"{errors.__doc__} ".replace("\n", " ")
