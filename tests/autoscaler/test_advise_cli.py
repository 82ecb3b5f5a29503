"""The command asr-loadtest advise as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from advice_cases import HPA_TEXT, WORKLOAD_TEXT
from asr_loadtest.cli.advise_files import read_sample
from asr_loadtest.cli.commands import main
from asr_loadtest.cluster.kubernetes.sightings import UsageSeen
from asr_loadtest.report.run_folder import RunWriter
from shipped_manifests import DEPLOY
from synthetic_run import synthetic_run

SHIPPED = DEPLOY / "kubernetes"
IDLE = "triton-multilingual-asr-7d4b9c6f5-x2x9k  40m  4096Mi\n"
LOADED = """\
replicas = 1
cpu_cores = 0.7
memory_bytes = "3Gi"
rps = 12.0
queue_s = 0.8
gpu_utilization = 0.97
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a healthy HPA, what belongs to it, and two samples."""
    (tmp_path / "hpa.yaml").write_text(HPA_TEXT)
    (tmp_path / "rest.yaml").write_text(WORKLOAD_TEXT)
    (tmp_path / "idle.txt").write_text("asr-7d4b9c6f5-x2x9k  100m  5Gi\n")
    (tmp_path / "loaded.toml").write_text(LOADED.replace("0.7", "3.9").replace("= 12", "= 10"))
    (tmp_path / "top.txt").write_text(IDLE)
    (tmp_path / "blind.toml").write_text(LOADED)
    return tmp_path


def called(*arguments: object) -> int:
    """Run the command here; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["advise", *map(str, arguments)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_healthy_ends_with_0_and_says_what_was_not_looked_at(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Findings to stdout, gaps to stderr."""
    samples = ("--idle", place / "idle.txt", "--loaded", place / "loaded.toml")
    assert called(place / "hpa.yaml", place / "rest.yaml", *samples) == 0
    out, err = capsys.readouterr()
    assert out == "nothing was found that will go wrong\n"
    assert "not looked at: whether there are GPUs for maxReplicas; give --gpus" in err


def test_shipped_hpa_has_the_two_traps_of_the_model(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the memory when idle, a third of the CPU when saturated: exit 1, and both named."""
    samples = ("--idle", place / "top.txt", "--loaded", place / "blind.toml")
    assert called(SHIPPED / "ai-model-hpa.yaml", SHIPPED, *samples) == 1
    out = capsys.readouterr().out
    assert out.startswith("wrong: memory_trap\n")
    assert "replicas stop at 2, not 1" in out
    assert "wrong: blind_signal" in out
    assert "  -> scale by the queue" in out
    assert out.rindex("wrong:") < out.index("know:")


def test_shipped_variant_has_neither(place: Path) -> None:
    """By the queue, with what was measured as its target, the same samples are fine."""
    text = (SHIPPED / "ai-model-hpa-queue.yaml").read_text()
    (place / "queue.yaml").write_text(text.replace('averageValue: "8"', 'averageValue: "4"'))
    samples = ("--idle", place / "top.txt", "--loaded", place / "blind.toml")
    assert called(place / "queue.yaml", SHIPPED, *samples) == 0


def test_json_is_one_object(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings with figures, and gaps; nothing else."""
    assert called(place / "hpa.yaml", place / "rest.yaml", "--gpus", 3, "--json") == 1
    out, err = capsys.readouterr()
    answer = json.loads(out)
    assert err == ""
    assert answer["grave"] is True
    (found,) = answer["findings"]
    assert (found["name"], found["figures"]["room"]) == ("few_gpus", 3)
    assert {"what", "give"} == set(answer["not_looked_at"][0])


def test_numbers_reach_the_findings(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each option with a figure that makes something go wrong."""
    numbers = {
        "--start-s": 700,
        "--bear-s": 60,
        "--burst-rps": 50,
        "--ramp": 600,
        "--limit-rps": 5,
        "--pod-rps": 10,
        "--gpus": 2,
        "--connections": "keepalive",
    }
    options = [word for option in numbers.items() for word in option]
    assert called(place / "hpa.yaml", place / "rest.yaml", *options, "--json") == 1
    names = {each["name"] for each in json.loads(capsys.readouterr().out)["findings"]}
    assert names == {
        "killed_start",
        "cold_start",
        "short_down_window",
        "slow_policy",
        "rate_limit",
        "few_gpus",
        "pinned_connections",
    }


def test_run_folder_is_a_sample(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rates and queue are its report's, CPU and memory its watched cluster's."""
    run = synthetic_run(duration_s=40.0, pods=2, rate_rps=30.0)
    writer = RunWriter(place / "run", run.info)
    for sample in run.samples:
        writer.add_sample(sample)
    for reading in run.pods:
        writer.add_pod(reading)
    for at_s in (10.0, 20.0):
        pods = {name: {"cpu": 0.5, "memory": 12 * 2.0**30} for name in ("a", "b")}
        writer.add_sighting(UsageSeen(at_s=at_s, pods=pods))
    writer.finish(run.info)
    sample = read_sample(place / "run", "asr")
    assert (sample.replicas, sample.cpu_cores, sample.memory_bytes) == (2, 0.5, 12 * 2.0**30)
    assert sample.rps == pytest.approx(16.9, abs=0.1), "two pods carry no more"
    assert sample.queue_s is not None
    assert called(place / "hpa.yaml", place / "rest.yaml", "--idle", place / "run") == 1
    assert "75 % of the memory" in capsys.readouterr().out


def test_several_documents_may_stand_in_one_file(place: Path) -> None:
    """The HPA's file may hold all the rest."""
    (place / "all.yaml").write_text(f"{HPA_TEXT}---\n{WORKLOAD_TEXT}")
    assert called("-q", place / "all.yaml", "--gpus", 3) == 1
    assert called("-q", place / "all.yaml", "--gpus", 6) == 0


def test_second_hpa_of_the_same_target_is_found(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variant has the first one's name; another name is another HPA."""
    (place / "variant.yaml").write_text(HPA_TEXT)
    assert called("-q", place / "hpa.yaml", place / "rest.yaml", place / "variant.yaml") == 0
    (place / "variant.yaml").write_text(HPA_TEXT.replace("asr-hpa", "asr-hpa-2"))
    assert called("-q", place / "hpa.yaml", place / "rest.yaml", place / "variant.yaml") == 1
    assert "two_hpas" in capsys.readouterr().out


BAD = {
    "no-file": (None, "cannot read"),
    "no-yaml": ("a: [", "is no YAML"),
    "no-hpa": (WORKLOAD_TEXT, "holds no HorizontalPodAutoscaler"),
    "two-hpas": (f"{HPA_TEXT}---\n{HPA_TEXT}", "holds 2 of HorizontalPodAutoscaler"),
    "old": (HPA_TEXT.replace("autoscaling/v2", "autoscaling/v1"), "of autoscaling/v1"),
    "no-spec": ("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n", "cannot be read"),
    "range": (HPA_TEXT.replace("minReplicas: 2", "minReplicas: 9"), "minReplicas 9"),
    "nonsense": (HPA_TEXT.replace("[{type: Pods", "[5, {type: Pods"), "cannot be read"),
    "quantity": (f"{HPA_TEXT}---\n{WORKLOAD_TEXT.replace('16Gi', '16 GB')}", "is no quantity"),
    "pod": (
        f"{HPA_TEXT}---\n{WORKLOAD_TEXT.replace('failureThreshold: 60', 'failureThreshold: x')}",
        "its pod cannot be read",
    ),
    "binary": (b"\xff\xfe\x00", "no text in UTF-8"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_manifest_is_one_line_and_exit_2(
    name: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with which file; no traceback."""
    content, says = BAD[name]
    file = place / "bad.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert called(file, "--start-s", 100) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--idle", "missing.txt"), "cannot read missing.txt"),
        (("--idle", "."), "is no run"),
        (("--start-s", "0"), "'0' is no number above 0"),
        (("--start-s", "nan"), "'nan' is no number above 0"),
        (("--start-s", "1e308"), "'1e308' is no number above 0, up to 1e+12"),
        (("--gpus", "9" * 5000), "is no whole number"),
        (("--gpus", "-1"), "'-1' is no whole number"),
        (("--gpus", "two"), "'two' is no whole number"),
        (("--connections", "often"), "invalid choice"),
    ],
)
def test_bad_option_is_refused(
    options: tuple[str, str], says: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line cannot work: exit 2."""
    assert called(place / "hpa.yaml", *options) == 2
    assert says in capsys.readouterr().err


def test_folder_without_yaml_and_with_two_hpas_are_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder as the first argument must hold exactly one HPA."""
    (place / "empty").mkdir()
    assert called(place / "empty") == 2
    assert "holds no YAML file" in capsys.readouterr().err
    assert called(SHIPPED) == 2
    assert "give one HPA's file first" in capsys.readouterr().err
    assert called("-q", place) == 0


def test_sample_beyond_all_measure_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A slip of the point is one line, and overflows nothing."""
    (place / "huge.toml").write_text("cpu_cores = 1e308\n")
    assert called(place / "hpa.yaml", "--idle", place / "huge.toml") == 2
    assert "cpu_cores cannot be '1e+308'" in capsys.readouterr().err


def test_help_shows_a_sample_and_loads_nothing_heavy() -> None:
    """The file's format is in --help; its own example can be read."""
    script = (
        "import sys\n"
        "from asr_loadtest.cli import main\n"
        "try:\n    main(['advise', '--help'])\n"
        "except SystemExit:\n    print('loaded', sorted(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
    text, _, modules = shown.rpartition("loaded ")
    assert "kubectl top pod" in text
    for module in ("numpy", "yaml", "asr_loadtest.report", "asr_loadtest.autoscaler"):
        assert f"'{module}'" not in modules
