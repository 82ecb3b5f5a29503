"""A run's folder: what is written can be read again, however the writer or the disk ended."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_loadtest.load.health import GeneratorReading
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.report.line_files import LineWriter, read_lines, write_whole
from asr_loadtest.report.run_folder import RunReader, RunWriter
from synthetic_run import SyntheticRun, synthetic_run

INFO = RunInfo(run_id="r", started_unix_s=0.0, host="http://127.0.0.1:8000")


def sample(index: int) -> Sample:
    """The sample of one number."""
    return Sample(index=index, intended_s=index / 8, sent_s=index / 8, done_s=index, outcome="ok")


def write_samples(folder: Path, count: int) -> Path:
    """A finished run of so many samples; its file of samples."""
    writer = RunWriter(folder, INFO)
    for index in range(count):
        writer.add_sample(sample(index))
    writer.finish(replace(INFO, ended_s=1.0))
    return folder / "samples.jsonl.gz"


@pytest.fixture(scope="module")
def run() -> SyntheticRun:
    """A short run of everything."""
    return synthetic_run(duration_s=15.0)


@pytest.fixture
def folder(tmp_path: Path, run: SyntheticRun) -> Path:
    """Its folder."""
    folder = tmp_path / "runs" / "one"
    writer = RunWriter(folder, replace(run.info, ended_s=0.0))
    for each in run.samples:
        writer.add_sample(each)
    for pod in run.pods:
        writer.add_pod(pod)
    for sighting in run.sightings:
        writer.add_sighting(sighting)
    for reading in run.health:
        writer.add_generator(reading)
    writer.keep_slo("p99_ms = 800\n")
    writer.finish(run.info)
    return folder


# --- what was written


def test_all_that_is_written_is_read_again(folder: Path, run: SyntheticRun) -> None:
    """Info, samples, servers, generator, cluster: as they were, and nothing to remark."""
    reader = RunReader(folder)
    assert reader.info == run.info
    assert list(reader.samples()) == list(run.samples)
    assert list(reader.pods()) == list(run.pods)
    assert list(reader.generator()) == list(run.health)
    assert list(reader.sightings()) == list(run.sightings)
    assert reader.slo_path is not None
    assert reader.slo_path.read_text() == "p99_ms = 800\n"
    assert reader.notes == []


def test_files_are_ordinary_gzip(folder: Path, run: SyntheticRun) -> None:
    """Whatever reads .gz reads the samples."""
    lines = gzip.decompress((folder / "samples.jsonl.gz").read_bytes()).decode().splitlines()
    assert [Sample.from_line(line) for line in lines] == list(run.samples)


def test_samples_are_written_in_pieces_of_64(tmp_path: Path) -> None:
    """A sample costs its line; the disk sees each 64th, and what is left at a flush."""
    writer = RunWriter(tmp_path, INFO)
    sizes = []
    for index in range(130):
        writer.add_sample(sample(index))
        sizes.append((tmp_path / "samples.jsonl.gz").stat().st_size)
    assert sizes[62] == 0
    assert 0 < sizes[63] == sizes[126] < sizes[127] == sizes[129]
    writer.flush()
    assert (tmp_path / "samples.jsonl.gz").stat().st_size > sizes[129]
    writer.finish(INFO)


def test_a_second_run_does_not_overwrite_the_first(folder: Path) -> None:
    """The folder of a run is refused to another one."""
    with pytest.raises(ConfigError, match="holds a run already"):
        RunWriter(folder, INFO)


# --- damage


def test_run_of_a_killed_process_is_read_to_its_last_flush(tmp_path: Path) -> None:
    """Of 100 samples, 64 were on disk; the reader says that nobody told how the run ended."""
    writer = RunWriter(tmp_path / "run", INFO)
    for index in range(100):
        writer.add_sample(sample(index))
    shutil.copytree(tmp_path / "run", tmp_path / "as_left")
    writer.finish(INFO)
    reader = RunReader(tmp_path / "as_left")
    assert [each.index for each in reader.samples()] == list(range(64))
    assert reader.notes == ["the run was cut off: nobody wrote down how it ended"]


def test_truncated_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    """Its last member is cut: what came before it is read, and a note says where it breaks off."""
    file = write_samples(tmp_path, 200)
    file.write_bytes(file.read_bytes()[:-20])
    reader = RunReader(tmp_path)
    found = list(reader.samples())
    assert found == [sample(index) for index in range(len(found))]
    assert 192 <= len(found) < 200
    assert reader.notes == [f"samples.jsonl.gz: {len(found)} lines, then the file breaks off"]


@settings(max_examples=60, deadline=None)
@given(st.integers(min_value=0, max_value=1_300))
def test_a_file_cut_anywhere_gives_its_first_lines(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    """Never an error, never a line that was not there; a note unless the cut is between members."""
    path = tmp_path_factory.mktemp("cut") / "lines.gz"
    writer = LineWriter(path)
    lines = [f"line {number} {number * 7919 % 101}" for number in range(300)]
    ends = {0}
    for line in lines:
        writer.add(line)
        ends.add(path.stat().st_size)
    writer.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:cut])
    notes: list[str] = []
    found = list(read_lines(path, notes.append))
    assert found == lines[: len(found)]
    is_between = min(cut, len(whole)) in {*ends, len(whole)}
    assert notes == (
        [] if is_between else [f"lines.gz: {len(found)} lines, then the file breaks off"]
    )


def test_full_disk_is_told_when_the_file_is_closed() -> None:
    """Who measures is not held up: lines are lost, and the end says so."""
    writer = LineWriter(Path("/dev/full"))
    writer.add("a line")
    writer.flush()
    with pytest.raises(OSError, match="No space left on device"):
        writer.close()


def test_flipped_bytes_never_end_in_a_traceback(tmp_path: Path) -> None:
    """Each byte of a file turned over in turn: lines, a note, or one line of an error."""
    file = write_samples(tmp_path, 70)
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        reader = RunReader(tmp_path)
        with suppress(ConfigError):
            assert len(list(reader.samples())) <= 70


def test_missing_samples_are_remarked(folder: Path) -> None:
    """A folder without them is read as a run without any, and says so."""
    (folder / "samples.jsonl.gz").unlink()
    reader = RunReader(folder)
    assert list(reader.samples()) == []
    assert reader.notes == ["samples.jsonl.gz is missing"]


def test_a_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    """64 MB of one letter, packed into 64 KB: given up after the first megabyte."""
    file = write_samples(tmp_path, 3)
    bomb = zlib.compress(b"a" * (64 << 20), wbits=31)
    file.write_bytes(file.read_bytes() + bomb)
    reader = RunReader(tmp_path)
    assert len(list(reader.samples())) == 3
    assert reader.notes == ["samples.jsonl.gz: 3 lines, then the file breaks off"]


# --- hostile contents


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: "no JSON", "this is not JSON"),
        (lambda info: [info], "this is no JSON object"),
        (lambda info: {**info, "colour": "red"}, "field 'colour' is unknown"),
        (lambda info: {**info, "warm_up_s": "ten"}, "field 'warm_up_s' cannot be 'ten'"),
        (lambda info: {**info, "warm_up_s": True}, "field 'warm_up_s' cannot be 'True'"),
        (lambda info: {**info, "rate_rps": float("nan")}, "field 'rate_rps' cannot be 'nan'"),
        (lambda info: {**info, "loop": "ajar"}, "field 'loop' cannot be 'ajar'"),
        (lambda info: {**info, "workers": [{"index": "0"}]}, "field 'workers' cannot be"),
        (lambda info: {**info, "workers": [{"index": 0}]}, "this is no record of a run"),
        (lambda info: {**info, "notes": "one"}, "field 'notes' cannot be 'one'"),
        (lambda _: {"run_id": "r"}, "this is no record of a run"),
        (lambda info: {**info, "cluster_speed": 0.0}, "this is no record of a run"),
        (lambda info: {**info, "cluster_speed": -5}, "this is no record of a run"),
    ],
)
def test_run_json_of_wrong_contents_is_one_line(
    tmp_path: Path, change: Callable[[dict[str, object]], object], says: str
) -> None:
    """What is no RunInfo is refused with the file's name and the field's."""
    write_samples(tmp_path, 1)
    changed = change(INFO.to_fields())
    text = changed if isinstance(changed, str) else json.dumps(changed)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ConfigError) as caught:
        RunReader(tmp_path)
    assert caught.value.message.startswith(f"{tmp_path / 'run.json'}: {says}")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "null",
        "[" * 100_000,
        '{"index":0,"intended_s":0,"outcome":"fine"}',
        '{"index":0,"outcome":"ok"}',
        '{"index":0,"intended_s":null,"outcome":"ok"}',
        '{"index":0,"intended_s":"0","outcome":"ok"}',
        '{"index":0,"intended_s":NaN,"outcome":"ok"}',
        '{"index":0,"intended_s":1e300,"outcome":"ok"}',
        '{"index":0,"intended_s":0,"outcome":["ok"]}',
        '{"index":0,"intended_s":0,"outcome":"ok","done_s":"1"}',
        '{"index":0,"intended_s":0,"outcome":"ok","audio_s":null}',
        '{"index":0,"intended_s":0,"outcome":"ok","language":["hi"]}',
        '{"index":0,"intended_s":0,"outcome":"ok","worker":{}}',
        '{"index":0,"intended_s":0,"outcome":"ok","shoe":1}',
    ],
)
def test_samples_of_wrong_contents_are_one_line(tmp_path: Path, line: str) -> None:
    """A whole line that is no sample is refused with its number, and never reckoned with."""
    file = write_samples(tmp_path, 1)
    file.write_bytes(file.read_bytes() + gzip.compress(line.encode() + b"\n"))
    with pytest.raises(ConfigError) as caught:
        list(RunReader(tmp_path).samples())
    assert caught.value.message.startswith(f"{file}, line 2: ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("server", "{}"),
        ("server", '{"at_s":0,"pod":"a","models":{"m":{"success":"1"}},"gpus":[],"steps":[]}'),
        ("server", '{"at_s":0,"pod":"a","models":{"m":{"batches":{"x":{}}}},"gpus":[],"steps":[]}'),
        ("server", '{"at_s":0,"pod":"a","models":{},"gpus":[{"uuid":1}],"steps":[]}'),
        ("generator", "[]"),
        ("generator", '{"at_s":0}'),
        ("generator", '{"at_s":0,"worker":0,"cpu_share":null}'),
    ],
)
def test_readings_of_wrong_contents_are_one_line(folder: Path, name: str, line: str) -> None:
    """Servers' and generator's readings are looked at as strictly."""
    (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(line.encode() + b"\n"))
    reader = RunReader(folder)
    with pytest.raises(ConfigError, match=rf"{name}.jsonl.gz, line 1: "):
        list(reader.pods() if name == "server" else reader.generator())


def test_what_is_no_run_is_said_so(tmp_path: Path) -> None:
    """A folder without run.json, and no folder at all."""
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(ConfigError, match=r"is no run: cannot read its run\.json"):
            RunReader(path)


def test_half_characters_survive(tmp_path: Path) -> None:
    """A reply that is no UTF-8 may leave them in a failure's words: the sample is kept."""
    odd = replace(sample(0), outcome="server_error", detail="half \udc80 of it")
    writer = RunWriter(tmp_path, INFO)
    writer.add_sample(odd)
    writer.finish(INFO)
    assert list(RunReader(tmp_path).samples()) == [odd]


# --- whole files


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """The old one or the new one, and no draft beside it."""
    path = tmp_path / "report.json"
    write_whole(path, "old")
    write_whole(path, "new")
    assert path.read_text() == "new"
    with pytest.raises(TypeError):
        write_whole(path, None)  # type: ignore[arg-type]  # what fails in the middle
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["report.json"]


def test_generator_reading_survives_json(run: SyntheticRun) -> None:
    """to_fields and from_fields are each other's inverse through JSON."""
    reading = run.health[0]
    assert GeneratorReading.from_fields(json.loads(json.dumps(reading.to_fields()))) == reading


def test_missing_file_of_the_cluster_is_said(folder: Path, run: SyntheticRun) -> None:
    """A run that watched an autoscaler does not look as if it had not."""
    info = replace(run.info, settings={**run.info.settings, "hpa": "asr-hpa"})
    (folder / "run.json").write_text(json.dumps(info.to_fields()))
    (folder / "cluster.jsonl.gz").unlink()
    reader = RunReader(folder)
    assert list(reader.sightings()) == []
    assert reader.notes == ["cluster.jsonl.gz is missing: the autoscaler is not judged"]


def test_sighting_at_no_instant_is_refused(folder: Path) -> None:
    """A damaged time is one line, and not a search without end."""
    line = json.dumps({"kind": "watch", "at_s": 1e300, "resource": "pods", "is_heard": True})
    (folder / "cluster.jsonl.gz").write_bytes(gzip.compress(line.encode() + b"\n"))
    with pytest.raises(ConfigError, match="no sighting of a run"):
        list(RunReader(folder).sightings())
