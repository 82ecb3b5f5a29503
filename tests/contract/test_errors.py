"""The error tree: every class survives pickling and copying with all that it knows."""

from __future__ import annotations

import copy
import pickle
from typing import get_args

import pytest

from asr_client import errors
from asr_client.classification.error_of import answer_class, failure_class
from asr_client.errors import ASRError, ContractError, ServerError, TransportError
from asr_client.faults import Code, Fault

CLASSES = [getattr(errors, name) for name in errors.__all__]
SERVER_CLASSES = [kind for kind in CLASSES if issubclass(kind, ServerError)]
OTHER_CLASSES = [kind for kind in CLASSES if not issubclass(kind, ServerError)]

FACTS = {
    "status": 429,
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
    """Status, delay and request id come along."""
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
        error.retry_after_s,
        error.request_id,
    ) == (0, None, "")


FAULT = Fault("gateway_timeout", origin="kong", executed="maybe", retryable="once")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", CLASSES)
def test_error_keeps_its_fault_when_copied_or_pickled(kind, way) -> None:
    """What was concluded of this very failure comes along, and each part of it has a name."""
    error = WAYS[way](kind("no", fault=FAULT))
    assert error.fault == FAULT
    assert (error.code, error.origin) == ("gateway_timeout", "kong")
    assert (error.executed, error.retryable) == ("maybe", "once")


@pytest.mark.parametrize("kind", CLASSES)
def test_error_has_a_fault_when_nothing_more_precise_is_known(kind) -> None:
    """Every class stands for a fault of its own; what we refuse ourselves, nobody executed."""
    error = kind("no")
    assert error.fault is kind.fault
    assert error.attempts == ()
    if not issubclass(kind, TransportError | ServerError | ContractError):
        assert (error.origin, error.executed, error.retryable) == ("client", "no", "no")


def test_error_codes_differ_when_classes_do() -> None:
    """The machine-readable name tells every kind of answer from the others."""
    answers = [kind for kind in SERVER_CLASSES if kind is not ServerError]
    assert len({kind.fault.code for kind in answers}) == len(answers)


@pytest.mark.parametrize("code", get_args(Code))
def test_error_class_is_known_when_a_fault_is(code) -> None:
    """Whatever is concluded has a class, for an answer as for a broken connection."""
    fault = Fault(code, origin="triton", executed="no", retryable="no")
    assert issubclass(answer_class(fault), ServerError)
    assert issubclass(failure_class(fault), ASRError)
    assert not issubclass(failure_class(fault), ServerError)


@pytest.mark.parametrize("kind", CLASSES)
def test_error_is_caught_by_the_base_when_of_any_kind(kind) -> None:
    """One except clause is enough for all of them."""
    assert issubclass(kind, ASRError)


@pytest.mark.parametrize("kind", CLASSES)
def test_error_stands_in_the_drawing_when_it_exists(kind) -> None:
    """The tree on top of the module shows every class."""
    assert f"{kind.__name__} " in f"{errors.__doc__} ".replace("\n", " ")
