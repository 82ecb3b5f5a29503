"""How large a request will be, before any audio is read or encoded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from asr_client.audio import Waveform
from asr_client.contracts.recognizer import Recognized, Utterances
from asr_client.contracts.wire import Exchange

__all__ = ["base64_wav_bytes", "envelope_bytes"]

# By so much a request for much audio may be longer than one for none: it has larger numbers.
_NUMBERS_BYTES = 64
_WAV_HEADER_BYTES = 44
# Longer than any code of a language in use; for models that do not say what they take.
_LONGEST_LANGUAGE = "x" * 35
_LONGEST_TIMEOUT_S = 1e6

Recognize = Callable[[Utterances], Exchange[Recognized]]


def base64_wav_bytes(samples: int) -> int:
    """Tell how long base64 of a 16-bit WAV file is."""
    return 4 * -(-(_WAV_HEADER_BYTES + 2 * samples) // 3)


def envelope_bytes(recognize: Recognize, rate_hz: int, languages: tuple[str, ...] | None) -> int:
    """
    Tell how much a request may hold besides its audio, by encoding one for a single sample.

    Args:
        recognize: The recognizer's.
        rate_hz: Its sample rate.
        languages: The codes it takes; none where it does not say; None where it takes none.

    Returns:
        At least what any request holds, and at most a few hundred bytes more; the sample itself
        is counted.
    """
    language = None
    if languages is not None:
        language = max(languages, key=len, default=_LONGEST_LANGUAGE)
    wave = Waveform(np.zeros(1, np.float32), rate_hz)
    utterances = Utterances((wave,), language, "0" * 32, _LONGEST_TIMEOUT_S)
    return recognize(utterances).request.size_bytes + _NUMBERS_BYTES
