"""What is behind all that: the server's health, its models, and one real transcription; pure."""

from __future__ import annotations

from dataclasses import replace

from asr_client.doctor.findings import Facts, Finding, failed, passed, skipped, warning
from asr_client.doctor.routes import is_stripped
from asr_client.doctor.seen import Seen
from asr_client.doctor.sights import Answer
from asr_client.errors import ASRError

__all__ = [
    "check_contract",
    "check_health",
    "check_model",
    "check_models",
    "check_transcription",
]

_SHOWN_CHARACTERS = 60
# Of these, other checks tell.
_CLOSED = ("auth", "rate_limited")


def check_health(seen: Seen) -> Finding:
    """Whether the server says that it is live and ready."""
    live, ready = seen.live, seen.ready
    if live is None:
        return skipped("not asked")
    if live.status is None and live.code not in _CLOSED:
        return skipped("no reply")  # `who` tells why
    refusal = next((each for each in (live, ready) if each is not None and each.error), None)
    if refusal is not None:
        return _without_health(seen, refusal)
    facts: Facts = {"live": live.value, "ready": ready is not None and ready.value}
    if not live.value:
        return failed("the server is not live", "it is starting, or has hung", facts=facts)
    if ready is None or not ready.value:
        return failed(
            "the server is live, but not ready",
            "it is starting, loading models or stopping: try again in a minute",
            facts=facts,
        )
    return passed("live and ready", facts=facts)


def _without_health(seen: Seen, refusal: Answer[object]) -> Finding:
    if is_stripped(refusal):
        return failed(
            "the gateway cuts /v2/health off before it passes the request on, so health is a 404 "
            "for ever",
            "set strip_path: false on the gateway's route /v2/health",
            rows=(5,),
        )
    if refusal.code == "not_found_route":
        return _health_is_not_routed(seen)
    return _broken("it cannot be asked", refusal.error)


def _health_is_not_routed(seen: Seen) -> Finding:
    if seen.json_call_is_here:
        return skipped("the gateway does not route /v2/health; the documented call is there")
    return failed(f"nobody serves health here: {seen.live.says if seen.live else ''}")


def _broken(what: str, error: ASRError | None) -> Finding:
    """Pass on why something does not work, unless that is another check's business."""
    if error is None:
        return failed(what)
    if error.code in _CLOSED:
        return skipped(f"{what}: {error.message}")
    return failed(
        f"{what}: {error.message}", error.hint, facts={"code": error.code, "origin": error.origin}
    )


def check_model(seen: Seen) -> Finding:
    """Whether the one model that matters is ready: a server without any models is ready, too."""
    answer = seen.model_ready
    if answer is None:
        return skipped("not asked")
    if answer.code in ("not_found_route", *_CLOSED):
        return skipped(f"cannot be asked: {answer.says}")
    if answer.error is not None and answer.code != "not_found_model":
        return _broken(f"model {seen.model!r} cannot be asked", answer.error)
    if answer.value:
        return passed(f"{seen.model!r} is ready", facts={"model": seen.model})
    return failed(f"{seen.model!r} is not ready{_though(seen)}", _choose(seen), rows=(5,))


def _though(seen: Seen) -> str:
    says_ready = seen.ready is not None and bool(seen.ready.value)
    return ", though the server says that it is" if says_ready else ""


def _choose(seen: Seen) -> str:
    listed = seen.models.value if seen.models is not None else None
    names = [] if listed is None or listed.source == "configuration" else listed.models
    if listed is not None and listed.source != "configuration" and not names:
        return (
            "the server has no model at all: does an empty volume hide the model repository "
            "(an emptyDir mounted over /models)?"
        )
    others = ", ".join(dict.fromkeys(entry.name for entry in names))
    return f"choose with --model: {others}" if others else "load it, or choose with --model"


def check_models(seen: Seen) -> Finding:
    """Which models there are, and who could be asked."""
    outcome = seen.models
    if outcome is None:
        return skipped("not asked")
    listed = outcome.value
    if listed is None:
        return _broken("the models cannot be listed", outcome.error)
    names = tuple(dict.fromkeys(entry.name for entry in listed.models))
    facts: Facts = {"source": listed.source, "models": names}
    if listed.source == "configuration":
        says = "nobody lists the models here (neither repository index nor statistics are routed)"
        return skipped(says, "name the model with --model", facts=facts, rows=(1,))
    # The documents promise GET /v2/models, which Triton does not have.
    rows = (1,) if not seen.endpoint.is_grpc else ()
    shown = ", ".join(names) or "none"
    return passed(f"{shown} (by the {listed.source})", facts=facts, rows=rows)


def check_contract(seen: Seen) -> Finding:
    """How the client would talk to the model, and why."""
    if seen.info is None:
        return skipped("not asked")
    info = seen.info.value
    if info is None:
        return _broken(f"no way to talk to {seen.model!r}", seen.info.error)
    facts: Facts = {
        "protocol": info.protocol,
        "contract": info.contract,
        "languages": info.languages,
        "sample_rate_hz": info.sample_rate_hz,
        "max_batch_size": info.max_batch_size,
    }
    says = (
        f"over {info.protocol}: {info.why_protocol}; {info.why_contract}; "
        f"recordings are sent at {info.sample_rate_hz} Hz"
    )
    # The documented call has no place for a language and a rate; the model has no default for one.
    rows = (4, 13) if len(info.languages) > 1 else (13,)
    return passed(says, facts=facts, rows=rows)


def check_transcription(seen: Seen) -> Finding:
    """Whether a recording becomes text."""
    if seen.transcript is None:
        return skipped("not tried: an earlier check says why it would fail")
    transcript, what = seen.transcript.value, seen.recording
    if transcript is None:
        return _not_transcribed(seen, seen.transcript.error)
    facts: Facts = {
        "text": transcript.text,
        "language": transcript.language,
        "protocol": transcript.protocol,
        "audio_s": round(transcript.duration_s, 3),
        "total_s": round(transcript.timing.total_s, 3),
    }
    took = f"{transcript.duration_s:.1f} s of audio in {transcript.timing.total_s:.2f} s"
    if not transcript.text:
        return warning(
            f"{what}: no words came back ({took})",
            "try a recording of your own in the model's language: --audio FILE --language CODE",
            facts=facts,
        )
    return passed(f"{what}: {_shorten(transcript.text)!r} ({took})", facts=facts)


def _not_transcribed(seen: Seen, error: ASRError | None) -> Finding:
    finding = _broken(seen.recording, error)
    rows = {"language": (4,), "gateway_timeout": (8,), "too_large": (8,), "not_found_route": (3,)}
    found = rows.get(error.code, ()) if error is not None else ()
    return replace(finding, rows=found)


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
