"""The doctor's report: lines for people, one object for machines."""

from __future__ import annotations

import json

from asr_client.doctor import Report
from asr_client.doctor.findings import Finding
from asr_client.doctor.rendering import as_json, as_text

GOOD = Finding("passed", "Kong 3.9.1", check="who", facts={"who": "kong"})
BAD = Finding("failed", "no such host", "check the spelling", check="name")
KNOWN = Finding("warning", "33 s of audio", "raise it", check="body", rows=(8,))
REPORT = Report("https://asr.example.com:443", "asr", (BAD, GOOD, KNOWN), requests=7, took_s=1.25)


def test_pipe_gets_plain_lines_that_grep_can_find() -> None:
    """No colours, no ticks, no wrapping; state and check begin the line."""
    text = as_text(REPORT, is_terminal=False, width=0)
    assert text == (
        "failed   name            no such host\n"
        "                         -> check the spelling\n"
        "passed   who             Kong 3.9.1\n"
        "warning  body            33 s of audio\n"
        "                         -> raise it\n"
        "\n"
        "1 passed, 1 warning, 1 failed; 7 requests in 1.2 s"
    )


def test_terminal_gets_ticks_colours_and_wrapped_lines() -> None:
    """Marks and colours, within the columns there are."""
    long = Finding("passed", "word " * 40, check="who")
    report = Report("http://a", "asr", (long,), 1, 0.1)
    text = as_text(report, is_terminal=True, width=80)
    assert "✓" in text
    assert "\x1b[32m" in text
    plain = text.replace("\x1b[32m", "").replace("\x1b[0m", "")
    assert max(map(len, plain.splitlines())) <= 80


def test_quiet_tells_only_what_is_not_right() -> None:
    """Nothing at all where all is well."""
    assert as_text(REPORT, is_terminal=False, width=0, quiet=True).startswith("failed   name")
    assert "Kong" not in as_text(REPORT, is_terminal=False, width=0, quiet=True)
    well = Report("http://a", "asr", (GOOD,), 1, 0.1)
    assert as_text(well, is_terminal=False, width=0, quiet=True) == ""


def test_what_a_server_says_cannot_steer_the_terminal() -> None:
    """Control characters are escaped."""
    evil = Finding("failed", "\x1b]0;owned\x07", check="who")
    text = as_text(Report("http://a", "asr", (evil,), 1, 0.1), is_terminal=False, width=0)
    assert "\x1b" not in text
    assert "\\x1b]0;owned\\x07" in text


def test_json_has_the_documented_shape() -> None:
    """What docs/doctor.md promises."""
    told = json.loads(as_json(REPORT))
    assert told | {"findings": None} == {
        "url": "https://asr.example.com:443",
        "model": "asr",
        "ok": False,
        "requests": 7,
        "took_s": 1.25,
        "findings": None,
    }
    assert told["findings"][1] == {
        "check": "who",
        "state": "passed",
        "says": "Kong 3.9.1",
        "advice": "",
        "facts": {"who": "kong"},
        "discrepancies": [],
    }
    assert told["findings"][2]["discrepancies"][0]["row"] == 8


def test_warnings_do_not_fail_the_report() -> None:
    """Only what failed does."""
    assert Report("http://a", "asr", (GOOD, KNOWN), 1, 0.1).ok
    assert not REPORT.ok
