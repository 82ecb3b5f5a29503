"""
Audio: from anything that holds a recording to mono float32 at the model's rate.

    source ──> sources ──> decoder ──blocks──> measure, downmix ──> resample ──> Waveform
               (sniff)     sound_file | av_file | ArrayDecoder                     + facts, flaws

One pass, block by block: an hour of 48 kHz stereo needs the memory of its 16 kHz mono result.
"""

from asr_client.audio.prepare import Prepared, load_audio, prepare
from asr_client.audio.sources import AudioSource
from asr_client.audio.wav import encode_wav
from asr_client.audio.waveform import Waveform

__all__ = [
    "AudioSource",
    "Prepared",
    "Waveform",
    "encode_wav",
    "load_audio",
    "prepare",
]
