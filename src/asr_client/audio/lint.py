"""What a careful listener would want to know before the model is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from asr_client.results import AudioFacts

__all__ = ["warnings"]

_CLIPPED_RATIO = 0.001
_SILENT_RATIO = 0.95
_SHORT_S = 0.1
_TELEPHONE_HZ = 8_000

# -34 dBFS. A healthy converter stays below 0.001; a broken microphone, a wrong sample format
# or unsigned read as signed goes far beyond. At 0.02 the model still hears the words.
_DC_OFFSET = 0.02

# A few cycles of anything have a mean; only over a stretch is it an offset.
_DC_LEAST_S = 0.5


def warnings(facts: AudioFacts, rate_hz: int = 16_000) -> tuple[str, ...]:
    """
    Judge a recording by its facts.

    Args:
        facts: As seen while decoding.
        rate_hz: The rate the model takes.

    Returns:
        A sentence for each thing that may spoil the transcript; empty for a sound recording.
    """
    return tuple(_warnings(facts, rate_hz))


def _warnings(facts: AudioFacts, rate_hz: int) -> Iterator[str]:
    if facts.truncated:
        yield "The file is cut short: its header promises more audio than it holds."
    if facts.duration_s < _SHORT_S:
        yield f"The recording lasts only {facts.duration_s:.3f} s."
    if facts.silent_ratio == 1:
        yield "The recording is silent throughout."
    elif facts.silent_ratio > _SILENT_RATIO:
        yield f"{facts.silent_ratio:.0%} of the recording is silent."
    if facts.peak > 1:
        yield f"Samples reach {facts.peak:.2f} times full scale; what exceeds it was clipped."
    if facts.clipped_ratio > _CLIPPED_RATIO:
        yield f"{facts.clipped_ratio:.1%} of the samples are clipped: record at a lower level."
    if abs(facts.dc_offset) > _DC_OFFSET and facts.duration_s >= _DC_LEAST_S:
        offset = f"{facts.dc_offset:+.2f} of full scale"
        yield f"The samples are off centre by {offset}: suspect the microphone or the format."
    if facts.resampled_from_hz is not None and facts.resampled_from_hz < rate_hz:
        yield _upsampled(facts.resampled_from_hz, rate_hz)


def _upsampled(from_hz: int, rate_hz: int) -> str:
    band = "telephone band" if from_hz <= _TELEPHONE_HZ else "a narrow band"
    return (
        f"The recording has {from_hz} Hz ({band}) and the model takes {rate_hz} Hz: "
        f"nothing above {from_hz // 2} Hz can be restored."
    )
