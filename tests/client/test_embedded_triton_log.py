"""What Triton's log tells: each excerpt was printed by a real Triton 2.51."""

from __future__ import annotations

import pickle

import pytest

from asr_client.embedded.triton_log import LoggedError, obstacle, port_was_taken, telling_lines

NO_MODULE = """\
I1123 17:35:12.305991 30995 model_lifecycle.cc:472] "loading: asr_slow:1"
E1123 17:35:12.306101 30995 server.cc:241] "CudaDriverHelper has not been initialized."

At:
  /models/asr_slow/1/model.py(1): <module>
E1123 17:35:12.328990 30995 model_lifecycle.cc:642] "failed to load 'asr_slow'"
+----------------+--------+
| server_version | 2.51.0 |
Error: Failed to initialize NVML
error: creating server: Internal - failed to load all models
15# 0x00007F4762FA742B in /site/nvidia_pytriton.libs/libtritonserver-717102f0.so
"""
PORT_TAKEN = "failed to start GRPC service: Unavailable - Socket '127.0.0.1:95' already in use"
NO_BASH = "Failed to run python backend stub. Errno = 2\nPython backend stub path: backends/python"
NO_FILES = "[warn] epoll_create: Too many open files"
GERMAN_BASH = "bash: Zeile 1: /tmp/triton_python_backend_stub: Keine Berechtigung"
NO_LIBRARY = "stub: error while loading shared libraries: libpython3.12.so.1.0: cannot open"


def test_log_tells_errors_first_and_neither_noise_nor_progress() -> None:
    """Lines that every machine without a GPU prints, tables and reports are left out."""
    assert telling_lines(NO_MODULE) == [
        "E1123 17:35:12.328990 30995 model_lifecycle.cc:642] \"failed to load 'asr_slow'\"",
        "error: creating server: Internal - failed to load all models",
        "At:",
        "/models/asr_slow/1/model.py(1): <module>",
    ]


def test_log_tells_the_last_errors_when_there_are_many() -> None:
    """Errors take the places of other lines, and a repeated one takes one place."""
    assert telling_lines("here\nerror 1\nerror 2\nerror 3\nerror 3\n", limit=2) == [
        "error 2",
        "error 3",
    ]
    assert telling_lines("1\n2\nerror\n", limit=2) == ["error", "2"]


def test_log_tells_without_colours() -> None:
    """They would reach the user's terminal, or a file."""
    assert telling_lines("[\x1b[1;31mERROR\x1b[0;39m] evhtp.c") == ["[ERROR] evhtp.c"]


def test_log_tells_of_progress_when_there_is_nothing_else() -> None:
    """Where time ran out, it shows what took so long."""
    assert telling_lines(NO_MODULE.partition("\n")[0]) == [NO_MODULE.partition("\n")[0]]


@pytest.mark.parametrize(
    ("log", "reason", "advised"),
    [
        (NO_BASH, "cannot start its model processes", "bash on PATH"),
        (GERMAN_BASH, "cannot start its model processes", "environment"),
        (NO_LIBRARY, "lack a shared library", "package manager"),
        (NO_FILES, "may not open enough files", "ulimit -n"),
    ],
)
def test_log_tells_when_waiting_is_in_vain(log: str, reason: str, advised: str) -> None:
    """Triton would wait for ever."""
    told = obstacle(f"I1123 loading\n{log}\n")
    assert told is not None
    assert reason in told.reason
    assert advised in told.hint


@pytest.mark.parametrize(
    "log", ["", NO_MODULE, PORT_TAKEN, "bash: warning: setlocale: cannot change locale (xx_XX)"]
)
def test_log_tells_of_no_obstacle_when_the_start_goes_on_or_ends_itself(log: str) -> None:
    """A complaint is not yet a reason to give up."""
    assert obstacle(log) is None


def test_log_tells_when_a_port_was_taken() -> None:
    """Triton's own words for a lost race, which it uses without file descriptors as well."""
    assert port_was_taken(PORT_TAKEN)
    assert not port_was_taken(f"{PORT_TAKEN}\n{NO_FILES}")
    assert not port_was_taken("error: creating server: Internal - failed to load all models")


def test_logged_error_shows_a_sentence_and_then_the_log() -> None:
    """The advice stands with the sentence, not behind somebody else's last words."""
    error = LoggedError("it failed", hint="try this", log_lines=["E1", "E2"])
    assert str(error) == "it failed (try this)\n    E1\n    E2"
    assert error.message == "it failed"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - made here
