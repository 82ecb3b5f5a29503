"""The programs in samples/ run as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent.parent.parent / "samples"


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("quickstart.py", "the weather will be dry and warm today but cold in the evening"),
        ("async_batch.py", "SOURCES.md: failed: "),
        (
            "subtitles.py",
            "00:00:11.940\nolder students can use the\ncomputers on the second floor\n",
        ),
    ],
)
def test_sample_program_runs_as_it_stands(program: str, text: str) -> None:
    """Each starts its own server, prints what its text promises, and ends well."""
    command = [sys.executable, SAMPLES / program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.stderr == ""
    assert text in done.stdout
    assert done.returncode == 0
