"""Every check there is, in the order in which a request meets what they look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from asr_client.doctor.body_size import check_body
from asr_client.doctor.findings import Finding
from asr_client.doctor.identity import check_clock, check_who
from asr_client.doctor.keys import check_key
from asr_client.doctor.network import check_name, check_port, check_tls
from asr_client.doctor.rate_limit import check_rate_limit
from asr_client.doctor.routes import check_browser, check_route
from asr_client.doctor.seen import Seen
from asr_client.doctor.service import (
    check_contract,
    check_health,
    check_model,
    check_models,
    check_transcription,
)

__all__ = ["CHECKS", "judge"]

CHECKS: Mapping[str, Callable[[Seen], Finding]] = {
    "name": check_name,
    "port": check_port,
    "tls": check_tls,
    "who": check_who,
    "key": check_key,
    "route": check_route,
    "health": check_health,
    "model": check_model,
    "models": check_models,
    "contract": check_contract,
    "transcription": check_transcription,
    "rate-limit": check_rate_limit,
    "body": check_body,
    "clock": check_clock,
    "browser": check_browser,
}


def judge(seen: Seen) -> tuple[Finding, ...]:
    """Make every check of what was seen."""
    return tuple(replace(check(seen), check=name) for name, check in CHECKS.items())
