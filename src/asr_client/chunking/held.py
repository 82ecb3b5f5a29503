"""The samples that are held until it is clear where to cut, with what is heard in them."""

from __future__ import annotations

import numpy as np

from asr_client.audio.waveform import Float32, freeze
from asr_client.chunking.options import SpeechDetection
from asr_client.chunking.places import Stretch
from asr_client.chunking.speech import Frames, SpeechDetector

__all__ = ["HeldAudio"]


class HeldAudio:
    """
    Samples from the start of the next piece on.

    Args:
        rate_hz: Samples per second.
        speech: What counts as speech.

    Attributes:
        first_sample: Where the next piece begins in the recording.
        size: How many samples are held.
    """

    def __init__(self, rate_hz: int, speech: SpeechDetection) -> None:
        self.first_sample = 0
        self.size = 0
        self._rate_hz = rate_hz
        self._samples = np.empty(0, np.float32)
        self._detector = SpeechDetector(rate_hz, speech)
        self._frames = Frames.none()
        self._first_frame = 0
        self._unjudged = 0  # the first of the samples held that the detector has not seen
        self._is_finished = self._is_judged = False

    def push(self, samples: Float32) -> None:
        """Take in samples."""
        end = self.size + samples.size
        if end > self._samples.size:
            self._samples.resize(max(end, self._samples.size * 3 // 2), refcheck=False)
        self._samples[self.size : end] = samples
        self.size = end

    def finish(self) -> None:
        """Take in that there are no more."""
        self._is_finished = True

    def _judge(self) -> None:
        """Look for speech in what came; late, as a recording that is not cut needs no such look."""
        if self._unjudged < self.size:
            frames = self._detector.push(self._samples[self._unjudged : self.size])
            self._frames = Frames.joined(self._frames, frames)
            self._unjudged = self.size
        if self._is_finished and not self._is_judged:
            self._is_judged = True
            self._frames = Frames.joined(self._frames, self._detector.finish())

    @property
    def judged(self) -> int:
        """How many of the samples held are in frames that are judged."""
        self._judge()
        frames = self._first_frame + self._frames.is_speech.size
        return frames * self._detector.frame_samples - self.first_sample

    def stretch(self, samples: int) -> Stretch:
        """Show the frames of the first *samples*."""
        self._judge()
        size = self._detector.frame_samples
        offset = self.first_sample - self._first_frame * size
        frames = self._frames.part(0, -(-(offset + samples) // size))
        return Stretch(frames, size, offset, self._rate_hz)

    def take(self, samples: int, overlap: int = 0) -> Float32:
        """Hand over the first *samples*, of which the last *overlap* are kept, too."""
        if samples == self.size and not overlap:
            return self._take_all()
        self._judge()
        taken = self._samples[:samples].copy()
        start = samples - overlap
        self.size -= start
        self._samples[: self.size] = self._samples[start : start + self.size]
        self.first_sample += start
        frame = self.first_sample // self._detector.frame_samples
        self._frames = self._frames.part(frame - self._first_frame, None)
        self._first_frame = frame
        self._unjudged -= start
        return freeze(taken)

    def _take_all(self) -> Float32:
        taken, self._samples = self._samples[: self.size], np.empty(0, np.float32)
        self.first_sample += self.size
        self.size = self._unjudged = 0
        return freeze(taken)
