"""
What is said to the server: recordings, which of them is whose turn, and their requests' bytes.

    spec.py        what the user asked for      mix.py   shares of languages and lengths
    manifest.py    rows of a list               reading.py   files (the only I/O) -> clips
    clips.py       a recording                  stitching.py   clips of wanted lengths
    languages.py   which language goes along    draw.py   whose turn it is, by seed and number
    corpus.py      clips with all of the above  loading.py   from the spec to the corpus
    notes.py       what of it may mislead
    encoding.py    a clip -> one request        perturbation.py   one place in it, to be varied
    payloads.py    a request for each arrival, in microseconds
"""

from asr_loadtest.load.corpus.clips import Clip
from asr_loadtest.load.corpus.corpus import Corpus
from asr_loadtest.load.corpus.loading import load_corpus
from asr_loadtest.load.corpus.payloads import Payload, Payloads
from asr_loadtest.load.corpus.spec import CorpusSpec

__all__ = ["Clip", "Corpus", "CorpusSpec", "Payload", "Payloads", "load_corpus"]
