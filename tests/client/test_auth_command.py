"""Keys that a command prints: run rarely, for a limited time, its words kept to itself."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asr_client import ApiKey, ConfigError
from asr_client.auth import KeyCommand, KeyRing
from asr_client.auth.command import run_key_command


class Clock:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Script:
    """A command that counts its runs, and prints what its file holds."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "runs"
        self._output = folder / "output"
        self.argv = ("/bin/sh", "-c", f"echo run >> {self._log}; cat {self._output}")

    def prints(self, text: str) -> None:
        """Change what the next run prints."""
        self._output.write_text(text)

    def breaks(self) -> None:
        """Let the next run fail."""
        self._output.unlink()

    @property
    def runs(self) -> int:
        """How often it was run."""
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A command that prints KEY-1."""
    script = Script(tmp_path)
    script.prints("KEY-1\n")
    return script


def test_command_is_run_when_its_key_is_first_wanted(script: Script) -> None:
    """Making a client runs nothing; a hundred calls run it once."""
    ring = KeyRing(KeyCommand(script.argv))
    assert (ring.is_slow, script.runs) == (True, 0)
    assert {ring.current() for _ in range(100)} == {ApiKey("KEY-1")}
    assert script.runs == 1


def test_command_is_run_again_after_a_refusal(script: Script) -> None:
    """One run serves all threads that were refused, whoever of them does it."""
    ring = KeyRing(KeyCommand(script.argv))
    rejected = ring.current()
    assert rejected
    script.prints("KEY-2\n")
    with ThreadPoolExecutor(8) as pool:
        given = set(pool.map(ring.replacement, [rejected] * 100))
    assert given == {ApiKey("KEY-2")}
    assert script.runs == 2


def test_command_is_not_run_for_each_of_many_refusals(script: Script) -> None:
    """A key that is refused for good costs one run every few seconds."""
    clock = Clock()
    ring = KeyRing(KeyCommand(script.argv), clock)
    rejected = ring.current()
    assert rejected
    assert [ring.replacement(rejected) for _ in range(100)] == [None] * 100
    assert script.runs == 2
    script.prints("KEY-2\n")
    clock.now_s += 5
    assert ring.replacement(rejected) == ApiKey("KEY-2")
    assert script.runs == 3


def test_command_that_fails_at_first_is_not_run_by_each_call(script: Script) -> None:
    """Every call is told the failure; one of them every few seconds tries anew."""
    script.breaks()
    clock = Clock()
    ring = KeyRing(KeyCommand(script.argv), clock)
    for _ in range(10):
        with pytest.raises(ConfigError, match="the API key command /bin/sh failed: exit status 1"):
            ring.current()
    assert script.runs == 1
    script.prints("KEY-1\n")
    clock.now_s += 5
    assert ring.current() == ApiKey("KEY-1")


def test_last_keys_stay_when_a_later_run_fails(
    script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    """A secret store that is down does not stop a client whose key may be good again."""
    script.prints("KEY-1\nKEY-0\n")
    ring = KeyRing(KeyCommand(script.argv))
    assert ring.current() == ApiKey("KEY-1")
    script.breaks()
    assert ring.replacement(ApiKey("KEY-1")) == ApiKey("KEY-0")
    assert ring.replacement(ApiKey("KEY-0")) == ApiKey("KEY-1")
    assert "/bin/sh failed: exit status 1; its last keys stay in use" in caplog.text


PYTHON_SAYS = "import sys; print('SECRET'); print('SECRET', file=sys.stderr); "


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((sys.executable, "-c", PYTHON_SAYS + "sys.exit(3)"), "failed: exit status 3"),
        ((sys.executable, "-c", PYTHON_SAYS + "import os; os.kill(os.getpid(), 9)"), "by signal 9"),
        ((sys.executable, "-c", "print('SECRET', chr(233))"), "no HTTP header may hold"),
        ((sys.executable, "-c", "import os; os.write(1, b'SECRET' + bytes([255]))"), "no text"),
        (("/bin/true", "SECRET"), "the API key command /bin/true holds no key"),
        (
            ("/no/such/command", "SECRET"),
            "cannot run the API key command /no/such/command: No such",
        ),
        (("a\0b", "SECRET"), "embedded null byte"),
    ],
)
def test_failure_tells_the_command_and_its_status_alone(
    argv: tuple[str, ...], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it said and what it was told may be secret: neither is shown or passed on."""
    with pytest.raises(ConfigError) as caught:
        run_key_command(KeyCommand(argv))
    assert message in str(caught.value)
    assert "SECRET" not in str(caught.value) + str(caught.value.__cause__)
    assert "SECRET" not in "".join(capfd.readouterr())


def test_command_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    """It has a limited time; a pipe that it and its children hold open comes to its end."""
    os.mkfifo(tmp_path / "held")
    held = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    endless = f"exec 3> {tmp_path}/held; sleep 600 & sleep 600"
    with pytest.raises(ConfigError, match=r"/bin/sh did not end within 0.5 s"):
        run_key_command(KeyCommand(("/bin/sh", "-c", endless)), limit_s=0.5)
    os.set_blocking(held, True)
    assert os.read(held, 1) == b""
    os.close(held)
