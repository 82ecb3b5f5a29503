"""Transcripts as text, JSON, subtitles and tables."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_client.formats import FORMATS, format_transcript
from asr_client.results import AudioFacts, Chunk, Coverage, Segment, Timing, Transcript

SRT_TIMES = re.compile(r"(\d{2,}):(\d\d):(\d\d),(\d{3}) --> (\d{2,}):(\d\d):(\d\d),(\d{3})")
VTT_TIMES = re.compile(r"(\d{2,}):(\d\d):(\d\d)\.(\d{3}) --> (\d{2,}):(\d\d):(\d\d)\.(\d{3})")
MONTH_S = 30 * 24 * 3600.0

seconds = st.floats(min_value=0, max_value=MONTH_S)
segments = st.lists(st.builds(Segment, start_s=seconds, end_s=seconds, text=st.text())).map(tuple)


def transcript_of(*parts: Segment, text: str = "") -> Transcript:
    """Build a transcript of the given segments; the other fields are plausible and fixed."""
    return Transcript(
        text=text or " ".join(part.text for part in parts),
        language="hi",
        duration_s=4.0,
        segments=parts,
        model="asr_am_ensemble",
        model_version="1",
        protocol="http",
        request_id="7d4c",
        timing=Timing(prepare_s=0.01, exchange_s=0.45, total_s=0.5),
        audio=AudioFacts(
            duration_s=4.0,
            sample_rate_hz=44100,
            channels=2,
            format="WAV/PCM_16",
            resampled_from_hz=44100,
            peak=0.5,
            clipped_ratio=0.0,
            silent_ratio=0.1,
            dc_offset=0.0,
        ),
        warnings=("quiet",),
    )


def times_of(subtitles: str, pattern: re.Pattern[str]) -> list[tuple[int, int]]:
    """Read back each cue's start and end, in ms."""
    times = []
    for line in subtitles.split("\n"):
        if found := pattern.fullmatch(line):
            fields = [int(field) for field in found.groups()]
            start_ms, end_ms = (
                ((hours * 60 + minutes) * 60 + whole) * 1000 + rest
                for hours, minutes, whole, rest in (fields[:4], fields[4:])
            )
            assert max(fields[1], fields[2], fields[5], fields[6]) < 60
            times.append((start_ms, end_ms))
    return times


RAIN = transcript_of(Segment(0.0, 1.5, "आज बारिश"), Segment(1.75, 61.0, "हो रही है"))


def test_txt_is_the_text_alone() -> None:
    """Plain text holds the words and a newline, nothing else."""
    assert format_transcript(RAIN, "txt") == "आज बारिश हो रही है\n"


def test_srt_numbers_its_cues() -> None:
    """SubRip cues carry a number, times with a comma, and the words."""
    assert format_transcript(RAIN, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nआज बारिश\n\n2\n00:00:01,750 --> 00:01:01,000\nहो रही है\n"
    )


def test_vtt_starts_with_its_name() -> None:
    """WebVTT opens with its signature; times have a point."""
    assert format_transcript(RAIN, "vtt") == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nआज बारिश\n\n"
        "00:00:01.750 --> 00:01:01.000\nहो रही है\n"
    )


def test_tsv_counts_milliseconds() -> None:
    """The table has Whisper's header and whole milliseconds."""
    assert format_transcript(RAIN, "tsv") == (
        "start\tend\ttext\n0\t1500\tआज बारिश\n1750\t61000\tहो रही है\n"
    )


def test_json_holds_every_field_in_order() -> None:
    """JSON is one readable line with the fields as declared, then rtfx and is_complete."""
    line = format_transcript(RAIN, "json")
    assert line.count("\n") == 1
    assert "बारिश" in line
    read = json.loads(line)
    declared = [field.name for field in dataclasses.fields(Transcript)]
    assert list(read) == [*declared, "rtfx", "is_complete"]
    assert read["segments"][1] == {
        "start_s": 1.75,
        "end_s": 61.0,
        "text": "हो रही है",
        "is_gap": False,
    }
    assert read["audio"] == dataclasses.asdict(RAIN.audio)
    assert read["warnings"] == ["quiet"]
    assert read["rtfx"] == 8.0
    assert read["is_complete"] is True
    assert read["coverage"] is None


def test_json_names_the_source_first_when_given() -> None:
    """The recording's name leads the line."""
    assert format_transcript(RAIN, "json", source="a.wav").startswith('{"source": "a.wav", "text"')


@pytest.mark.parametrize(
    ("at_s", "written"),
    [
        (0.0, "00:00:00,000"),
        (0.0004, "00:00:00,000"),
        (0.0006, "00:00:00,001"),
        (59.9994, "00:00:59,999"),
        (59.9995, "00:01:00,000"),
        (3599.9999, "01:00:00,000"),
        (359_999.9996, "100:00:00,000"),
        (-0.25, "00:00:00,000"),
    ],
)
def test_srt_time_carries_when_rounding(at_s: float, written: str) -> None:
    """Rounding to ms carries through seconds, minutes and hours, and never below zero."""
    cue = format_transcript(transcript_of(Segment(at_s, at_s, "word")), "srt")
    assert cue == f"1\n{written} --> {written}\nword\n"


@pytest.mark.parametrize("format_", ["srt", "vtt", "tsv"])
def test_cue_is_left_out_when_it_has_no_text(format_: str) -> None:
    """Segments of silence make no cue, and the numbers stay without gaps."""
    silence = Segment(0.0, 1.0, " \n\t")
    words = Segment(1.0, 2.0, "word")
    with_silence = format_transcript(transcript_of(silence, words, silence, words), format_)
    assert with_silence == format_transcript(transcript_of(words, words), format_)


@pytest.mark.parametrize(
    ("format_", "written"),
    [
        ("txt", "\n"),
        ("srt", "\n"),
        ("vtt", "WEBVTT\n"),
        ("tsv", "start\tend\ttext\n"),
    ],
)
def test_format_is_a_valid_file_when_nothing_was_said(format_: str, written: str) -> None:
    """A silent recording still gives a file that tools can open."""
    assert format_transcript(transcript_of(), format_) == written


def test_srt_cue_stays_whole_when_its_text_is_hostile() -> None:
    """Blank lines and arrows inside the words cannot end a cue or begin one."""
    text = "one\n\n2\r\n00:00:01,000 --> 00:00:02,000\u2028two --->"
    written = format_transcript(transcript_of(Segment(0, 1, text)), "srt")
    assert (
        written == "1\n00:00:00,000 --> 00:00:01,000\none 2 00:00:01,000 →\n00:00:02,000 two -→\n"
    )


def test_vtt_cue_is_escaped_when_its_text_is_markup() -> None:
    """What WebVTT would read as markup is shown as it was said."""
    written = format_transcript(transcript_of(Segment(0, 1, "a <b> & c\n\n--> d")), "vtt")
    assert written.endswith("\na &lt;b&gt; &amp; c --&gt; d\n")


def test_tsv_row_stays_whole_when_its_text_has_tabs() -> None:
    """Tabs and newlines in the words become spaces."""
    written = format_transcript(transcript_of(Segment(0, 1, "a\tb\nc\r\n d")), "tsv")
    assert written.splitlines()[1] == "0\t1000\ta b c d"


GAPPED = dataclasses.replace(
    transcript_of(
        Segment(0.0, 20.0, "one"),
        Segment(19.0, 40.0, "", is_gap=True),
        Segment(40.0, 45.5, "two"),
        text="one [...] two",
    ),
    coverage=Coverage(
        samples=91,
        sample_rate_hz=2,
        chunks=(
            Chunk(0, 40, "overlap"),
            Chunk(38, 80, "pause", failure="the server is gone"),
            Chunk(80, 91, "end"),
        ),
    ),
)


def test_gap_is_seen_in_every_format() -> None:
    """Where a chunk failed, something stands, at its time where the format has times."""
    assert format_transcript(GAPPED, "txt") == "one [...] two\n"
    assert "\n2\n00:00:19,500 --> 00:00:40,000\n[...]\n" in format_transcript(GAPPED, "srt")
    assert "\n00:00:19.500 --> 00:00:40.000\n[...]\n" in format_transcript(GAPPED, "vtt")
    assert "\n19000\t40000\t[...]\n" in format_transcript(GAPPED, "tsv")


def test_json_says_what_is_missing_and_why() -> None:
    """The chunks are there as they were sent, and whether that was all."""
    read = json.loads(format_transcript(GAPPED, "json"))
    assert read["is_complete"] is False
    assert [segment["is_gap"] for segment in read["segments"]] == [False, True, False]
    assert read["coverage"]["chunks"][1] == {
        "first_sample": 38,
        "end_sample": 80,
        "seam": "pause",
        "failure": "the server is gone",
    }


def test_vtt_says_when_times_are_estimated() -> None:
    """A note stands at the top if, and only if, a segment was split or its time moved."""
    sentences = " ".join(["It has been raining since this morning."] * 5)
    split = format_transcript(transcript_of(Segment(0.0, 15.0, sentences)), "vtt")
    assert split.startswith("WEBVTT\n\nNOTE\nOf a stretch with several cues")
    assert "NOTE" in format_transcript(GAPPED, "vtt")
    assert "NOTE" not in format_transcript(RAIN, "vtt")


def test_format_error_names_the_known_ones() -> None:
    """An unknown format is refused with the list of those that exist."""
    with pytest.raises(ConfigError, match="unknown format 'doc'; known: txt, json, srt, vtt, tsv"):
        format_transcript(RAIN, "doc")


@pytest.mark.parametrize("format_", FORMATS)
@given(parts=segments, text=st.text())
def test_format_ends_in_one_newline(format_: str, parts: tuple[Segment, ...], text: str) -> None:
    """Whatever was said, the result ends in exactly one newline."""
    written = format_transcript(transcript_of(*parts, text=text), format_)
    assert written.endswith("\n")
    assert not written.endswith("\n\n")


@given(st.lists(seconds, min_size=2))
def test_subtitle_times_read_back_as_rounded(bounds: list[float]) -> None:
    """Times read back are the segments', rounded to ms, and adjoining segments stay adjoining."""
    bounds.sort()
    transcript = transcript_of(*(Segment(*times, "word") for times in pairwise(bounds)))
    expected = [(round(start_s * 1000), round(end_s * 1000)) for start_s, end_s in pairwise(bounds)]
    assert times_of(format_transcript(transcript, "srt"), SRT_TIMES) == expected
    assert times_of(format_transcript(transcript, "vtt"), VTT_TIMES) == expected


@given(parts=segments)
def test_subtitle_times_never_go_back(parts: tuple[Segment, ...]) -> None:
    """Whatever the segments' times are, cues come one after the other."""
    times = times_of(format_transcript(transcript_of(*parts), "srt"), SRT_TIMES)
    flat = [time for cue in times for time in cue]
    assert flat == sorted(flat)


@given(parts=segments)
def test_blank_lines_separate_cues_and_rows_are_segments(parts: tuple[Segment, ...]) -> None:
    """Blank lines occur nowhere else; the table has a row for each segment with words."""
    transcript = transcript_of(*parts)
    srt = format_transcript(transcript, "srt")
    assert len([cue for cue in srt.split("\n\n") if cue.strip()]) == len(times_of(srt, SRT_TIMES))
    vtt = format_transcript(transcript, "vtt")
    heads = 1 + ("\n\nNOTE\n" in vtt)
    assert len(vtt.split("\n\n")) == len(times_of(vtt, VTT_TIMES)) + heads
    spoken = sum(bool(part.text.strip()) for part in parts)
    assert len(format_transcript(transcript, "tsv").split("\n")) == spoken + 2


@given(parts=segments)
def test_vtt_arrow_stands_only_between_times(parts: tuple[Segment, ...]) -> None:
    """Words never hold the arrow that WebVTT takes for a cue's times."""
    written = format_transcript(transcript_of(*parts), "vtt")
    arrows = [line for line in written.split("\n") if "-->" in line]
    assert all(VTT_TIMES.fullmatch(line) for line in arrows)


@given(parts=segments, text=st.text())
def test_json_reads_back_what_was_written(parts: tuple[Segment, ...], text: str) -> None:
    """JSON keeps words and times exactly, on one line."""
    transcript = transcript_of(*parts, text=text)
    line = format_transcript(transcript, "json")
    assert line.count("\n") == 1
    read = json.loads(line)
    assert read["text"] == transcript.text
    assert tuple(Segment(**part) for part in read["segments"]) == parts
