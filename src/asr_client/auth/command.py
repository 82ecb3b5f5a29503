"""Keys that a command prints."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable

from asr_client.auth.key import Keys, parse_keys
from asr_client.auth.sources import KeyCommand
from asr_client.errors import ConfigError

__all__ = ["CommandReader", "run_key_command"]

_log = logging.getLogger(__name__)

_LONGEST_RUN_S = 10.0
_SECONDS_BETWEEN_RUNS = 5.0


class CommandReader:
    """
    A command, run when its key is first wanted and after refusals; one thread runs it for all.

    A failure counts as a run: neither it nor a key that is refused for good makes a storm. The
    first refusal may follow the first run at once, though.
    """

    def __init__(self, source: KeyCommand, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: Keys = ()
        self._failure: ConfigError | None = None
        self._not_before_s = float("-inf")
        self._locks: dict[int, threading.Lock] = {}

    def read(self) -> Keys:
        return self._keys or self.renew(())

    def renew(self, known: Keys) -> Keys:
        with self._lock():
            # Whoever waited for another thread's run has its result, and needs none of his own.
            if self._keys == known and self._clock() >= self._not_before_s:
                self._run()
            if not self._keys and self._failure is not None:
                raise ConfigError(self._failure.message, hint=self._failure.hint)
            return self._keys

    def _run(self) -> None:
        is_first = not self._keys
        try:
            self._keys = run_key_command(self._source)
            self._failure = None
        except ConfigError as error:
            self._failure = error
            if self._keys:
                _log.warning("%s; its last keys stay in use", error.message)
        if self._failure or not is_first:
            self._not_before_s = self._clock() + _SECONDS_BETWEEN_RUNS

    def _lock(self) -> threading.Lock:
        # One for each process: a fork may copy a lock that is held by a thread it does not copy.
        return self._locks.setdefault(os.getpid(), threading.Lock())


def run_key_command(source: KeyCommand, limit_s: float = _LONGEST_RUN_S) -> Keys:
    """
    Run a command without a shell, without input, and for a limited time.

    Raises:
        ConfigError: If it fails. The message has its name and exit status, never what it said,
            on stderr neither: that may be the key.
    """
    place = f"the API key command {source.name}"
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command
            source.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot run {place}: {reason}") from error
    output = _output_of(process, limit_s)
    if output is None:
        raise ConfigError(f"{place} did not end within {limit_s:g} s")
    if process.returncode:
        raise ConfigError(f"{place} failed: {_ending(process.returncode)}")
    return parse_keys(output, place)


def _output_of(process: subprocess.Popen[bytes], limit_s: float) -> bytes | None:
    """Wait for the end; None if it does not come in time."""
    with process:
        try:
            return process.communicate(timeout=limit_s)[0]
        except subprocess.TimeoutExpired:
            _kill(process)
            return None
        except BaseException:
            _kill(process)
            raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the command and what it has started; not waited for yet, its id is still its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _ending(status: int) -> str:
    return f"exit status {status}" if status > 0 else f"killed by signal {-status}"
