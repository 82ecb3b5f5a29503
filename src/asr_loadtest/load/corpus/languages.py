"""What a manifest calls a language, and what the model does."""

from __future__ import annotations

from collections.abc import Collection

from asr_client.contracts.recognizer import Recognizer
from asr_client.errors import ConfigError, LanguageError
from asr_client.languages import ALL_CODES, resolve_language

__all__ = ["canonical_language", "sent_language"]


def canonical_language(written: str) -> str:
    """
    Give the code of a language however it is written, so that "hi-IN" and "Hindi" are one.

    Returns:
        Our code; what is none of our languages in lower case, for models that know more.
    """
    written = written.strip()
    if not written:
        return ""
    try:
        return resolve_language(written, ALL_CODES)
    except LanguageError:
        return written.lower()


def sent_language(
    recognizer: Recognizer, language: str, stated: Collection[str] = ()
) -> str | None:
    """
    Tell what goes along with a recording in *language*.

    Args:
        recognizer: Who is asked.
        language: The recording's; empty if unknown.
        stated: What the user says the model takes; it wins over what the model says.

    Returns:
        The model's own code; None where none is sent.

    Raises:
        LanguageError: If the model does not take *language*.
        ConfigError: If it must be told one, and the recording has none.
    """
    if not recognizer.takes_language:
        return None
    supported = tuple(stated) or recognizer.languages
    if language:
        return resolve_language(language, supported or {*ALL_CODES, language})
    if not recognizer.needs_language:
        return None
    if len(supported) == 1:
        return supported[0]
    raise ConfigError(
        f"model {recognizer.model!r} must be told the language",
        hint=f"set the corpus's default language, or a column of the manifest; it takes: "
        f"{' '.join(supported) or 'any'}",
    )
