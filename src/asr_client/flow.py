"""
One transcription, decided step by step; the heart of the client.

A flow is a generator: it yields what it needs done (Send, Work) and is given the result. It does
no I/O itself, so threads, event loops and tests drive the very same code (drive.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from asr_client.audio import AudioSource, Prepared, prepare
from asr_client.config import ClientConfig
from asr_client.contracts.speech import Recognizer, Utterances
from asr_client.deadline import Deadline
from asr_client.discovery import find_route
from asr_client.errors import ConfigError, LanguageError
from asr_client.languages import LANGUAGES, resolve_language
from asr_client.results import Segment, Timing, Transcript
from asr_client.session import Flow, Session, Work, perform

__all__ = ["Options", "choose_language", "deadline_for", "transcribe"]

# Time for a call whose caller names none: what a slow start may take, and twice the audio.
_BASE_S = 30.0
_PER_AUDIO_SECOND = 2.0
_LONGEST_S = 900.0


@dataclass(frozen=True, slots=True)
class Options:
    """
    What a caller says of one call.

    Attributes:
        language: Code, tag or name; None leaves it to the client's settings.
        sample_rate_hz: The rate of audio that is an array; files carry their own.
        deadline_s: Seconds for the whole call, discovery and decoding included.
    """

    language: str | None = None
    sample_rate_hz: int | None = None
    deadline_s: float | None = None


def transcribe(
    session: Session, sources: Sequence[AudioSource], options: Options
) -> Flow[tuple[Transcript, ...]]:
    """Transcribe recordings in one request: find the way, prepare the audio, ask, assemble."""
    if not sources:
        return ()
    started_s = session.clock()
    deadline = deadline_for(session, options, started_s)
    route = yield from find_route(session, session.config.model, deadline)
    recognizer = route.recognizer
    _check_count(recognizer, len(sources))
    # Refused here, before any audio is read: a wrong language would fail others' requests, too,
    # since Triton answers a whole batch with one error (contracts.md 5.7).
    language = choose_language(recognizer, _language_asked(session, options), session.config)

    preparing_s = session.clock()
    prepared: list[Prepared] = []
    for source in sources:
        one = yield _preparation(session, recognizer, source, options)
        prepared.append(one)
    asking_s = session.clock()

    longest_s = max(one.wave.duration_s for one in prepared)
    deadline = deadline_for(session, options, started_s, longest_s)
    deadline.require_s("preparing the audio")
    request_id = uuid4().hex
    utterances = Utterances(tuple(one.wave for one in prepared), language, request_id)
    recognized = yield from perform(recognizer.recognize(utterances), deadline, request_id)
    ended_s = session.clock()

    timing = Timing(asking_s - preparing_s, ended_s - asking_s, ended_s - started_s)
    return tuple(
        Transcript(
            text=text,
            language=language,
            duration_s=one.wave.duration_s,
            segments=(Segment(0.0, one.wave.duration_s, text),),
            model=recognizer.model,
            model_version=recognized.model_version,
            protocol=recognizer.protocol,
            request_id=request_id,
            timing=timing,
            audio=one.facts,
            warnings=one.warnings + _warnings(session, recognizer, options, one),
        )
        for one, text in zip(prepared, recognized.texts, strict=True)
    )


def deadline_for(
    session: Session, options: Options, started_s: float, audio_s: float = 0.0
) -> Deadline:
    """When a call must end: as the caller says, else 30 s and twice the audio, at most 15 min."""
    limit_s = options.deadline_s if options.deadline_s is not None else session.config.deadline_s
    if limit_s is None:
        limit_s = min(_BASE_S + _PER_AUDIO_SECOND * audio_s, _LONGEST_S)
    if not 0 < limit_s < float("inf"):
        raise ConfigError(f"deadline_s must be a positive number of seconds, not {limit_s!r}")
    return Deadline(started_s + limit_s, limit_s, session.clock)


def choose_language(recognizer: Recognizer, asked: str | None, config: ClientConfig) -> str | None:
    """
    Settle on the model's own code for the language; None sends none.

    The set is what the caller states, else what the model declares, else its family's.

    Raises:
        LanguageError: If the model does not take the language, or needs one and none was named.
    """
    supported = config.languages or recognizer.languages
    if not recognizer.takes_language:
        return None
    if asked:
        return resolve_language(asked, supported or [each.code for each in LANGUAGES])
    if not recognizer.needs_language:
        return None
    if len(supported) == 1:
        return supported[0]
    raise LanguageError(
        f"model {recognizer.model!r} must be told the language",
        hint=f"one of {' '.join(supported)}, with language=, ASR_LANGUAGE or --language",
    )


def _language_asked(session: Session, options: Options) -> str | None:
    return options.language or session.config.language


def _check_count(recognizer: Recognizer, count: int) -> None:
    if count > recognizer.max_batch_size:
        raise ConfigError(
            f"{count} recordings do not fit in one request: model {recognizer.model!r} takes "
            f"{recognizer.max_batch_size} over protocol {recognizer.protocol!r}",
            hint="send them in smaller batches, or one by one with transcribe()",
        )


def _preparation(
    session: Session, recognizer: Recognizer, source: AudioSource, options: Options
) -> Work:
    return Work(
        lambda: prepare(
            source,
            source_rate_hz=options.sample_rate_hz,
            rate_hz=recognizer.sample_rate_hz,
            normalize_peak=session.config.normalize_peak,
        )
    )


def _warnings(
    session: Session, recognizer: Recognizer, options: Options, prepared: Prepared
) -> tuple[str, ...]:
    """What is worth knowing of the call, as opposed to the recording."""
    warnings = []
    asked = _language_asked(session, options)
    if asked and not recognizer.takes_language:
        warnings.append(f"model {recognizer.model!r} takes no language; {asked!r} was not sent")
    window_s, duration_s = recognizer.window_s, prepared.wave.duration_s
    if window_s is not None and duration_s > window_s:
        warnings.append(
            f"the model listens for {window_s:g} s; the rest of {duration_s:.1f} s may be missing"
        )
    return tuple(warnings)
