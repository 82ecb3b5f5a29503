"""
How good transcripts are: word, character and grapheme error rates.

    error_rates(["नमस्ते दुनिया"], ["नमस्ते दुनियां"]).wer      -> 0.5

normalization.py and encodings.py say which differences count, rates.py counts them (with jiwer: the
extra `eval`); layouts.py and texts.py read references and hypotheses, pairing.py finds which belong
together, rendering.py tells the result.
"""

from asr_client.evaluation.normalization import (
    DEFAULT_NORMALIZATION,
    RAW,
    Normalization,
    normalize,
)
from asr_client.evaluation.rates import (
    AlignedWords,
    Edits,
    ErrorRates,
    UtteranceErrors,
    error_rates,
)

__all__ = [
    "DEFAULT_NORMALIZATION",
    "RAW",
    "AlignedWords",
    "Edits",
    "ErrorRates",
    "Normalization",
    "UtteranceErrors",
    "error_rates",
    "normalize",
]
