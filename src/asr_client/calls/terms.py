"""The terms of a call, settled before any audio is read: in which language, how many recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asr_client.contracts.recognizer import Recognizer
from asr_client.errors import ConfigError, LanguageError
from asr_client.languages import ALL_CODES, resolve_language
from asr_client.scripts import script_warning
from asr_client.settings.config import DEFAULT_MODEL, ClientConfig

__all__ = ["Options", "Terms", "settle"]


@dataclass(frozen=True, slots=True)
class Options:
    """
    What a caller says of one call.

    Attributes:
        language: Code, tag or name; None leaves it to the client's settings.
        sample_rate_hz: The rate of audio that is an array; files carry their own.
        deadline_s: Seconds for the whole call, discovery and decoding included.
        on_progress: Told the seconds of audio in each request that was answered, where there are
            several.
    """

    language: str | None = None
    sample_rate_hz: int | None = None
    deadline_s: float | None = None
    on_progress: Callable[[float], object] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What is settled of one call.

    Attributes:
        recognizer: Who will be asked.
        language: The model's own code; None sends none.
        asked: The language as the caller wrote it; None if he named none.
        unsent_model: The model that the caller named and that no request can name.
    """

    recognizer: Recognizer
    language: str | None
    asked: str | None
    unsent_model: str = ""

    def warnings(self, duration_s: float, text: str) -> tuple[str, ...]:
        """
        Say what is worth knowing of the call, as opposed to the recording.

        Args:
            duration_s: Length of the longest request, in seconds.
            text: What was recognised.
        """
        recognizer, said = self.recognizer, []
        if self.asked and not recognizer.takes_language:
            said.append(
                f"model {recognizer.model!r} takes no language; {self.asked!r} was not sent"
            )
        if self.unsent_model:
            said.append(f"the gateway chooses the model; {self.unsent_model!r} was not sent")
        window_s = recognizer.window_s
        if window_s is not None and duration_s > window_s:
            said.append(f"the model listens for {window_s:g} s; the rest may be missing")
        if self.language and (warning := script_warning(text, self.language)):
            said.append(warning)
        return tuple(said)


def settle(recognizer: Recognizer, config: ClientConfig, options: Options, count: int) -> Terms:
    """
    Settle the terms for *count* recordings in one request.

    Raises:
        LanguageError: If the model does not take the language, or needs one and none was named.
        ConfigError: If fewer recordings fit in one request.
    """
    if count > recognizer.max_batch_size:
        raise ConfigError(
            f"{count} recordings do not fit in one request: the model takes "
            f"{recognizer.max_batch_size} over protocol {recognizer.protocol!r}",
            hint="send them in smaller batches, or one by one with transcribe()",
        )
    asked = options.language or config.language
    # What the caller states of the model wins over what the model declares.
    language = _choose_language(recognizer, asked, config.languages or recognizer.languages)
    unsent = config.model if not recognizer.model and config.model != DEFAULT_MODEL else ""
    return Terms(recognizer, language, asked, unsent)


def _choose_language(
    recognizer: Recognizer, asked: str | None, supported: tuple[str, ...]
) -> str | None:
    if not recognizer.takes_language:
        return None
    if asked:
        return resolve_language(asked, supported or ALL_CODES)
    if not recognizer.needs_language:
        return None
    if len(supported) == 1:
        return supported[0]
    raise LanguageError(
        f"{_name(recognizer)} must be told the language",
        hint=f"with language=, ASR_LANGUAGE or --language; it takes: {' '.join(supported)}",
    )


def _name(recognizer: Recognizer) -> str:
    """Name the model, or whatever the gateway chooses."""
    return f"model {recognizer.model!r}" if recognizer.model else "the gateway's model"
