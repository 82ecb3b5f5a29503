"""Load tests on one machine, as a user of Locust starts them, against a real Triton."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from asr_client.embedded import EmbeddedTriton
from asr_loadtest.engine.options import LoadOptions
from asr_loadtest.load.arrivals import make_arrivals
from asr_loadtest.report.run_folder import RunReader
from locust_run import PROJECT, FinishedRun, LocustRun

# One second of audio, so that the model's law (50 ms + 20 ms a second) holds for each.
SHORT = ("--asr-model", "asr_slow", "--asr-lengths-s", "1")


def test_list_shows_exactly_one_user() -> None:
    """`locust -f loadtest --list` names the users meant, and nothing that was only imported."""
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "loadtest", "--list"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["Available", "Users:", "AsrUser"]


def test_loadtest_holds_one_python_file() -> None:
    """Locust would run any other one as a locustfile, and could shadow a library by its name."""
    assert [path.name for path in (PROJECT / "loadtest").rglob("*.py")] == ["locustfile.py"]
    assert len((PROJECT / "loadtest/locustfile.py").read_text().splitlines()) <= 150


@pytest.fixture
def defaults(locust_run: LocustRun, embedded_triton: EmbeddedTriton) -> FinishedRun:
    """Run the first command that a user tries, shortened."""
    return locust_run.judged(embedded_triton.http_url, "-t", "6s")


@pytest.mark.alone
def test_defaults_transcribe_the_samples_at_the_default_rate(defaults: FinishedRun) -> None:
    """With a host and nothing else, the shipped recordings are transcribed, one a second."""
    arrivals = make_arrivals(
        LoadOptions().arrivals, seed=LoadOptions().seed, duration_s=6, rate_rps=LoadOptions().rate
    )
    assert [round(each.at_s, 6) for each in arrivals.instants()] == [
        sample.intended_s for sample in defaults.samples
    ]
    assert defaults.outcomes == {"ok": len(defaults.samples)}
    assert defaults.code == 0
    assert {sample.language for sample in defaults.samples} == {"en"}
    assert all(sample.word_errors is not None for sample in defaults.samples)
    assert defaults.info.route["protocol"] == "http"
    assert {path.name for path in defaults.folder.iterdir()} >= {
        "run.json",
        "samples.jsonl.gz",
        "report.html",
        "report.json",
        "report.csv",
        "report.md",
        "junit.xml",
    }


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_counts_agree_with_tritons_own(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, protocol: str
) -> None:
    """What the client has as good answers is what Triton counts, over both wires."""
    host = embedded_triton.http_url if protocol == "http" else embedded_triton.grpc_url
    run = locust_run(
        host,
        *SHORT,
        "--asr-rate",
        "8",
        "-t",
        "4s",
        "--asr-metrics-url",
        embedded_triton.metrics_url,
    )
    reconciled = run.document["server"]["reconciliation"]
    assert run.info.route["protocol"] == protocol
    assert reconciled["agreement"] == "equal", reconciled
    assert reconciled["client"] == reconciled["server"] == run.outcomes["ok"] > 10


@pytest.mark.alone
def test_closed_loop_is_labelled_and_ends_with_its_run_time(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """Users of Locust take turns until the run time is over; the report says what that hides."""
    run = locust_run(
        embedded_triton.http_url, *SHORT, "--asr-loop", "closed", "-u", "3", "-r", "9", "-t", "4s"
    )
    assert run.info.loop == "closed"
    assert run.info.ended_by == "plan"
    assert run.outcomes["ok"] == len(run.samples) > 5
    assert max(sample.lag_s for sample in run.samples if sample.lag_s is not None) < 0.5
    assert "coordinated omission" in run.output
    assert "coordinated omission" in (run.folder / "report.html").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_run_and_loses_nothing(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, number: int
) -> None:
    """Ctrl-C and SIGTERM end the run early: what was offered is in the report, and it says so."""
    run = locust_run(
        embedded_triton.http_url,
        *SHORT,
        "--asr-rate",
        "8",
        "-t",
        "60s",
        during=lambda process: process.send_signal(number),
    )
    assert run.info.ended_by == "signal"
    assert run.info.offered == len(run.samples)
    assert [sample.index for sample in run.samples] == list(range(len(run.samples)))
    assert run.code == 3
    assert "of the planned 60 s" in run.output


def test_overflow_is_recorded_as_not_sent(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """Arrivals beyond the bound on requests in flight are in the records, and void the run."""
    run = locust_run(
        embedded_triton.http_url,
        *SHORT,
        *("--asr-rate", "60", "--asr-max-in-flight", "2", "-t", "3s"),
    )
    assert run.outcomes["not_sent"] > 20
    assert len(run.samples) == run.info.offered
    assert run.code == 3
    late = next(sample for sample in run.samples if sample.outcome == "not_sent")
    assert (late.sent_s, late.done_s) == (None, None)
    assert late.detail == "2 requests were on their way already"


@pytest.mark.alone
def test_full_queue_is_overload_of_the_server(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """A rate far above the law's ceiling of 38 a second fills the queue: missed, by the server."""
    run = locust_run.judged(
        embedded_triton.http_url,
        *SHORT,
        *("--asr-rate", "120", "-t", "4s", "--asr-metrics-url", embedded_triton.metrics_url),
    )
    assert run.outcomes["overloaded"] > 10
    assert run.code == 1
    assert run.document["verdict"]["binding"] == "server"


def test_wrong_words_are_a_class_of_their_own(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path, speech_folder: Path
) -> None:
    """A transcript that differs from the manifest's text is no success."""
    manifest = tmp_path / "wrong.tsv"
    door = speech_folder / "en-awb-door.flac"
    manifest.write_text(f"path\tlanguage\ttext\n{door}\ten\tsomething else altogether\n")
    run = locust_run(
        embedded_triton.http_url,
        *("--asr-corpus", str(manifest), "--asr-max-word-errors", "0.2", "-t", "3s"),
    )
    assert run.outcomes == {"wrong_transcript": len(run.samples)}
    assert run.samples[0].word_errors is not None
    assert run.samples[0].word_errors > 0.2
    assert run.code != 0


def test_report_tells_what_flatters_in_its_corpus(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, speech_folder: Path, tmp_path: Path
) -> None:
    """One recording alone joins into batches as no real load does: the reader is told."""
    manifest = tmp_path / "one.tsv"
    manifest.write_text(f"path\tlanguage\n{speech_folder / 'en-awb-door.flac'}\ten\n")
    run = locust_run(embedded_triton.http_url, "--asr-corpus", str(manifest), "-t", "3s")
    assert "there is one recording" in run.document["notes"][0]
    assert "1 of 1 recordings have no reference text" in run.document["notes"][1]
    assert run.document["corpus"]["clips"] == 1


def test_profile_sets_what_the_command_line_leaves_open(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """A profile brings rate, warm-up and policy; an option of the command line wins."""
    profile = tmp_path / "mine.toml"
    profile.write_text(
        'duration_s = 4\nwarm_up_s = 1\ndeadline_s = 7\nconnections = "per-request"\n'
        '[arrivals]\nkind = "constant"\nrate_rps = 5\n'
    )
    run = locust_run(
        embedded_triton.http_url, *SHORT, "--asr-profile", str(profile), "--asr-deadline-s", "9"
    )
    assert [sample.intended_s for sample in run.samples] == [n / 5 for n in range(20)]
    assert (run.info.profile, run.info.warm_up_s, run.info.deadline_s) == ("mine", 1, 9)
    assert run.document["load"]["offered"] == 15
    connections = [sample.connection for sample in run.samples]
    assert len(set(connections)) == len(connections)
    assert run.info.ended_by == "plan"


def test_profile_of_a_closed_loop_brings_its_users(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, tmp_path: Path
) -> None:
    """Without -u, as many users take turns as the profile says."""
    profile = tmp_path / "users.toml"
    profile.write_text('loop = "closed"\nusers = 3\n')
    run = locust_run(embedded_triton.http_url, *SHORT, "--asr-profile", str(profile), "-t", "4s")
    assert run.info.loop == "closed"
    assert run.document["generator"]["in_flight_most"] == 3


def test_users_of_an_open_loop_are_warned_of(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton
) -> None:
    """-u means nothing where arrivals come by schedule, and that is said."""
    run = locust_run(embedded_triton.http_url, *SHORT, "-u", "10", "-t", "3s")
    assert "-u is for --asr-loop closed" in run.output
    assert run.info.offered == len(run.samples)


@pytest.mark.alone
def test_paddings_are_swept(locust_run: LocustRun, embedded_triton: EmbeddedTriton) -> None:
    """Each padding is a measurement of the same arrivals, and a row of the table."""
    run = locust_run.judged(
        embedded_triton.http_url,
        *("--asr-model", "asr_slow", "--asr-lengths-s", "1.2,1.9", "--asr-pad-sweep", "0,2"),
        *("--asr-probe-s", "3", "--asr-rate", "5"),
        *("--asr-metrics-url", embedded_triton.metrics_url),
    )
    steps = json.loads((run.folder / "padding.json").read_text())
    assert [step["pad_to_s"] for step in steps] == [0, 2]
    assert steps[0]["padding_share"] == 0
    assert steps[1]["padding_share"] > 0.05
    parts = [RunReader(run.folder / name) for name in ("pad-0", "pad-2")]
    plain, padded = ([each.intended_s for each in part.samples()] for part in parts)
    assert sorted(plain) == sorted(padded)
    assert run.code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--asr-rate", "0"), "--asr-rate is 0.0"),
        (("--asr-profile", "stedy"), "nearest match: steady"),
        (("--asr-slo", "missing.toml"), "missing.toml"),
        (("--asr-corpus", "nowhere"), "nowhere"),
        (("--asr-lengths-s", "two"), "--asr-lengths-s is 'two'"),
        (("--asr-warm-up-s", "9"), "leaves nothing to judge"),
        (("--asr-search", "--asr-loop", "closed"), "a search sets the load of its parts itself"),
        (("--asr-language", "tlh"), "tlh"),
        (("--asr-out", "/dev/null"), "cannot be read or written: [Errno 20] Not a directory"),
    ],
)
def test_senseless_options_end_in_one_line(
    locust_run: LocustRun, embedded_triton: EmbeddedTriton, options: tuple[str, ...], words: str
) -> None:
    """What cannot work is said before anything is offered: exit code 2, and no traceback."""
    run = locust_run(embedded_triton.http_url, "-t", "5s", *options)
    assert run.code == 2
    assert words in run.output
    assert "Traceback" not in run.output
    assert not list(run.out.iterdir())


@pytest.mark.parametrize(
    ("host", "code", "words"),
    [
        ("", 2, "no host is named"),
        ("ftp://127.0.0.1", 2, "URL scheme 'ftp' is unknown"),
        ("http://127.0.0.1:9", 5, "Connection refused"),
    ],
)
def test_unusable_host_ends_in_one_line(
    locust_run: LocustRun, host: str, code: int, words: str
) -> None:
    """A host that is missing, senseless or not there is told apart, and nothing is measured."""
    run = locust_run(host, "-t", "5s")
    assert run.code == code
    assert words in run.output
    assert "Traceback" not in run.output
