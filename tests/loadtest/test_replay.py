"""Replays of traces, and traces that nobody can mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals import Arrival, limit
from asr_loadtest.load.arrivals.replay import ReplayedArrivals
from asr_loadtest.load.arrivals.trace import parse_trace, read_trace


def replay(text: str, *, name: str = "day.csv", speed: float = 1.0) -> ReplayedArrivals:
    """Replay a trace that is written out."""
    return ReplayedArrivals.of(parse_trace(name, text.splitlines(keepends=True)), speed)


def test_csv_gives_instants_recordings_and_languages() -> None:
    """Empty cells are left to the corpus, other columns ignored, blank lines skipped."""
    arrivals = replay('status,at_s, audio ,lang\n200, 0.5,a.wav,hi\n\n\n,1.25,,\n429,2,"b,c.wav"\n')
    assert list(arrivals.instants()) == [
        Arrival(0, 0.5, "a.wav", "hi"),
        Arrival(1, 1.25, None, None),
        Arrival(2, 2.0, "b,c.wav", None),
    ]


@pytest.mark.parametrize("name", ["day.jsonl", "day.ndjson", "DAY.JSONL"])
@pytest.mark.parametrize("key", ["lang", "language"])
def test_json_lines_give_the_same(name, key) -> None:
    """One object a line; both names of the language are understood."""
    rows = [{"at_s": 0, "audio": "a.wav", key: "hi"}, {"at_s": 1.5}]
    arrivals = replay("\n".join(map(json.dumps, rows)), name=name)
    assert list(arrivals.instants()) == [Arrival(0, 0.0, "a.wav", "hi"), Arrival(1, 1.5)]


def test_clock_in_milliseconds_starts_with_its_earliest_row() -> None:
    """An access log's times are of a calendar."""
    arrivals = replay("ts_ms\n1718000001500\n1718000000250\n1718000000500\n")
    assert [each.at_s for each in arrivals.instants()] == [0.0, 0.25, 1.25]


def test_rows_out_of_order_are_put_in_order_and_that_is_said() -> None:
    """Logs are written when requests end; what belongs to a row stays with it."""
    arrivals = replay("at_s,audio\n3,c\n1,a\n2,b\n")
    assert [each.clip for each in arrivals.instants()] == ["a", "b", "c"]
    assert arrivals.describe() == "replay of day.csv, 3 arrivals, put in order"


def test_rows_at_one_instant_keep_their_order() -> None:
    """And count as in order."""
    arrivals = replay("at_s,audio\n1,x\n1,b\n1,a\n")
    assert [each.clip for each in arrivals.instants()] == ["x", "b", "a"]
    assert arrivals.describe() == "replay of day.csv, 3 arrivals"


def test_speed_compresses_time_and_nothing_else() -> None:
    """Twice the speed is twice the rate in half the time."""
    slow, fast = (replay("at_s\n0\n1\n2\n3\n", speed=speed) for speed in (1.0, 2.0))
    assert [each.at_s for each in fast.instants()] == [0.0, 0.5, 1.0, 1.5]
    assert (slow.duration_s, fast.duration_s) == (4.0, 2.0)
    assert (slow.mean_rate_rps, fast.mean_rate_rps) == (1.0, 2.0)
    assert fast.describe() == "replay of day.csv, 4 arrivals, 2 times as fast"


@given(
    instants_s=st.lists(st.floats(0, 1000), min_size=1, max_size=30),
    speed=st.floats(0.001, 1000.0),
)
def test_replay_within_its_own_duration_is_whole(instants_s, speed) -> None:
    """Nothing is cut off at the end, and the count before an instant is what was recorded."""
    text = "at_s\n" + "".join(f"{at_s!r}\n" for at_s in instants_s)
    arrivals = replay(text, speed=speed)
    made = list(limit(arrivals, arrivals.duration_s).instants())
    assert len(made) == len(instants_s)
    for each in made:
        assert arrivals.expected(each.at_s) == sum(other.at_s < each.at_s for other in made)


def test_planned_rate_is_that_of_whole_seconds() -> None:
    """A trace is no smooth curve."""
    arrivals = replay("at_s\n0.1\n0.2\n1.0\n2.5\n")
    assert [arrivals.rate_at(t_s) for t_s in (-1, 0, 0.9, 1, 2.5, 3, 9)] == [0, 2, 2, 1, 1, 0, 0]


def test_single_arrival_lasts_a_second() -> None:
    """A rate needs a time."""
    arrivals = replay("at_s\n4\n")
    assert (arrivals.duration_s, arrivals.mean_rate_rps) == (5.0, 0.2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the trace day.csv has no arrivals"),
        ("\n\n", "the trace day.csv has no arrivals"),
        ("at_s,audio\n", "the trace day.csv has no arrivals"),
        ("audio,lang\nx,hi\n", "day.csv, line 1: there is neither at_s nor ts_ms"),
        ("at_s;audio\n1;x\n", "day.csv, line 1: there is neither at_s nor ts_ms"),
        ("0.5,x\n1.0,y\n", "day.csv, line 1: there is neither at_s nor ts_ms"),
        ("at_s,ts_ms\n1,1000\n", "day.csv, line 1: there is both at_s and ts_ms"),
        ("at_s\n1\nsoon\n", "day.csv, line 3: at_s is no number ('soon')"),
        ("at_s,audio\n1,x\n,y\n", "day.csv, line 3: at_s is no number ('')"),
        ("audio,at_s\nx,1\ny\n", "day.csv, line 3: at_s is no number (None)"),
        ("at_s\n1,5\n", "day.csv, line 2: 2 cells in 1 columns"),
        ("at_s\nnan\n", "day.csv, line 2: at_s must be 0 or more, not nan"),
        ("at_s\ninf\n", "day.csv, line 2: at_s must be 0 or more, not inf"),
        ("at_s\n-0.5\n", "day.csv, line 2: at_s must be 0 or more, not -0.5"),
        ("ts_ms\n-5\n", "day.csv, line 2: ts_ms must be 0 or more, not -5"),
        ("at_s\n1718000000\n", "day.csv, line 2: at_s counts from the start of the run"),
        ('at_s,audio\n1,"x\n2,y\n', "day.csv, line 3: unexpected end of data"),
        ("at_s\n1\x00\n", "day.csv, line 2: at_s is no number ('1\\x00')"),
        ("at_s,audio\n1," + "x" * 200_000, "day.csv, line 2: field larger than field limit"),
    ],
)
def test_csv_that_cannot_be_meant_is_refused_with_its_line(text, message) -> None:
    """No traceback and no guess: file, line, what is amiss."""
    with pytest.raises(ConfigError) as caught:
        replay(text)
    assert caught.value.message.startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "day.jsonl, line 2: no JSON"),
        ("[" * 100_000, "day.jsonl, line 2: no JSON"),
        ("[1]", "day.jsonl, line 2: no JSON object"),
        ("3", "day.jsonl, line 2: no JSON object"),
        ('{"audio": "x"}', "day.jsonl, line 2: at_s is no number (None)"),
        ('{"at_s": true}', "day.jsonl, line 2: at_s is no number (True)"),
        ('{"at_s": null}', "day.jsonl, line 2: at_s is no number (None)"),
        ('{"at_s": [1]}', "day.jsonl, line 2: at_s is no number ([1])"),
        ('{"at_s": NaN}', "day.jsonl, line 2: at_s must be 0 or more, not nan"),
        ('{"at_s": 1e999}', "day.jsonl, line 2: at_s must be 0 or more, not inf"),
        ('{"at_s": 1' + "0" * 400 + "}", "day.jsonl, line 2: at_s is no number"),
    ],
)
def test_json_that_cannot_be_meant_is_refused_with_its_line(line, message) -> None:
    """As above."""
    with pytest.raises(ConfigError) as caught:
        replay(f'{{"at_s": 0}}\n{line}\n', name="day.jsonl")
    assert caught.value.message.startswith(message)
    assert len(str(caught.value)) < 200


@given(text=st.text(max_size=200), name=st.sampled_from(["day.csv", "day.jsonl"]))
def test_any_text_is_a_trace_or_a_config_error(text, name) -> None:
    """Whatever a file holds, nothing else is raised."""
    try:
        arrivals = replay(text, name=name)
    except ConfigError:
        return
    instants_s = [each.at_s for each in arrivals.instants()]
    assert instants_s == sorted(instants_s)


def test_trace_is_read_from_a_file_with_a_byte_order_mark(tmp_path) -> None:
    """Spreadsheets write one, and carriage returns."""
    path = tmp_path / "day.csv"
    path.write_bytes(b"\xef\xbb\xbfat_s,audio\r\n1,x\r\n")
    assert list(ReplayedArrivals.of(read_trace(path)).instants()) == [Arrival(0, 1.0, "x")]


def test_files_that_are_no_traces_are_refused(tmp_path) -> None:
    """Missing, a folder, no text, of another kind, or with a name that no file can have."""
    (tmp_path / "bytes.csv").write_bytes(b"at_s\n\xff\xfe\n")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "day.xlsx").write_text("at_s\n1\n")
    refusals = []
    for name in ("none.csv", "folder.csv", "bytes.csv", "day.xlsx", "a\0b.csv"):
        with pytest.raises(ConfigError) as caught:
            read_trace(tmp_path / name)
        refusals.append(caught.value.message.replace(f"{tmp_path}/", ""))
    assert refusals == [
        "cannot read the trace none.csv: No such file or directory",
        "cannot read the trace folder.csv: Is a directory",
        "the trace bytes.csv is no UTF-8 text",
        "day.xlsx is no trace",
        "cannot read the trace 'a\\x00b.csv': embedded null byte",
    ]
