"""
The examination: what is looked at, in which order, and what is spared when an earlier step says so.

The steps fill a `Seen`, of which `judge` makes findings afterwards. Each request counts under the
gateway's limit, so nothing is asked twice, and nothing whose answer is known.
"""

from __future__ import annotations

import time
from typing import Unpack

from asr_client.calls.session import Session
from asr_client.client import open_session
from asr_client.doctor.case import Case, ExamOptions
from asr_client.doctor.entering import ask_without_key, find_paths, meet, reach
from asr_client.doctor.findings import Report
from asr_client.doctor.inside import inspect, try_transcription, try_uploads
from asr_client.doctor.judge import judge
from asr_client.doctor.seen import Seen
from asr_client.doctor.visitor import Log, Visitor
from asr_client.endpoint import AI4I_PATH, ASR_INFER_PATH, ULCA_PATH
from asr_client.settings.config import Settings

__all__ = ["examine"]

_JSON_CALLS = {"asr-infer": ASR_INFER_PATH, "ai4i": AI4I_PATH, "ulca": ULCA_PATH}


def examine(
    url: str | None = None, options: ExamOptions | None = None, **settings: Unpack[Settings]
) -> Report:
    """
    Examine the way to a server, and the server.

    Args:
        url: As ASRClient takes it.
        options: How to examine.
        **settings: As ASRClient takes them: those of the client that has trouble.

    Raises:
        ConfigError: If a setting cannot work. What a server does is never an error here.
    """
    began_s, log = time.monotonic(), Log()
    session = open_session(url, settings)
    seen = _begin(session, log)
    options = options or ExamOptions()
    case = Case(options, seen, log, Visitor(session, options.timeout_s, log))
    with case.opened:
        case.open(case.visitor)
        _go_through(case)
    return Report(
        url=str(session.config.endpoint),
        model=seen.model,
        findings=judge(seen),
        requests=log.requests,
        took_s=time.monotonic() - began_s,
    )


def _begin(session: Session, log: Log) -> Seen:
    config, key = session.config, session.keys.current()
    return Seen(
        endpoint=config.endpoint,
        model=config.model,
        key_fingerprint=key.fingerprint if key else "",
        key_header=config.api_key_header,
        proxy=str(config.proxy or ""),
        json_call_path=_JSON_CALLS.get(config.protocol, ASR_INFER_PATH),
        answers=log.answers,
        now_s=time.time(),
    )


def _go_through(case: Case) -> None:
    if not reach(case) or not meet(case):
        return
    for step in (find_paths, ask_without_key, inspect, try_transcription, try_uploads):
        step(case)
