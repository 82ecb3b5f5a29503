"""How often the supervisor starts a broken server again, and how it tells that it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from asr_client.embedded.options import SupervisorSettings
from asr_client.embedded.supervisor import may_restart

RUN = '{}; exec "$0" -m asr_client.embedded.supervisor "$1"'
SERVE_ALL = SupervisorSettings(sys.executable).to_json()


def test_restarts_are_given_up_when_they_come_too_often() -> None:
    """Old restarts are forgotten, recent ones count."""
    assert may_restart([], now_s=0.0, most=1)
    assert not may_restart([990.0, 995.0], now_s=1000.0, most=2)
    assert may_restart([100.0, 995.0], now_s=1000.0, most=2)
    assert not may_restart([], now_s=0.0, most=0)


@pytest.mark.skipif(sys.platform != "linux", reason="Triton's wheel is for Linux")
@pytest.mark.parametrize(
    ("before", "settings", "said"),
    [
        # As on a full disk; the second leaves room for the first few files.
        ("ulimit -f 0", SERVE_ALL, "no place for its files: [Errno 2] No usable temporary"),
        ("ulimit -f 1", SERVE_ALL, "no place for its files: [Errno 27] File too large"),
        (":", "{}", "KeyError: 'options'"),
    ],
)
def test_supervisor_fails_in_one_line_when_its_surroundings_do(
    tmp_path: Path, before: str, settings: str, said: str
) -> None:
    """Whatever goes wrong is told as an event, not as a traceback."""
    with subprocess.Popen(
        ["/bin/sh", "-c", RUN.format(before), sys.executable, settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as supervisor:
        assert supervisor.stdout is not None
        last = json.loads(supervisor.stdout.readlines()[-1])
        assert supervisor.wait(timeout=60) == 1
    assert last["kind"] == "failed"
    assert said in last["message"]
    assert "\n" not in last["message"]
    assert not list(tmp_path.glob("*/*"))
