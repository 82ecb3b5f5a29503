"""ASR_LOG and -v: what the commands tell of their requests, on stderr and without keys."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from asr_client.cli.explain import explain_timing
from asr_client.results import Timing
from canaries import new_key

Answer = tuple[int, Mapping[str, str], bytes]
COMMAND = [sys.executable, "-m", "asr_client.cli.transcribe"]
KEY = new_key()
GOOD: Answer = (
    200,
    {"X-Kong-Proxy-Latency": "3", "X-Kong-Upstream-Latency": "41"},
    b'{"transcript": "namaste"}',
)
HOSTILE: Answer = (400, {}, json.dumps({"error": f"apikey: {KEY} \x1b[2J is wrong"}).encode())


@pytest.fixture
def run(
    scripted_http: Callable[[Mapping[str, Answer]], str], weather: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Transcribe one recording through a gateway that answers as told."""

    def run(
        *arguments: str, answer: Answer = GOOD, stderr: int = subprocess.PIPE, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        url = f"{scripted_http({'POST /api/v1/asr/infer': answer})}/api/v1/asr/infer"
        return subprocess.run(
            [*COMMAND, "--url", url, *arguments, str(weather)],
            env={**os.environ, "ASR_API_KEY": KEY, **variables},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def test_debug_shows_each_attempt_in_one_line(run: Callable) -> None:
    """Time, level, path, outcome, times, request id and the key's fingerprint; the text apart."""
    done = run(ASR_LOG="debug")
    assert (done.stdout, done.returncode) == ("namaste\n", 0)
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} DEBUG /api/v1/asr/infer try 1: 200, ok in "
        r"\d+\.\d{3} s \(waited .* gateway 0\.003, upstream 0\.041\), "
        r"request [0-9a-f]{32}, key [0-9a-f]{8}",
        line,
    )
    assert KEY not in line


@pytest.mark.parametrize("level", [None, "", "warning", "INFO"])
def test_quiet_levels_show_no_attempt(run: Callable, level: str | None) -> None:
    """Without the variable, or above debug, a call that goes well is not worth a word."""
    done = run(**({} if level is None else {"ASR_LOG": level}))
    assert (done.stdout, done.stderr, done.returncode) == ("namaste\n", "", 0)


def test_unknown_level_is_a_usage_error(run: Callable) -> None:
    """Any other value is named, with those that there are."""
    done = run(ASR_LOG="verbose")
    assert done.stderr == (
        "asr-transcribe: error: ASR_LOG is 'verbose' (it takes debug, info, warning)\n"
    )
    assert (done.stdout, done.returncode) == ("", 2)


def test_log_takes_the_progress_line_away(run: Callable) -> None:
    """On a terminal each log line stands alone, whatever stood there before."""
    ours, theirs = pty.openpty()
    try:
        done = run(ASR_LOG="debug", TERM="xterm", stderr=theirs)
        shown = os.read(ours, 65_536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout == "namaste\n"
    assert "\r\x1b[K/" in shown
    before, _, line = shown.partition(" DEBUG ")
    assert re.search(r"\r\x1b\[K[\d :,-]+$", before)
    assert line.partition("\r\n")[0].startswith("/api/v1/asr/infer try 1")


def test_verbose_shows_the_anatomy_in_one_line(run: Callable) -> None:
    """-v tells where the time went, by name; Kong's own figures included."""
    done = run("-v")
    (line,) = [line for line in done.stderr.splitlines() if "RTFx" in line]
    assert re.search(r"s of audio in \d+\.\d{3} s \(RTFx \d+\.\d\): .*gateway 0\.003", line)
    assert "upstream 0.041" in line
    assert re.search(r"; request [0-9a-f]{32}$", line)


def test_json_holds_timing_and_attempts(run: Callable) -> None:
    """Every number of the anatomy, and every try with its phases; None where nobody tells."""
    fields = json.loads(run("-f", "json").stdout)
    assert fields["timing"]["gateway_s"] == 0.003
    assert fields["timing"].keys() >= {"decode_s", "wait_s", "connect_s", "server_s", "parse_s"}
    (attempt,) = fields["attempts"]
    assert (attempt["number"], attempt["status"], attempt["fault"]) == (1, 200, None)
    assert attempt["request_id"] == fields["request_id"]
    assert attempt["phases"].keys() == {"connect_s", "send_s", "server_s", "receive_s"}
    assert KEY not in json.dumps(fields)


def test_hostile_answer_shows_neither_key_nor_escape(run: Callable) -> None:
    """A server's text may hold anything: the log has no key of ours and steers no terminal."""
    done = run(answer=HOSTILE, ASR_LOG="debug")
    assert done.returncode == 1
    log = [line for line in done.stderr.splitlines() if " DEBUG " in line]
    assert log
    assert KEY not in "".join(log)
    assert "\x1b" not in done.stderr


def test_timing_leaves_out_what_took_no_time() -> None:
    """Only what is known and shows at a millisecond; all phases together where none is told."""
    timing = Timing(prepare_s=0.02, exchange_s=0.5, total_s=0.6, decode_s=0.0125, wait_s=0.1)
    assert explain_timing(timing) == "decode 0.013, wait 0.100, exchange 0.500"
