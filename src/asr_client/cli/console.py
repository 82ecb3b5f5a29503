"""What a command says besides its result: all of it to stderr, none of it twice."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

from asr_client.cli.signals import TerminatedError
from asr_client.errors import ASRError, ConfigError

__all__ = ["CLEAR_LINE", "Console", "ExitCode", "run_command", "without_controls"]

# Takes away what stands on a terminal's line, such as progress.
CLEAR_LINE = "\r\x1b[K"


class ExitCode(IntEnum):
    """What the commands tell the shell."""

    OK = 0
    FAILED = 1  # some or all of the work failed
    USAGE = 2  # the command line or a setting cannot work; argparse uses the same
    INTERRUPTED = 130  # Ctrl-C, as shells report it


class Console:
    """
    Messages to stderr under the command's name.

    Args:
        command: Name before each message.
        quiet: Keep errors, drop all else.
        verbose: Tell decisions and timings, too.
    """

    def __init__(self, command: str, *, quiet: bool = False, verbose: bool = False) -> None:
        self._command = command
        self._quiet = quiet
        self._verbose = verbose
        self.is_terminal = sys.stderr.isatty()
        self._progress_shown = False
        self._writing = threading.RLock()

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self._write(f"{self._command}: error: {text}")

    def warn(self, text: str) -> None:
        """Say what a careful user would want to know."""
        if not self._quiet:
            self._write(f"{self._command}: warning: {text}")

    def note(self, text: str) -> None:
        """Say what is going on."""
        if not self._quiet:
            self._write(text)

    def plain(self, text: str) -> None:
        """Say what a terminal's progress line shows anyway."""
        if not self.is_terminal:
            self.note(text)

    def detail(self, text: str) -> None:
        """Say how and why, to those who asked for it."""
        if self._verbose:
            self._write(text)

    def progress(self, text: str) -> None:
        """Show where the work stands, on a terminal only; the next message replaces it."""
        if self.is_terminal and not self._quiet:
            # A line that wraps could not be taken away again.
            width = shutil.get_terminal_size().columns - 1
            with self._writing:
                sys.stderr.write(f"{CLEAR_LINE}{without_controls(text)[:width]}")
                sys.stderr.flush()
                self._progress_shown = True

    def clear_progress(self) -> None:
        """Take the progress line away."""
        with self._writing:
            if self._progress_shown:
                sys.stderr.write(CLEAR_LINE)
                sys.stderr.flush()
                self._progress_shown = False

    @contextmanager
    def without_progress(self) -> Iterator[None]:
        """Keep the progress line away meanwhile: stdout may be the same terminal."""
        with self._writing:
            self.clear_progress()
            yield

    def _write(self, text: str) -> None:
        with self.without_progress():
            print(without_controls(text), file=sys.stderr, flush=True)


def without_controls(text: str) -> str:
    """Escape what would steer a terminal: file names and servers' texts may hold anything."""
    return "".join(
        character if character.isprintable() or character == "\n" else ascii(character)[1:-1]
        for character in text
    )


def _mend_streams() -> None:
    """
    Make messages go somewhere, and every letter printable.

    Transcripts have 22 languages' letters, which an ASCII locale would refuse; file names may hold
    what is no letter at all. A shell's `2>&-` leaves no stderr.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _abandon_stdout() -> None:
    """Let what is still buffered go nowhere, or Python would fail at it again on its way out."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave_at_once(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.flush()
    os._exit(code)


def run_command(command: str, work: Callable[[], int]) -> NoReturn:
    """Run a command, turn what escapes it into one line and an exit code, and exit."""
    _mend_streams()
    console = Console(command)
    try:
        if "ASR_LOG" in os.environ:
            from asr_client.cli.log_lines import show_log

            show_log(os.environ)
        code = work()
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        console.error("interrupted")
        code = ExitCode.INTERRUPTED
    except TerminatedError as error:
        console.error("interrupted")
        _leave_at_once(128 + error.number)  # threads that wait for replies would be waited for
    except BrokenPipeError:
        code = ExitCode.FAILED  # our reader is gone (`| head`): nobody is left to be told
        _abandon_stdout()
    except ASRError as error:
        console.error(str(error))
        code = ExitCode.USAGE if isinstance(error, ConfigError) else ExitCode.FAILED
    except OSError as error:
        console.error(str(error))
        code = ExitCode.FAILED
        _abandon_stdout()
    sys.exit(code)
