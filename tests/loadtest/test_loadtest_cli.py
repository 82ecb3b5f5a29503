"""The command asr-loadtest as a user meets it: its output, its exit codes, its errors."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from asr_loadtest.cli.commands import main
from asr_loadtest.cli.report import _FORMATS
from asr_loadtest.report.run_folder import RunWriter
from asr_loadtest.report.written import FORMATS
from synthetic_run import synthetic_run

COMMAND = [sys.executable, "-c", "from asr_loadtest.cli import main; main()"]


def write_run(folder: Path, slo: str = "", **changes: object) -> Path:
    """A run's folder."""
    run = synthetic_run(duration_s=40.0, **changes)  # type: ignore[arg-type]  # a test's arguments
    writer = RunWriter(folder, replace(run.info, run_id=folder.name))
    for sample in run.samples:
        writer.add_sample(sample)
    for pod in run.pods:
        writer.add_pod(pod)
    for sighting in run.sightings:
        writer.add_sighting(sighting)
    for reading in run.health:
        writer.add_generator(reading)
    if slo:
        writer.keep_slo(slo)
    writer.finish(replace(run.info, run_id=folder.name))
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that four servers carried with ease, with an SLO that is met."""
    return write_run(tmp_path / "easy", "p99_ms = 1500\n", pods=4, rate_rps=30.0)


def called(*arguments: object) -> int:
    """Run the command here; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


# --- report


def test_report_writes_all_and_names_them(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files to stdout, the verdict to stderr, its code to the shell."""
    assert called("report", run) == 0
    out, err = capsys.readouterr()
    names = ["report.html", "report.json", "report.csv", "report-groups.csv", "junit.xml"]
    assert out.splitlines() == [str(run / name) for name in [*names, "report.md"]]
    assert err.startswith("SLO met at ")
    assert all((run / name).stat().st_size for name in names)


def test_report_judges_by_another_slo(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same run misses a stricter one; elsewhere, and in the formats asked for."""
    strict = run.parent / "strict.toml"
    strict.write_text("p99_ms = 120\n")
    out = run.parent / "elsewhere"
    assert called("report", run, "--slo", strict, "--out", out, "--format", "json,md") == 1
    assert sorted(file.name for file in out.iterdir()) == ["report.json", "report.md"]
    assert json.loads((out / "report.json").read_text())["slo"]["limits"]["p99_ms"] == 120
    assert "SLO missed" in capsys.readouterr().err
    assert not (run / "report.json").exists()


def test_report_of_a_limited_run_ends_with_4(tmp_path: Path) -> None:
    """The gateway's limit is neither a success nor the servers' failure."""
    assert called("report", "-q", write_run(tmp_path / "limited", rate_rps=90.0, pods=8)) == 4


def test_report_warns_of_a_truncated_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What there is is reported, and what is missing said."""
    samples = run / "samples.jsonl.gz"
    samples.write_bytes(samples.read_bytes()[:-100])
    called("report", run)
    assert "warning: samples.jsonl.gz: " in capsys.readouterr().err
    assert "then the file breaks off" in (run / "report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report", "nowhere"], "nowhere is no run: cannot read its run.json"),
        (["report", "{run}", "--slo", "nowhere.toml"], "cannot read the SLO file nowhere.toml"),
        (["report", "{run}", "--format", "pdf"], "'pdf' is none; formats are html, json, csv"),
        (["report", "{run}", "--format", ","], "none is given; formats are html"),
        (["compare", "{run}", "nowhere"], "nowhere is no run and no report"),
        (["report"], "the following arguments are required: RUN"),
    ],
)
def test_wrong_usage_is_one_line_and_2(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    """It says what, to what, and what to do."""
    assert called(*(each.format(run=run) for each in arguments)) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_hostile_samples_are_one_line(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file and the line, no traceback."""
    (run / "samples.jsonl.gz").write_bytes(gzip.compress(b'{"index":0}\n'))
    assert called("report", run) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{run}/samples.jsonl.gz, line 1: this is no sample" in err


# --- compare


def test_compare_shows_both(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table with ratios, the p99 in a sentence, and warnings on stderr."""
    other = write_run(run.parent / "hard", "p99_ms = 1500\n", rate_rps=60.0)
    assert called("compare", run, other) == 0
    out, err = capsys.readouterr()
    (p99,) = [line for line in out.splitlines() if line.startswith("response p99")]
    assert p99.endswith("A is better")
    assert out.splitlines()[-1] == "the p99 differ by more than chance: the first run is faster"
    assert "warning: the plan differs: Poisson, ramp from 3 to 30 req/s and " in err


def test_compare_takes_reports_and_folders(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report.json, its folder, and a folder without one are the same run."""
    called("report", "-q", run, "--out", run.parent / "reports")
    capsys.readouterr()
    assert called("compare", "--json", run, run.parent / "reports" / "report.json") == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["ratio"] for each in found["figures"] if each["first"]} == {1.0}
    assert found["warnings"] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no run and no report"),
        ("[]", "is no report that this version reads"),
        ('{"schema": "asr-loadtest/99"}', "its schema is 'asr-loadtest/99'"),
        ('{"schema": "asr-loadtest/1"}', "one of the reports is not whole"),
    ],
)
def test_compare_refuses_other_json(
    run: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    """One line, whatever the file holds."""
    file = run.parent / "other.json"
    file.write_text(text)
    assert called("compare", file, file) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_compare_refuses_a_report_of_nonsense(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right schema and the wrong types."""
    called("report", "-q", run, "--format", "json")
    document = json.loads((run / "report.json").read_text())
    document["latency"]["response"] = {"p99_s": "slow", "p99_low_s": {}, "p99_high_s": []}
    (run / "report.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert called("compare", run, run) == 2
    assert "one of the reports is not whole" in capsys.readouterr().err


# --- help


def test_help_is_quick_and_teaches() -> None:
    """It shows examples, and loads none of what reports are made with."""
    script = (
        "import sys\n"
        "from asr_loadtest.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    print('loaded', sorted(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    text, _, loaded = shown.rpartition("loaded ")
    assert "asr-loadtest compare runs/before runs/after" in text
    for module in ("numpy", "locust", "gevent", "asr_loadtest.report", "asr_loadtest.judgement"):
        assert f"'{module}'" not in loaded


def test_help_names_the_formats_that_there_are() -> None:
    """The command line's list is the reports' own."""
    assert _FORMATS == FORMATS


def test_command_ends_with_its_code(run: Path) -> None:
    """As a process of its own, with nothing on stderr but the verdict."""
    ended = subprocess.run(
        [*COMMAND, "report", run, "--format", "md"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0
    assert ended.stdout == f"{run / 'report.md'}\n"
    assert ended.stderr.count("\n") == 1
