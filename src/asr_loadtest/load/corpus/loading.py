"""From what the user asks for to the corpus of the run."""

from __future__ import annotations

from asr_loadtest.load.corpus.clips import pad_clips
from asr_loadtest.load.corpus.corpus import Corpus
from asr_loadtest.load.corpus.reading import read_clips
from asr_loadtest.load.corpus.spec import CorpusSpec
from asr_loadtest.load.corpus.stitching import stitch

__all__ = ["load_corpus"]


def load_corpus(spec: CorpusSpec, *, rate_hz: int) -> Corpus:
    """
    Read, decode, and where it is asked for make clips of other lengths and pad them.

    Args:
        spec: What is wanted.
        rate_hz: The model's rate in Hz.

    Returns:
        The corpus; its notes say what might mislead whoever reads the figures.

    Raises:
        ConfigError: If the source is missing, a file of it cannot be read, it has not what the mix
            asks for, or it needs more than 1 GiB of memory. No file is left out in silence.
    """
    clips, notes = read_clips(spec, rate_hz)
    if spec.lengths_s:
        clips = stitch(clips, spec.lengths_s, spec.seed)
    return Corpus(spec, pad_clips(clips, spec.pad_to_s), notes)
