"""How a start of tritonserver ends, told by programs that stand in for it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from asr_client.embedded.options import EmbeddedOptions, Ports
from asr_client.embedded.requirements import Facts
from asr_client.embedded.state import StateDir
from asr_client.embedded.triton import ServerEndedError, Triton
from asr_client.embedded.triton_log import LoggedError


def start(machine: Facts, folder: Path, script: str) -> None:
    """Start *script* as if it were tritonserver, with more patience than a test has."""
    facts = replace(machine, pytriton_dir=str(folder))
    facts.tritonserver.parent.mkdir(parents=True)
    facts.tritonserver.write_text(f"#!/bin/sh\n{script}\n")
    facts.tritonserver.chmod(0o755)
    with StateDir.create(folder) as state:
        triton = Triton(facts, EmbeddedOptions(start_timeout_s=600), state, time.sleep)
        try:
            triton.start(Ports(1, 2, 3))
        finally:
            triton.kill()


def test_start_is_given_up_when_no_model_process_can_start(machine: Facts, tmp_path: Path) -> None:
    """Triton itself goes on waiting; the user is told why, and not to be more patient."""
    said = "Failed to run python backend stub. Errno = 2"
    with pytest.raises(LoggedError) as caught:
        start(machine, tmp_path, f"echo '{said}'; exec sleep 600")
    assert caught.value.message == (
        "tritonserver cannot start: it cannot start its model processes"
    )
    assert "bash" in caught.value.hint
    assert caught.value.log_lines == (said,)


def test_start_tells_what_the_log_says_when_the_server_ends(machine: Facts, tmp_path: Path) -> None:
    """The reason stands in the sentence where it is known."""
    with pytest.raises(ServerEndedError, match=r"while it started: it may not open enough files"):
        start(machine, tmp_path, "echo 'epoll_create: Too many open files'; exit 1")
