"""The scan for keys can fail: each place in which a test may show a key fails its run."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from canaries import new_key, shown_keys

SUPPORT = Path(__file__).parent / "support"
PATIENCE_S = 60.0

HEAD = """
import base64, logging, os, subprocess, sys, warnings
import pytest
from canaries import new_key
KEY = new_key()
"""
# A test for each place, and how the find is called.
LEAKS = {
    "def test_stdout(): print(KEY)": r"captured stdout call of \S+test_stdout",
    "def test_stderr(): print(KEY, file=sys.stderr)": r"captured stderr call of \S+test_stderr",
    "def test_log(): logging.getLogger('a').warning('with %s', KEY)": r"captured log call of",
    "def test_failure(): assert KEY == 'x'": r"the report of \S+test_failure",
    "def test_warning(): warnings.warn(KEY)": r"a warning in \S+test_warning",
    "@pytest.mark.parametrize('a', [KEY])\ndef test_name(a): pass": r"the name of a test",
    "@pytest.fixture\ndef one():\n yield\n print(KEY)\ndef test_teardown(one): pass": (
        r"captured stdout teardown of \S+test_teardown"
    ),
    "def test_capsys(capsys):\n print(KEY)\n capsys.readouterr()": r"stdout of \S+test_capsys",
    "def test_capfd(capfd):\n os.write(2, KEY.encode())\n capfd.readouterr()": (
        r"stderr of \S+test_capfd"
    ),
    "def test_file(tmp_path): (tmp_path / 'a.json').write_text(KEY)": r"the file \S+/a\.json",
    "def test_file_name(tmp_path): (tmp_path / KEY).touch()": r"the name of the file",
    "def test_base64(): print(base64.b64encode(f'user:{KEY}'.encode()))": (
        r"captured stdout call of \S+test_base64"
    ),
    """def test_output():
    code = "import os; print(os.environ['IT'])"
    env = {**os.environ, 'IT': KEY}
    subprocess.run([sys.executable, '-c', code], env=env, capture_output=True)""": (
        r"the output of a process"
    ),
    "def test_command_line(): subprocess.run(['true', KEY])": r"a command line:",
    # Started by a process of ours, not by us; it lives until the run ends and closes its stdin.
    """def test_child():
    inner = "print('here', flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}, input()])"
    global child
    child = subprocess.Popen(
        [sys.executable, '-c', code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    print(KEY, file=child.stdin, flush=True)
    assert child.stdout.readline().strip() == 'here'""": r"the command line of process \d+,",
}
INNOCENT = """
def test_file_for_a_key(tmp_path): (tmp_path / 'new.key').write_text(KEY)
def test_environment():
    env = {**os.environ, 'ASR_API_KEY': KEY}
    subprocess.run([sys.executable, '-c', ''], env=env, capture_output=True)
def test_key_command(tmp_path):
    from asr_client.auth import KeyRing, choose_source
    (tmp_path / 'a.key').write_text(KEY)
    command = ['cat', str(tmp_path / 'a.key')]
    ring = KeyRing(choose_source(api_key_command=command, environ={}))
    assert ring.current().reveal() == KEY
def test_own_words(): print('canary, X-API-Key, ***')
"""


def run_pytest(folder: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run tests with the plugin, and with nothing else of this project's settings."""
    (folder / "test_it.py").write_text(HEAD + tests)
    (folder / "pytest.ini").write_text(f"[pytest]\npythonpath = {SUPPORT}\n")
    (folder / "conftest.py").write_text("pytest_plugins = ['key_scan']\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, f"--basetemp={folder / 'temporary'}", *options, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # a matter of seconds
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a run with every leak there is tells of keys."""
    done = run_pytest(tmp_path_factory.mktemp("leaks"), "\n".join(LEAKS))
    _, title, summary = done.stdout.partition("keys that were shown")
    assert title, done.stdout + done.stderr
    return summary.partition("short test summary")[0]


@pytest.mark.parametrize("place", LEAKS.values())
def test_key_that_is_shown_is_found(place: str, found: str) -> None:
    """Each place is named, with the fingerprint of the key."""
    assert re.search(f"^{place}", found, re.MULTILINE), found


def test_find_does_not_show_the_key_again(found: str) -> None:
    """Whoever reads the summary must not get the key from it."""
    assert "canary" not in found
    assert re.search(r"stdout of \S+: key [0-9a-f]{8}$", found, re.MULTILINE)


def test_run_fails_although_every_test_passes(tmp_path: Path) -> None:
    """A key in a captured output that pytest would not even print."""
    done = run_pytest(tmp_path, "def test_a(): print(KEY)")
    assert "1 passed" in done.stdout
    assert done.returncode == 1


def test_run_that_processes_share_fails_as_well(tmp_path: Path) -> None:
    """What one of them finds, in a report or in a file at its end, is told by the whole run."""
    leaks = "def test_a(): print(KEY)\ndef test_b(tmp_path): (tmp_path / 'b').write_text(KEY)"
    done = run_pytest(tmp_path, leaks, "-p", "xdist", "-n", "1")
    summary = done.stdout.partition("keys that were shown")[2]
    assert re.search(r"^captured stdout call of \S+test_a: key", summary, re.MULTILINE), done.stdout
    assert re.search(r"^the file \S+/b: key", summary, re.MULTILINE), done.stdout
    assert done.returncode == 1


def test_keys_where_they_belong_are_no_find(tmp_path: Path) -> None:
    """Files made for keys, environments, what a key command says; and the words around keys."""
    done = run_pytest(tmp_path, INNOCENT)
    assert (done.returncode, "4 passed" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("before", ["", "u:", "user:", "x" * 100])
def test_keys_are_known_in_base64_wherever_they_begin(before: str) -> None:
    """Basic credentials put a name of any length before it."""
    coded = base64.b64encode(f"{before}{new_key()}".encode())
    assert shown_keys(b"Basic " + coded)
    assert not shown_keys(base64.b64encode(f"{before}canary".encode()))
