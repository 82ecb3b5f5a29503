"""
Synthetic speech that a dozen lines recognise without a mistake, and a service that does.

A word is 0.3 s of a tone whose loudness is its number; a pause is digital silence. A word that is
cut is heard as a fragment of itself, as real recognisers do, or not at all. So tests know exactly
what should come back, whatever the length, and the whole way there is real: a client, sockets, the
gateway stand-in.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import soundfile

from asr_client.testing import UpstreamReply, UpstreamRequest

__all__ = ["RATE_HZ", "WORDS", "answer", "hear", "speak", "words_for"]

RATE_HZ = 16_000
WORD_S = 0.3
GAP_S = 0.1

_QUIETEST = 2000
_STEP = 20
_SHORTEST_HEARD_S = 0.1

_DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")
WORDS = tuple(f"शब्द{number}".translate(_DIGITS) for number in range(1000))


def words_for(numbers: Sequence[int]) -> str:
    """The text of such speech."""
    return " ".join(WORDS[number] for number in numbers)


def speak(numbers: Sequence[int], *, pause_after: int = 0, pause_s: float = 0.8) -> npt.NDArray:
    """
    Say words, with a short gap after each and a longer pause after every so many (0: none).

    Returns:
        int16, shape (frames,), 16 kHz.
    """
    time = np.arange(round(WORD_S * RATE_HZ))
    tone = np.where(time // 40 % 2, 1, -1)
    parts = []
    for place, number in enumerate(numbers, start=1):
        is_last_of_sentence = pause_after and place % pause_after == 0
        silence_s = pause_s if is_last_of_sentence else GAP_S
        parts.append(tone * (_QUIETEST + _STEP * number))
        parts.append(np.zeros(round(silence_s * RATE_HZ), np.int64))
    return np.concatenate(parts).astype(np.int16)


def hear(samples: npt.NDArray) -> str:
    """Recognise it: a word for each stretch of one loudness; a fragment where it was cut."""
    loud = np.abs(samples.astype(np.int64))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud, [0]])))
    heard = []
    for begin, end in pairwise(edges):
        level, seconds = loud[begin], (end - begin) / RATE_HZ
        if level == 0 or seconds < _SHORTEST_HEARD_S:
            continue
        word = WORDS[round((level - _QUIETEST) / _STEP)]
        heard.append(word if seconds > 0.9 * WORD_S else _fragment(word, begin == 0))
    return " ".join(heard)


def _fragment(word: str, is_at_the_beginning: bool) -> str:
    """What is left of a word that was cut."""
    return word[3:] if is_at_the_beginning else word[:4]


def answer(request: UpstreamRequest) -> UpstreamReply:
    """Answer the gateway's own call, `{"audio": base64}`, or Triton's generate."""
    audio = base64.b64decode(json.loads(request.body)["audio"])
    samples, _ = soundfile.read(io.BytesIO(audio), dtype="int16")
    return UpstreamReply(json.dumps({"text": hear(samples)}).encode())
