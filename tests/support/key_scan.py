"""
A pytest plugin that fails a run which has shown one of its keys anywhere.

Looked at are: names and reports of tests with all that was captured in them; what tests read of
their own output and of their processes'; warnings; command lines; every file below pytest's
temporary folder, except those whose name ends with "key": they are there to hold one.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from warnings import WarningMessage

import pytest

from canaries import MARK, shown_keys

__all__ = ["KeyScan", "capfd", "capsys", "key_scan"]

_WATCH = [sys.executable, "-I", "-S", str(Path(__file__).with_name("process_watch.py"))]
_ENDS_WITHIN_S = 30.0
# The one part of the package whose processes say keys: that is what they are for.
_KEY_COMMANDS = "asr_client.auth.command"

_scan = pytest.StashKey["KeyScan"]()


class KeyScan:
    """All finds of one run; none of them quotes what was found."""

    def __init__(self) -> None:
        self.finds: list[str] = []
        self.folder: Path | None = None
        self._watch = subprocess.Popen(
            _WATCH, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._watch.stdin is not None:
            self._watch.stdin.write(f"{MARK}\n")
            self._watch.stdin.flush()

    def look_at(self, data: bytes | str | None, place: str) -> None:
        """Look for keys in something that was written."""
        raw = data.encode(errors="surrogateescape") if isinstance(data, str) else data or b""
        self.finds += [f"{place}: key {key}" for key in shown_keys(raw)]

    def finish(self) -> None:
        """Look at what is left at the end: files, and processes that have been seen."""
        for file in _files_below(self.folder):
            with suppress(PermissionError):  # some tests make files that nobody may read
                self.look_at(file.read_bytes(), f"the file {file}")
            self.look_at(file.name, f"the name of the file {file.parent}/...")
        told, _ = self._watch.communicate(timeout=_ENDS_WITHIN_S)
        self.finds += [find for find in told.splitlines() if find]

    # What pytest tells of a run.

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at a test's name and report, with all that was captured."""
        self.look_at(report.nodeid, "the name of a test")
        self.look_at(report.longreprtext, f"the report of {report.nodeid}")
        for name, text in report.sections:
            self.look_at(text, f"{name.lower()} of {report.nodeid}")

    def pytest_warning_recorded(self, warning_message: WarningMessage, nodeid: str) -> None:
        """Look at a warning."""
        self.look_at(str(warning_message.message), f"a warning in {nodeid}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what was found by one of several processes that share the run."""
        self.finds += getattr(node, "workeroutput", {}).get("keys that were shown", [])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if anything was found."""
        self.finish()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["keys that were shown"] = self.finds
        if self.finds and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was found."""
        if self.finds:
            terminalreporter.section("keys that were shown", red=True)
            terminalreporter.write_line("\n".join(dict.fromkeys(self.finds)))


def pytest_configure(config: pytest.Config) -> None:
    """Begin, before the first test does."""
    scan = config.stash[_scan] = KeyScan()
    config.pluginmanager.register(scan, "key-scan-of-this-run")
    _watch_what_tests_read_of_processes(config, scan)


@pytest.fixture(scope="session", autouse=True)
def key_scan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KeyScan:
    """Give the scan of this run, for whoever has more to show it."""
    scan = request.config.stash[_scan]
    scan.folder = tmp_path_factory.getbasetemp()
    return scan


@pytest.fixture
def capsys(
    capsys: pytest.CaptureFixture[str], key_scan: KeyScan, request: pytest.FixtureRequest
) -> pytest.CaptureFixture[str]:
    """Look at what the test reads of its own output: pytest does not report that."""
    return _looked_at(capsys, key_scan, request.node.nodeid)


@pytest.fixture
def capfd(
    capfd: pytest.CaptureFixture[str], key_scan: KeyScan, request: pytest.FixtureRequest
) -> pytest.CaptureFixture[str]:
    """Look at what the test reads of its processes' output, too."""
    return _looked_at(capfd, key_scan, request.node.nodeid)


def _looked_at(
    captured: pytest.CaptureFixture[str], scan: KeyScan, nodeid: str
) -> pytest.CaptureFixture[str]:
    read = captured.readouterr

    def readouterr() -> Any:
        result = read()
        scan.look_at(result.out, f"stdout of {nodeid}")
        scan.look_at(result.err, f"stderr of {nodeid}")
        return result

    captured.readouterr = readouterr  # type: ignore[method-assign]
    return captured


def _watch_what_tests_read_of_processes(config: pytest.Config, scan: KeyScan) -> None:
    """Look at command lines as they are given, and at what `subprocess.run` brings back."""
    change = pytest.MonkeyPatch()
    change.setattr(subprocess.Popen, "communicate", _scanned(subprocess.Popen.communicate, scan))
    config.add_cleanup(change.undo)


def _scanned(communicate: Callable[..., Any], scan: KeyScan) -> Callable[..., Any]:
    def and_look(process: subprocess.Popen[Any], *arguments: Any, **options: Any) -> Any:
        outputs = communicate(process, *arguments, **options)
        if sys._getframe(1).f_globals.get("__name__") != _KEY_COMMANDS:
            scan.look_at(repr(process.args), "a command line")
            for output in outputs:
                scan.look_at(output, "the output of a process")
        return outputs

    return and_look


def _files_below(folder: Path | None) -> Iterator[Path]:
    for path in folder.rglob("*") if folder else ():
        if path.is_file() and not path.is_symlink() and not path.name.endswith("key"):
            yield path
