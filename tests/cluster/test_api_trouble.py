"""Refusals of the API, and of whoever stands before it, in few words."""

from __future__ import annotations

import json

from asr_loadtest.cluster.kubernetes.api.trouble import refusal


def test_status_is_told_in_its_own_words() -> None:
    """A Status has a message, of which the first words do."""
    body = json.dumps({"kind": "Status", "message": "no\nsuch  thing", "code": 404}).encode()
    trouble = refusal(404, body, None)
    assert (trouble.words, trouble.status) == ("HTTP 404: no such thing", 404)


def test_refusal_steers_no_terminal() -> None:
    """It is logged: colours, bells, NULs and turned text of a gateway are left out."""
    body = "\x1b[2Jgone\x07\x00 away\u202e\r\nX-Fake: 1".encode()
    assert refusal(502, body, None).words == "HTTP 502: [2Jgone away X-Fake: 1"


def test_long_page_is_cut() -> None:
    """A gateway's HTML is no message."""
    assert len(refusal(502, b"<p>" * 10_000, None).words) == 200


def test_wait_is_one_that_a_clock_can_be_set_to() -> None:
    """Seconds only, and not for ever."""
    waits = [refusal(429, b"", each).retry_after_s for each in (None, "soon", "7", "9" * 5000)]
    assert waits == [0.0, 0.0, 7.0, 3600.0]
