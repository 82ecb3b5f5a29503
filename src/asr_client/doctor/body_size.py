"""How large a request may be, and what that is in seconds of audio; pure check."""

from __future__ import annotations

from asr_client.doctor.findings import Facts, Finding, passed, skipped, warning
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Upload

__all__ = ["check_body", "got_through"]

_MIB = 2**20
# Bytes that a second of 16 kHz audio takes on the wire.
_BINARY_BYTES_PER_S = 16_000 * 4
_BASE64_BYTES_PER_S = 16_000 * 2 * 4 / 3
_SHORT_AUDIO_S = 60.0

_RAISE_LIMIT = (
    "raise the gateway's limit: allowed_payload_size in Kong's request-size-limiting, "
    "client_max_body_size in nginx (1 MiB unless set), proxy-body-size in its ingress"
)


def check_body(seen: Seen) -> Finding:
    """How large a request may be, and what that is in seconds of audio."""
    if not seen.uploads:
        return skipped(seen.upload_ended or "nothing to send a body to")
    largest = max((up.size_bytes for up in seen.uploads if got_through(up)), default=0)
    refused = next((up for up in seen.uploads if not got_through(up)), None)
    facts: Facts = {
        "passed_bytes": largest,
        "refused_bytes": refused.size_bytes if refused else None,
        "binary_audio_s": round(largest / _BINARY_BYTES_PER_S, 1),
        "json_audio_s": round(largest / _BASE64_BYTES_PER_S, 1),
    }
    if refused is None:
        ended = seen.upload_ended or "nothing larger was tried"
        return passed(f"{_mib(largest)} passed ({_audio(seen, largest)}); {ended}", facts=facts)
    says = f"{_mib(refused.size_bytes)} did not pass: {refused.answer.says}"
    if largest:
        says = f"{_mib(largest)} passed ({_audio(seen, largest)}), {says}"
    if refused.answer.code != "too_large":
        return warning(says, _not_a_limit(refused), rows=(8,), facts=facts)
    if largest / _BINARY_BYTES_PER_S < _SHORT_AUDIO_S:
        return warning(says, _RAISE_LIMIT, rows=(8,), facts=facts)
    return passed(says, "longer recordings must be sent in pieces", facts=facts, rows=(8,))


def got_through(upload: Upload) -> bool:
    """Whether the server itself refused the body for what is in it, as it should."""
    answer = upload.answer
    if answer.status is None or answer.origin in ("kong", "proxy"):
        return False
    return answer.code in ("", "bad_request", "model_error", "not_found_model")


def _audio(seen: Seen, size_bytes: int) -> str:
    """Say how long a recording so many bytes hold, in the ways that are open here."""
    tensors = f"{size_bytes / _BINARY_BYTES_PER_S:.0f} s of audio as tensors"
    base64 = f"{size_bytes / _BASE64_BYTES_PER_S:.0f} s of audio as base64 in JSON"
    ways = ((seen.kserve_is_here, tensors), (seen.json_call_is_here, base64))
    return ", ".join(text for is_open, text in ways if is_open)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:g} MiB"


def _not_a_limit(refused: Upload) -> str:
    if refused.answer.code in ("deadline", "gateway_timeout"):
        return "the line may be slow: try --timeout with more seconds"
    return "larger requests break on the way; look into the gateway's log"
