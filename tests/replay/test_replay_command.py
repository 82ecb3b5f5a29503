"""asr-loadtest replay as a command: what it says, how it ends, and what it refuses."""

from __future__ import annotations

import gzip
import http.client
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
RAW = DATA / "kube-api" / "step-up-hard.jsonl.gz"
TRACE = DATA / "hpa-traces" / "spike-25s.json.gz"
COMMAND = [sys.executable, "-m", "asr_loadtest.cli.commands", "replay"]


def refused(*arguments: object) -> str:
    """Run it with what cannot work; gives its only line."""
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    return line


def test_command_plays_a_recording_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """It says where it listens and what to try; SIGTERM ends it with 0."""
    kubeconfig = tmp_path / "kubeconfig"
    command = [*COMMAND, str(RAW), "--speed", "1", "--kubeconfig", str(kubeconfig)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = [process.stderr.readline() for _ in range(9)]
        said = "".join(lines)
        address = re.search(r"http://(127\.0\.0\.1:\d+) stands in", said)
        assert address
        connection = http.client.HTTPConnection(address[1], timeout=20)
        connection.request("GET", "/version")
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(signal.SIGTERM)
        said += process.stderr.read()
        assert process.wait(timeout=20) == 0
    assert "step-up-hard" in said
    assert f"--asr-kubeconfig {kubeconfig} --asr-hpa triton-multilingual-asr-hpa" in said
    assert "1 requests answered" in said
    token = re.search(r'"token": "(\w+)"', kubeconfig.read_text())
    assert token
    assert token[1] not in said


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no recording"),
        (b"{}", "is no recording"),
        (b'{"syncs": []}', "is no recording"),
        (b'{"t": 0, "kind": "list", "path": "/api"}', "is no recording"),
        (b"\x1f\x8b\x08\x00", "cannot read"),
        (gzip.compress(b"{}" * 99, mtime=0)[:15], "cannot read"),
        (b"\xff\xfe", "cannot read"),
    ],
    ids=["empty", "bare", "no syncs", "no namespace", "header", "cut", "no text"],
)
def test_what_is_no_recording_is_refused_in_a_line(
    tmp_path: Path, content: bytes, words: str
) -> None:
    """Nothing that a file may hold shows a traceback."""
    path = tmp_path / "recording"
    path.write_bytes(content)
    line = refused(path)
    assert line.startswith("asr-loadtest replay: error: ")
    assert words in line
    assert str(path) in line


def test_arguments_that_cannot_work_are_refused_in_a_line(tmp_path: Path) -> None:
    """A missing file, an unknown fault, a senseless speed, a kubeconfig of somebody's own."""
    assert "No such file" in refused(tmp_path / "nothing")
    assert "no such fault: 'explode@3'" in refused(TRACE, "--fault", "explode@3")
    assert "a speed of -3" in refused(TRACE, "--speed=-3")
    own = tmp_path / "config"
    own.write_text("apiVersion: v1\n")
    assert "another kubeconfig" in refused(TRACE, "--kubeconfig", own)
