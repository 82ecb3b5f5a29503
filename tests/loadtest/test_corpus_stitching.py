"""Clips of wanted lengths, cut and joined from others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.errors import ConfigError
from asr_loadtest.load.corpus import Clip, CorpusSpec, load_corpus
from asr_loadtest.load.corpus.stitching import stitch

RATE_HZ = 1_000
PAUSE = 250
FADE = 5


def clip_of(name: str, seconds: float, level: float, language: str = "hi") -> Clip:
    """Make a recording of one level, so that it can be found again."""
    samples = np.full(round(seconds * RATE_HZ), level, np.float32)
    return Clip(name, language, f"text of {name}", Waveform(samples, RATE_HZ))


LONG = clip_of("long", 10, 0.5)


@given(
    lengths=st.lists(st.floats(0.2, 40), min_size=1, max_size=4, unique=True),
    seed=st.integers(0, 100),
)
def test_stitch_makes_exactly_the_wanted_lengths(lengths, seed) -> None:
    """Three of each, of whatever the clips are."""
    clips = [clip_of("a", 0.1, 0.1), clip_of("b", 3, 0.2), clip_of("c", 7, 0.3)]
    expected = [round(length_s * RATE_HZ) for length_s in lengths for _ in range(3)]
    assert expected == [clip.wave.samples.size for clip in stitch(clips, lengths, seed)]


def test_stitch_joins_with_a_pause_and_keeps_the_texts_when_clips_are_whole() -> None:
    """Two clips of 2 s in 4.5 s: clip, pause, clip, silence."""
    clips = [clip_of("a", 2, 0.1), clip_of("b", 2, 0.2)]
    for clip in stitch(clips, [4.5], 1):
        first, second = ("a", "b") if clip.wave.samples[0] == np.float32(0.1) else ("b", "a")
        assert f"text of {first} text of {second}" == clip.text
        levels = np.split(clip.wave.samples, [2000, 2000 + PAUSE, 4000 + PAUSE])
        expected = {"a": 0.1, "b": 0.2}
        for level, part in zip((expected[first], 0, expected[second], 0), levels, strict=True):
            assert np.all(part == np.float32(level))


def test_stitch_fades_and_drops_the_text_when_it_cuts() -> None:
    """1 s of 10 s rises from silence, falls to silence, and is steady between."""
    for clip in stitch([LONG], [1.0], 1):
        samples = clip.wave.samples
        assert clip.text == ""
        assert np.allclose([0, 0.1, 0.2, 0.3, 0.4, 0.5], samples[: FADE + 1])
        assert np.allclose([0.5, 0.4, 0.3, 0.2, 0.1, 0], samples[-FADE - 1 :])
        assert np.all(samples[FADE:-FADE] == np.float32(0.5))


def test_stitch_cuts_the_last_clip_when_the_rest_is_worth_it() -> None:
    """A whole clip, a pause, and 0.75 s of the next."""
    (clip, *_) = stitch([clip_of("a", 2, 0.1)], [3.0], 1)
    whole, pause, cut = np.split(clip.wave.samples, [2000, 2000 + PAUSE])
    assert clip.text == ""
    assert np.all(whole == np.float32(0.1))
    assert not pause.any()
    assert (750, np.float32(0.1)) == (cut.size, cut.max())


def test_stitch_gives_no_text_when_a_clip_has_none() -> None:
    """Half a reference would count the other half as errors."""
    clips = [clip_of("a", 2, 0.1), Clip("b", "hi", "", clip_of("b", 2, 0.2).wave)]
    assert {""} == {clip.text for clip in stitch(clips, [4.5], 1)}


def test_stitch_keeps_languages_apart() -> None:
    """Each is made of its own clips alone, and named for it."""
    clips = [clip_of("a", 5, 0.1), clip_of("b", 5, 0.2, "ta"), clip_of("c", 5, 0.3, "")]
    made = stitch(clips, [2.0], 1)
    assert [clip.name for clip in made[::3]] == ["any-2s-1", "hi-2s-1", "ta-2s-1"]
    assert [(clip.language, round(float(clip.wave.samples.max()), 6)) for clip in made[::3]] == [
        ("", 0.3),
        ("hi", 0.1),
        ("ta", 0.2),
    ]


def test_stitch_is_repeated_by_its_seed() -> None:
    """And another seed cuts elsewhere; a length more does not change the others."""
    ramp = Waveform(np.linspace(-1, 1, 10_000, dtype=np.float32), RATE_HZ)
    clips = [Clip("ramp", "hi", "", ramp)]

    def bytes_of(lengths, seed):
        return [clip.wave.samples.tobytes() for clip in stitch(clips, lengths, seed)]

    assert bytes_of([1.0], 1) == bytes_of([1.0], 1)
    assert bytes_of([1.0], 1) == bytes_of([2.0, 1.0], 1)[3:]
    assert len({*bytes_of([1.0], 1), *bytes_of([1.0], 2)}) == 6


def test_stitch_is_refused_when_it_would_fill_the_memory() -> None:
    """Before any of it is made."""
    clip = Clip("a", "hi", "", Waveform(np.zeros(16_000, np.float32), 16_000))
    with pytest.raises(ConfigError, match="more than 1 GiB"):
        stitch([clip], [3600.0, 3000.0], 1)


def test_load_corpus_makes_lengths_of_the_samples() -> None:
    """A mix by length, made where the recordings have none of it."""
    spec = CorpusSpec(languages=("en",), lengths_s=(1.0, 30.0), mix="0-5=0.9,20-40=0.1")
    corpus = load_corpus(spec, rate_hz=16_000)
    assert pytest.approx([0.3] * 3 + [0.1 / 3] * 3) == list(corpus.weights)
    assert [clip.audio_s for clip in corpus.clips] == [1.0] * 3 + [30.0] * 3
