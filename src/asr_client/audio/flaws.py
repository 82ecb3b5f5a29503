"""What a careful listener would want to know before the model is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from asr_client.results import AudioFacts

__all__ = ["describe_flaws"]

# Speech touches full scale now and then: our samples, brought to exactly full scale, have up to
# 0.006 % of their samples there, 0.04 % after 24 kbit/s AAC. Brought 3.5 dB beyond and cut off,
# 0.3 to 1 %; that is audible, and the first thing a recordist can mend.
_CLIPPED_RATIO = 0.001

# Dictation and telephone calls have long pauses, half of the recording and more. With one frame
# in twenty left, mostly the wrong channel or a muted microphone was recorded.
_SILENT_RATIO = 0.95

# The shortest words last about 0.2 s: in less than half of that nobody has said anything.
_SHORT_S = 0.1

_TELEPHONE_HZ = 8_000

# Lossy decoders do not give back the samples that went in, and overshoot where those touched
# full scale: our samples, at exactly full scale, by 8 % in MP3 and Vorbis of the lowest quality,
# 2 % in Opus. More (up to 25 %) comes of AAC below 64 kbit/s and of what was clipped before.
_LOSSY_PEAK = 1.1

# -34 dBFS. A healthy converter stays below 0.001; a broken microphone, a wrong sample format
# or unsigned read as signed goes far beyond. At 0.02 the model still hears the words.
_DC_OFFSET = 0.02

# A few cycles of anything have a mean; only over a stretch is it an offset.
_DC_LEAST_S = 0.5


def describe_flaws(facts: AudioFacts, rate_hz: int, *, lossy: bool) -> tuple[str, ...]:
    """
    Judge a recording by its facts.

    Args:
        facts: As seen while decoding.
        rate_hz: The rate the model takes.
        lossy: The encoding approximates its samples, as MP3 does: a little overshoot is normal.

    Returns:
        A clause for each thing that may spoil the transcript, in lower case and without a full
        stop, as all of `Transcript.warnings`; empty for a sound recording.
    """
    return tuple(_flaws(facts, rate_hz, _LOSSY_PEAK if lossy else 1.0))


def _flaws(facts: AudioFacts, rate_hz: int, highest_peak: float) -> Iterator[str]:
    if facts.truncated:
        yield "the file is cut short: its header promises more audio than it holds"
    if facts.duration_s < _SHORT_S:
        yield f"the recording lasts only {facts.duration_s:.3f} s"
    if facts.silent_ratio == 1:
        yield "the recording is silent throughout"
    elif facts.silent_ratio > _SILENT_RATIO:
        yield f"{facts.silent_ratio:.0%} of the recording is silent"
    if facts.peak > highest_peak:
        yield f"samples reach {facts.peak:.2f} times full scale; what exceeds it was clipped"
    if facts.clipped_ratio > _CLIPPED_RATIO:
        yield f"{facts.clipped_ratio:.1%} of the samples are clipped: record at a lower level"
    if abs(facts.dc_offset) > _DC_OFFSET and facts.duration_s >= _DC_LEAST_S:
        offset = f"{facts.dc_offset:+.2f} of full scale"
        yield f"the samples are off centre by {offset}: suspect the microphone or the format"
    if facts.resampled_from_hz is not None and facts.resampled_from_hz < rate_hz:
        yield _upsampled(facts.resampled_from_hz, rate_hz)


def _upsampled(from_hz: int, rate_hz: int) -> str:
    band = "telephone band" if from_hz <= _TELEPHONE_HZ else "a narrow band"
    return (
        f"the recording has {from_hz} Hz ({band}) and the model takes {rate_hz} Hz: "
        f"nothing above {from_hz // 2} Hz can be restored"
    )
