"""The terms of a call, settled before anything is sent: how long, in which language, how many."""

from __future__ import annotations

from dataclasses import dataclass

from asr_client.config import ClientConfig
from asr_client.contracts.speech import Recognizer
from asr_client.deadline import Clock, Deadline
from asr_client.errors import ConfigError, LanguageError
from asr_client.languages import LANGUAGES, resolve_language

__all__ = ["Options", "check_count", "choose_language", "deadline_for", "notes"]

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


def deadline_for(
    config: ClientConfig, options: Options, started_s: float, clock: Clock, audio_s: float = 0.0
) -> Deadline:
    """When a call must end: as the caller says, else 30 s and twice the audio, at most 15 min."""
    limit_s = options.deadline_s if options.deadline_s is not None else config.deadline_s
    if limit_s is None:
        limit_s = min(_BASE_S + _PER_AUDIO_SECOND * audio_s, _LONGEST_S)
    if not 0 < limit_s < float("inf"):
        raise ConfigError(f"deadline_s must be a positive number of seconds, not {limit_s!r}")
    return Deadline(started_s + limit_s, limit_s, clock)


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
        hint=f"with language=, ASR_LANGUAGE or --language; it takes: {' '.join(supported)}",
    )


def check_count(recognizer: Recognizer, count: int) -> None:
    """Refuse more recordings than fit in one request (ConfigError)."""
    if count > recognizer.max_batch_size:
        raise ConfigError(
            f"{count} recordings do not fit in one request: model {recognizer.model!r} takes "
            f"{recognizer.max_batch_size} over protocol {recognizer.protocol!r}",
            hint="send them in smaller batches, or one by one with transcribe()",
        )


def notes(recognizer: Recognizer, asked: str | None, duration_s: float) -> tuple[str, ...]:
    """Say what is worth knowing of a call, as opposed to its recording."""
    said = []
    if asked and not recognizer.takes_language:
        said.append(f"model {recognizer.model!r} takes no language; {asked!r} was not sent")
    window_s = recognizer.window_s
    if window_s is not None and duration_s > window_s:
        said.append(f"the model listens for {window_s:g} s; the rest may be missing")
    return tuple(said)
