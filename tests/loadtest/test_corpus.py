"""The corpus of a run: whose turn it is, what it is, what is said of it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from asr_client.audio import Waveform
from asr_client.errors import ConfigError
from asr_loadtest.load.corpus import Clip, Corpus, CorpusSpec, load_corpus
from asr_loadtest.load.corpus.clips import check_memory, pad_clips

RATE_HZ = 16_000


def clip_of(name: str, language: str = "hi", seconds: float = 1.0, text: str = "word") -> Clip:
    """Make a recording of a constant that depends on its name."""
    level = (sum(name.encode()) % 100) / 1000
    samples = np.full(round(seconds * RATE_HZ), level, np.float32)
    return Clip(name, language, text, Waveform(samples, RATE_HZ))


CLIPS = [
    clip_of("a", "hi", 1),
    clip_of("b", "hi", 3),
    clip_of("c", "ta", 4),
    clip_of("d", "en", 40),
]


# --- whose turn it is


def test_pick_is_the_same_in_every_worker() -> None:
    """Two corpora of one specification choose alike, and not always the same."""
    first, second = Corpus(CorpusSpec(seed=3), CLIPS), Corpus(CorpusSpec(seed=3), CLIPS)
    chosen = [first.pick(index).name for index in range(200)]
    assert chosen == [second.pick(index).name for index in range(200)]
    assert {"a", "b", "c", "d"} == set(chosen)


def test_pick_follows_the_mix() -> None:
    """Three Hindi requests for each Tamil one, within four standard deviations."""
    corpus = Corpus(CorpusSpec(mix="hi=3,ta=1"), CLIPS)
    counts = Counter(corpus.pick(index).language for index in range(10_000))
    assert {"hi", "ta"} == set(counts)
    assert abs(counts["hi"] - 7_500) < 4 * (10_000 * 3 / 4 * 1 / 4) ** 0.5


def test_pick_stays_in_a_language_when_the_trace_names_it() -> None:
    """However it is written there."""
    corpus = Corpus(CorpusSpec(), CLIPS)
    assert {"a", "b"} == {corpus.pick(index, language="Hindi").name for index in range(50)}


def test_pick_gives_the_clip_that_the_trace_names() -> None:
    """Whatever the arrival's number."""
    corpus = Corpus(CorpusSpec(), CLIPS)
    assert {"c"} == {corpus.pick(index, clip="c").name for index in range(50)}


@pytest.mark.parametrize("wanted", [{"language": "gu"}, {"clip": "absent"}])
def test_pick_is_refused_when_the_corpus_lacks_what_the_trace_names(wanted) -> None:
    """Another clip would be another load."""
    with pytest.raises(ConfigError, match="the corpus has no recording"):
        Corpus(CorpusSpec(), CLIPS).pick(0, **wanted)


def test_corpus_is_refused_when_two_clips_have_one_name() -> None:
    """Names are how samples tell what was sent."""
    with pytest.raises(ConfigError, match="have one name"):
        Corpus(CorpusSpec(), [CLIPS[0], CLIPS[0]])


# --- what it is


def test_describe_sums_up_clips_seconds_languages_and_lengths() -> None:
    """Shares are of requests, and all of it is JSON."""
    corpus = Corpus(CorpusSpec(mix="hi=3,ta=1"), pad_clips(CLIPS, 2.0))
    described = corpus.describe()
    assert described == json.loads(json.dumps(described))
    assert {
        "source": "samples",
        "clips": 3,
        "audio_s": 8.0,
        "padded_s": 10.0,
        "with_text": 3,
        "languages": {
            "hi": {"clips": 2, "audio_s": 4.0, "share": 0.75},
            "ta": {"clips": 1, "audio_s": 4.0, "share": 0.25},
        },
        "lengths": {
            "0-2 s": {"clips": 1, "audio_s": 1.0, "share": 0.375},
            "2-5 s": {"clips": 2, "audio_s": 7.0, "share": 0.625},
        },
        "digest": corpus.digest,
    } == described


def test_describe_names_the_source_without_its_path() -> None:
    """A report may be handed on; where the recordings lie on this machine is nobody's business."""
    corpus = Corpus(CorpusSpec(source="/srv/calls/may.tsv"), CLIPS)
    assert corpus.describe()["source"] == "may.tsv"


def test_digest_differs_when_anything_that_is_sent_differs() -> None:
    """Name, language, text, one sample, padding, share."""
    clip = CLIPS[0]
    louder = clip.wave.samples.copy()
    louder[-1] += 1 / 32768
    others = [
        replace(clip, name="other"),
        replace(clip, language="ta"),
        replace(clip, text="other"),
        replace(clip, wave=Waveform(louder, RATE_HZ)),
        replace(clip, padding=1),
    ]
    corpora = [Corpus(CorpusSpec(), [each, CLIPS[1]]) for each in (clip, *others)]
    corpora.append(Corpus(CorpusSpec(mix="0-2=1,2-5=2"), [clip, CLIPS[1]]))
    assert len({corpus.digest for corpus in corpora}) == 7


def test_digest_is_equal_when_the_same_is_loaded_twice() -> None:
    """Workers compare theirs with the master's."""
    spec = CorpusSpec(lengths_s=(1.0, 6.0), languages=("en",), seed=4)
    first, second = (load_corpus(spec, rate_hz=RATE_HZ) for _ in range(2))
    assert first.digest == second.digest


# --- notes


def test_notes_warn_of_batching_when_there_is_one_clip() -> None:
    """It batches perfectly, as no real load does."""
    (note,) = Corpus(CorpusSpec(), CLIPS[:1]).notes
    assert note.startswith("there is one recording: a dynamic batcher joins equal lengths only")


def test_notes_warn_of_batching_when_the_mix_leaves_one_clip() -> None:
    """What counts is what is sent."""
    left_out, note = Corpus(CorpusSpec(mix="ta=1"), CLIPS).notes
    assert left_out == "the mix leaves out 3 of 4 recordings"
    assert note.startswith("there is one recording")


def test_notes_warn_of_batching_when_all_are_sent_with_one_length() -> None:
    """Padding does that, too."""
    assert Corpus(CorpusSpec(), CLIPS[:3]).notes == ()
    (note,) = Corpus(CorpusSpec(), pad_clips(CLIPS[:3], 5.0)).notes
    assert note.startswith("all recordings are sent with the same length")


def test_notes_count_clips_without_language_or_text() -> None:
    """With one of them as an example."""
    clips = [CLIPS[0], clip_of("x", language="", seconds=2, text="")]
    assert Corpus(CorpusSpec(), clips).notes == (
        "1 of 2 recordings have no language, such as x",
        "1 of 2 recordings have no reference text, such as x",
    )


# --- padding, memory, settings


@pytest.mark.parametrize(
    ("seconds", "bucket_s", "expected_s"),
    [(1.0, 0, 1.0), (1.0, 2, 2.0), (2.0, 2, 2.0), (2.5, 2, 4.0), (0.3, 0.25, 0.5)],
)
def test_pad_clips_fills_up_to_the_next_multiple(seconds, bucket_s, expected_s) -> None:
    """What is one already stays as it is, and the speech has its own length."""
    (clip,) = pad_clips([clip_of("a", seconds=seconds)], bucket_s)
    assert (seconds, expected_s) == (clip.audio_s, clip.padded_s)
    samples = clip.padded_wave().samples
    assert clip.sent_samples == samples.size
    assert np.array_equal(clip.wave.samples, samples[: clip.wave.samples.size])
    assert not samples[clip.wave.samples.size :].any()


def test_padded_wave_is_the_speech_itself_when_there_is_no_padding() -> None:
    """Not a copy."""
    assert CLIPS[0].wave is CLIPS[0].padded_wave()


def test_check_memory_refuses_more_than_a_gibibyte() -> None:
    """Which is 4.7 h at 16 kHz."""
    check_memory(1 << 28, RATE_HZ)
    with pytest.raises(ConfigError, match=r"more than 1 GiB .* 4\.7 h of audio at 16000 Hz"):
        check_memory((1 << 28) + 1, RATE_HZ)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"source": " "}, "has no source"),
        ({"lengths_s": (0.1,)}, r"recordings of 0\.1 s cannot be made"),
        ({"lengths_s": (3601.0,)}, "recordings of 3601 s cannot be made"),
        ({"lengths_s": (float("nan"),)}, "recordings of nan s cannot be made"),
        ({"lengths_s": (1.0, 1.0)}, "named twice"),
        ({"pad_to_s": -1.0}, "padding to -1 s is not possible"),
        ({"pad_to_s": float("nan")}, "padding to nan s is not possible"),
        ({"mix": "hi"}, "is no share"),
    ],
)
def test_corpus_spec_is_refused_when_a_setting_cannot_work(settings, message) -> None:
    """Before anything is read."""
    with pytest.raises(ConfigError, match=message):
        CorpusSpec(**settings)
