"""What is counted of a run, and how it is told: by a clock that the test winds."""

from __future__ import annotations

import json

import pytest

from asr_client.bulk.account.summary import Failure, Summary, format_duration, write_json
from asr_client.bulk.account.tally import Standing, Tally
from asr_client.cli.progress import clock, full_line, is_worth_a_line, short_line


class Clock:
    """Seconds that pass when told."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def tally(watch: Clock) -> Tally:
    """Four recordings of 10, 10, 20 and 40 s."""
    tally = Tally(4, jobs=2, clock=watch)
    for place, seconds in enumerate((10.0, 10.0, 20.0, 40.0)):
        tally.measured(place, seconds)
    return tally


def test_chunks_of_a_recording_that_is_not_over_count(tally: Tally, watch: Clock) -> None:
    """A two-hour recording moves; what was heard of it is not counted again when it is over."""
    watch.now_s += 10
    for _ in range(3):
        tally.hear(10.0)
    now = tally.standing()
    assert (now.over, now.share, now.rtfx) == (0, pytest.approx(30 / 80), pytest.approx(3.0))
    assert now.left_s == pytest.approx(50 / 3)
    tally.hear(11.0)  # an overlap is heard twice
    tally.succeed(3, 40.0, ())
    now = tally.standing()
    assert now.share == pytest.approx(41 / 80)
    assert now.rtfx == pytest.approx(4.1)


def test_standing_tells_share_rate_and_rest(tally: Tally, watch: Clock) -> None:
    """By seconds of audio, at the rate of the last 30 s."""
    assert tally.standing().left_s is None
    tally.skip(0)
    for _ in range(3):
        tally.took()
    watch.now_s += 5
    tally.succeed(1, 10.0, ())
    now = tally.standing()
    assert (now.over, now.under_way, now.audio_s) == (2, 2, 10.0)
    assert now.share == pytest.approx(20 / 80)
    assert now.rtfx == pytest.approx(2.0)
    assert now.left_s == pytest.approx(60 / 2)
    watch.now_s += 40
    tally.fail(2, "audio")
    now = tally.standing()
    assert (now.rtfx, now.left_s, now.failed) == (0.0, None, 1)
    tally.leave_gaps(3, 40.0, ())
    now = tally.standing()
    assert (now.share, now.failed, tally.not_tried) == (1.0, 2, 0)
    assert tally.failures == {"audio": 1, "incomplete": 1}


def test_unknown_lengths_are_taken_for_average_ones(watch: Clock) -> None:
    """So that a share and a rest can be told before all headers are read."""
    tally = Tally(4, clock=watch)
    assert tally.standing().share == 0
    tally.fail(3, "audio")
    assert tally.standing().share == pytest.approx(0.25)
    tally.measured(0, 30.0)
    tally.measured(3, 10.0)
    assert tally.standing().share == pytest.approx(10 / 80)
    watch.now_s += 10
    tally.succeed(0, 30.0, ())
    assert tally.standing().share == pytest.approx(40 / 80)
    assert tally.standing().left_s == pytest.approx(40 / 3)
    assert tally.standing().under_way is None


STANDING = Standing(
    total=500,
    done=100,
    skipped=20,
    failed=3,
    under_way=8,
    audio_s=900.0,
    elapsed_s=60.0,
    rtfx=15.25,
    share=0.246,
    left_s=3725.0,
)


def test_lines_tell_what_matters_first() -> None:
    """A terminal cuts a line off; a log has room."""
    assert short_line(STANDING) == (
        "123/500  25%  3 failed  15.2 audio s/s  1:02:05 left  8 at a time"
    )
    assert full_line(STANDING) == (
        "1:00: 123 of 500 over (25%), 20 of them before, 3 failed, 15.2 s of audio a second, "
        "1:02:05 left"
    )
    assert [clock(seconds) for seconds in (0, 59.6, 3599)] == ["0:00", "1:00", "59:59"]


@pytest.mark.parametrize(
    ("share", "elapsed_s", "due"),
    [(0.3, 62.0, False), (0.36, 62.0, False), (0.36, 63.0, True), (0.25, 90.0, True)],
)
def test_plain_lines_come_at_sensible_times(share: float, elapsed_s: float, *, due: bool) -> None:
    """A tenth further, or half a minute later; never several at once."""
    later = Standing(**{**_fields(), "share": share, "elapsed_s": elapsed_s})
    assert is_worth_a_line(STANDING, later) is due


def _fields() -> dict[str, object]:
    return {name: getattr(STANDING, name) for name in Standing.__dataclass_fields__}


def test_summary_is_told_and_written(tally: Tally) -> None:
    """A paragraph for people, a document for programs."""
    tally.succeed(0, 10.0, ())
    tally.skip(1)
    tally.fail(2, "audio")
    summary = Summary(
        version="1",
        started="2026-01-01T00:00:00+00:00",
        output="out",
        tally=tally,
        wall_s=4.0,
        stopped_by="SIGTERM",
        failures=[Failure("\udcff.wav", "audio", "it is empty")],
        scores={"wer": 0.125, "cer": 0.03, "recordings": 1},
    )
    assert summary.paragraph() == (
        "1 of 4 recordings transcribed; 1 were done before; 1 failed (1 audio); 1 not tried; "
        "10.0 s of audio in 4.0 s (RTFx 2.5); WER 12.5%, CER 3.0% over 1 with a reference"
    )
    fields = json.loads(write_json(summary))
    assert (fields["done"], fields["skipped"], fields["failed"], fields["not_tried"]) == (
        *(1, 1, 1),
        1,
    )
    assert fields["failures"] == [
        {"source": "\udcff.wav", "code": "audio", "message": "it is empty"}
    ]
    assert (fields["rtfx"], fields["stopped_by"]) == (2.5, "SIGTERM")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (245, "4 min 5 s"),
        (7380, "2 h 3 min"),
        (4e6, "1,111 h 6 min"),
    ],
)
def test_time_is_told_to_be_read(seconds: float, text: str) -> None:
    """Two figures that matter."""
    assert format_duration(seconds) == text
