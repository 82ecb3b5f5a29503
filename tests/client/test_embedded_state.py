"""Folders of running servers, and those that a crash left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asr_client.embedded.processes import has_id, server_processes
from asr_client.embedded.state import ID_PREFIX, StateDir, state_root, sweep
from asr_client.errors import EmbeddedError


def test_state_dir_is_gone_after_its_block(tmp_path: Path) -> None:
    """A server that ends in order leaves no folder."""
    with StateDir.create(tmp_path) as state:
        (state.path / "file").touch()
    assert not list(tmp_path.iterdir())


def test_sweep_leaves_a_folder_alone_when_its_supervisor_lives(tmp_path: Path) -> None:
    """Two servers side by side do not clean each other up."""
    with StateDir.create(tmp_path) as state:
        assert sweep(tmp_path) == []
        assert state.path.is_dir()


def test_sweep_removes_a_folder_when_its_lock_is_free(tmp_path: Path) -> None:
    """The kernel drops the lock of a supervisor that was killed."""
    state = StateDir.create(tmp_path)
    os.close(state.lock)
    assert sweep(tmp_path) == [state.server_id]
    assert not list(tmp_path.iterdir())


def test_sweep_leaves_a_folder_alone_when_it_is_in_the_making(tmp_path: Path) -> None:
    """A folder that has no lock yet belongs to a supervisor that starts right now."""
    (tmp_path / f"passing-{ID_PREFIX}1").mkdir()
    assert sweep(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1


def test_sweep_removes_an_unfinished_folder_when_it_is_old(tmp_path: Path) -> None:
    """A supervisor killed between two lines of its start is cleaned up after, too."""
    old = tmp_path / f"passing-{ID_PREFIX}1"
    old.mkdir()
    os.utime(old, (0, 0))
    sweep(tmp_path)
    assert not old.exists()


def test_state_root_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else can plant a folder to be swept."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert state_root().stat().st_mode & 0o777 == 0o700


def test_state_root_is_refused_when_others_may_write_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of that name that somebody else prepared is not trusted."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    state_root().chmod(0o777)
    with pytest.raises(EmbeddedError, match="private"):
        state_root()


def test_process_is_not_ours_when_it_only_mentions_the_id() -> None:
    """Somebody who reads a server's log is not swept away with the server."""
    word = Path("/proc/self/cmdline").read_bytes().split(b"\0")[-2].decode()
    assert not has_id(os.getpid(), word)
    assert os.getpid() not in server_processes(word)
