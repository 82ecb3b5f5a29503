"""What is marked `alone` has nothing beside it, however many processes share the run."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

SUPPORT = Path(__file__).parent / "support"
PATIENCE_S = 60.0

# Each begins and ends with a line in one and the same file.
TESTS = """
import time
from pathlib import Path
import pytest

def stay(name):
    with Path("told").open("a", buffering=1) as told:
        told.write(f"{name} begins\\n")
        time.sleep(0.02)
        told.write(f"{name} ends\\n")

@pytest.mark.parametrize("number", range(10))
def test_beside(number): stay(f"{__name__} {number}")

@pytest.mark.alone
@pytest.mark.parametrize("number", range(3))
def test_alone(number): stay(f"{__name__} {number} alone")

@pytest.mark.parametrize("number", range(10))
def test_beside_again(number): stay(f"{__name__} {number} again")
"""


def test_nothing_runs_beside_what_is_alone(tmp_path: Path) -> None:
    """Others run side by side; a test that is alone ends before any other one begins."""
    for name in ("a", "b"):
        (tmp_path / f"test_{name}.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\npythonpath = {SUPPORT}\naddopts = --strict-markers\n"
    )
    (tmp_path / "conftest.py").write_text("pytest_plugins = ['alone']\n")
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-n", "2", "--dist", "loadfile"]
    done = subprocess.run(
        [*command, f"--basetemp={tmp_path / 'temporary'}", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # a matter of seconds
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert "46 passed" in done.stdout, done.stdout + done.stderr
    told = (tmp_path / "told").read_text().splitlines()
    begun = [place for place, line in enumerate(told) if line.endswith("alone begins")]
    assert len(begun) == 6
    assert [told[place + 1] for place in begun] == [
        told[place].replace("begins", "ends") for place in begun
    ]
    assert any(a.endswith("begins") and b.endswith("begins") for a, b in pairwise(told))
