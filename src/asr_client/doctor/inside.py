"""Once inside: health, models, one transcription, and how large a request may be."""

from __future__ import annotations

import os

from asr_client.audio import AudioSource
from asr_client.calls.inspection import describe_model, list_models
from asr_client.calls.terms import Options
from asr_client.calls.transcription import transcribe
from asr_client.doctor.body_size import got_through
from asr_client.doctor.case import MAX_BODY_BYTES, Case
from asr_client.doctor.questions import padded, server_name
from asr_client.doctor.rate_limit import least_remaining
from asr_client.doctor.sights import Outcome, Upload
from asr_client.embedded.canary import RECORDING
from asr_client.errors import LanguageError
from asr_client.results import Transcript

__all__ = ["inspect", "try_transcription", "try_uploads"]

_MIB = 2**20
# Round the usual limits: nginx's 1 MiB, and the 10 MiB of the published gateway's ingress.
_BODY_SIZES = (_MIB // 2, 2 * _MIB, 4 * _MIB, 8 * _MIB, MAX_BODY_BYTES)
# The uploads are spared if fewer requests than these are left to the key.
_SPARE_REQUESTS = 10


def inspect(case: Case) -> None:
    """Ask what the server tells of itself."""
    seen = case.seen
    case.options.tell("asking for its models")
    if seen.live is not None and seen.live.error is None:
        seen.ready = case.ask(case.kserve.server_ready())
    if seen.kserve_is_here:
        if not case.endpoint.is_grpc:
            seen.server = case.ask(server_name())
        seen.model_ready = case.ask(case.kserve.model_ready(seen.model))
        seen.models = case.visitor.call(list_models(case.visitor.session, case.options.timeout_s))
    if _has_way(case):
        flow = describe_model(case.visitor.session, None, case.options.timeout_s)
        seen.info = case.visitor.call(flow)


def _has_way(case: Case) -> bool:
    seen = case.seen
    if seen.kserve_is_here:
        return seen.metadata is not None and seen.metadata.error is None
    return seen.json_call_is_here


def try_transcription(case: Case) -> None:
    """Have one recording transcribed."""
    seen = case.seen
    info = seen.info.value if seen.info is not None else None
    is_ready = seen.model_ready is None or bool(seen.model_ready.value)
    if info is None or not is_ready:
        return
    case.options.tell("transcribing")
    audio = case.options.audio
    seen.recording = "the recording that comes along" if audio is None else _name(audio)
    seen.transcript = _transcribe(case, None)
    if audio is None and info.languages and isinstance(seen.transcript.error, LanguageError):
        # Nothing was sent yet; to see whether words come back, any language will do.
        seen.recording += f", taken for {info.languages[0]!r}"
        seen.transcript = _transcribe(case, info.languages[0])


def _transcribe(case: Case, language: str | None) -> Outcome[Transcript]:
    audio = RECORDING if case.options.audio is None else case.options.audio
    return case.visitor.call(transcribe(case.visitor.session, audio, Options(language)))


def _name(audio: AudioSource) -> str:
    return os.fspath(audio) if isinstance(audio, str | os.PathLike) else "the recording"


def try_uploads(case: Case) -> None:
    """Send larger and larger bodies, which no server can work on, until one is refused."""
    seen = case.seen
    seen.upload_ended = _why_not(case)
    if seen.upload_ended:
        return
    path = "grpc" if case.endpoint.is_grpc else ""
    path = path if seen.kserve_is_here else seen.json_call_path
    uploads: list[Upload] = []
    seen.uploads = uploads
    for size_bytes in (size for size in _BODY_SIZES if size <= case.options.max_body_bytes):
        seen.upload_ended = _why_stop(case, uploads, size_bytes)
        if seen.upload_ended:
            return
        case.options.tell(f"sending {size_bytes / _MIB:g} MiB")
        answer = case.ask(padded(path, seen.model, size_bytes))
        if answer.code == "rate_limited":
            seen.upload_ended = "the rate limit has no room for more"
            return
        uploads.append(Upload(size_bytes, answer))


def _why_not(case: Case) -> str:
    seen = case.seen
    if case.options.max_body_bytes < min(_BODY_SIZES):
        return "not wanted"
    if not seen.kserve_is_here and not seen.json_call_is_here:
        return "nothing to send a body to"
    left = least_remaining(seen.replies)
    if left is not None and left < _SPARE_REQUESTS:
        return f"spared: only {left} requests are left to this key"
    return ""


def _why_stop(case: Case, uploads: list[Upload], size_bytes: int) -> str:
    if not uploads:
        return ""
    last = uploads[-1]
    if not got_through(last):
        return "nothing larger was tried"
    if last.answer.took_s * size_bytes / last.size_bytes > case.options.timeout_s:
        return "the line is too slow for larger ones"
    return ""
