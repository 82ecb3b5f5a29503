"""The self-test as a user runs it, in its short form: real load tests, real servers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from asr_loadtest.cli.commands import main
from asr_loadtest.cli.selftest import _NAMES
from asr_loadtest.selftest.scenarios import SCENARIOS, scenarios

SELFTEST = [sys.executable, "-m", "asr_loadtest.cli.commands", "selftest", "--quick"]

# Latencies are measured in the first; what the others count bears company.
TOGETHER = ("stall", "limit,overload,replica,key")


@contextmanager
def started(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The command, whose servers and load tests have their files below *folder*."""
    folder.mkdir()
    with subprocess.Popen(
        [*SELFTEST, *options],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each scenario came to; all that they used is gone."""
    base, found = tmp_path_factory.mktemp("selftest"), {}
    with ExitStack() as running:
        runs = [
            running.enter_context(started(base / str(number), "--json", "--only", names))
            for number, names in enumerate(TOGETHER)
        ]
        for process in runs:
            output, errors = process.communicate(timeout=250)
            assert output, errors
            told = json.loads(output)
            assert process.returncode == (0 if told["holds"] else 1), errors
            found.update({each["name"]: each for each in told["scenarios"]})
    assert files_below(base) == []
    assert running_below(base) == []
    return found


@pytest.mark.alone
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_holds(results: dict[str, Any], name: str) -> None:
    """The load test tells what truly happened; a machine too busy to tell is no failure of it."""
    result = results[name]
    if result["word"] == "machine too busy":
        pytest.skip("; ".join(each["why"] for each in result["judgements"] if each["why"]))
    checks = [check for each in result["judgements"] for check in each["checks"]]
    assert {check["expected"]: check["found"] for check in checks if not check["holds"]} == {}
    assert result["word"] == "holds", [each["why"] for each in result["judgements"]]


@pytest.mark.alone
def test_ctrl_c_in_a_stall_leaves_nothing(tmp_path: Path) -> None:
    """Neither the server, which stands still just then, nor the load test, nor a file."""
    folder = tmp_path / "selftest"
    with started(folder, "--only", "stall") as process:
        wait_until(lambda: any(state_of(pid) == "T" for pid in running_below(folder)))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("asr-loadtest selftest: error: interrupted\n")
    assert running_below(folder) == []
    assert files_below(folder) == []


def test_suite_that_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An installed package has no suite: one line says so, and what to do."""
    assert called("--suite", str(tmp_path)) == 2
    assert f"there is no {tmp_path / 'locustfile.py'}" in capsys.readouterr().err


def test_folder_that_is_in_use_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs of another self-test are never mixed with these."""
    (tmp_path / "stall").mkdir()
    assert called("--out", str(tmp_path)) == 2
    assert "is not empty" in capsys.readouterr().err


def test_scenario_that_is_unknown_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The message names those that there are."""
    assert called("--only", "stall,bal") == 2
    assert "'bal' is none; scenarios are stall, limit" in capsys.readouterr().err


def test_scenarios_are_those_that_the_command_names() -> None:
    """In both lengths, in the order in which they are told."""
    names = [tuple(each.name for each in scenarios(quick=quick)) for quick in (False, True)]
    assert [*names, _NAMES] == [SCENARIOS] * 3


def called(*options: str) -> int:
    """Run the command here; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["selftest", *options])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def files_below(folder: Path) -> list[Path]:
    """All files; the folder in which embedded servers have theirs may stay, empty."""
    return [path for path in folder.rglob("*") if not path.is_dir()]


def running_below(folder: Path) -> list[int]:
    """Processes that work in a folder or one below it: load tests, and Triton with its models."""
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and folder in folder_of(path).parents
    ]


def folder_of(process: Path) -> Path:
    """Where a process works; nowhere if it has ended."""
    try:
        return (process / "cwd").readlink()
    except OSError:
        return Path("/")


def state_of(pid: int) -> str:
    """R: runs, S: sleeps, T: was stopped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Look again and again."""
    until_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until_s
        time.sleep(0.05)
