"""
Runs tritonserver for its owner, restarts it when it breaks, and leaves nothing behind.

A process of its own (`python -m asr_client.embedded.supervisor SETTINGS`), because the server must
be spawned from a main thread and must go when the owner does, however the owner ends: the owner
holds our stdin, and its end is the order to stop. Events go to stdout, one JSON object per line.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from asr_client.embedded import canary, requirements
from asr_client.embedded.events import Event, EventKind
from asr_client.embedded.options import Ports, SupervisorSettings
from asr_client.embedded.orders import Orders, StopOrder
from asr_client.embedded.ports import choose_ports
from asr_client.embedded.probe import probe
from asr_client.embedded.repository import model_processes
from asr_client.embedded.requirements import Facts
from asr_client.embedded.served import model_closure, packages_of
from asr_client.embedded.state import StateDir, state_root, sweep
from asr_client.embedded.triton import ServerEndedError, Triton
from asr_client.embedded.triton_log import LoggedError, port_was_taken
from asr_client.errors import EmbeddedError

__all__ = ["main", "may_restart"]

_WATCH_S = 0.5
_RESTART_WINDOW_S = 600.0
_PORT_ATTEMPTS = 5

_Announce = Callable[[Event], None]


def main(argv: Sequence[str]) -> int:
    """Serve as the settings in *argv* say until told to stop; return the exit status."""
    try:
        settings = SupervisorSettings.from_json(argv[0])
        with Orders() as orders:
            _supervise(settings, orders, _announce)
    except StopOrder:
        _announce(Event("stopped"))
    except Exception as error:  # noqa: BLE001 - the owner waits for the reason, whatever it is
        _announce(_failed(error))
        return 1
    return 0


def _failed(error: Exception) -> Event:
    """Say in a sentence why the server ended."""
    if isinstance(error, EmbeddedError):
        log_lines = error.log_lines if isinstance(error, LoggedError) else ()
        return Event("failed", message=error.message, hint=error.hint, log_lines=log_lines)
    if isinstance(error, OSError):
        return Event("failed", message=f"the embedded server cannot run here: {_reason(error)}")
    traceback.print_exception(error)  # to our stderr, which the owner logs
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return Event(
        "failed",
        message=f"the embedded server failed in a way that nobody expected: {text}",
        hint="logging at level DEBUG shows where",
    )


def _reason(error: OSError) -> str:
    """Say what was wrong with which file, as far as *error* knows."""
    if isinstance(error, shutil.Error):  # copying collects them: (source, target, reason)
        return str(error.args[0][0][-1])
    told = (error.filename, error.strerror) if error.filename and error.strerror else (error,)
    return ": ".join(map(str, told))


def _announce(event: Event) -> None:
    """Tell the owner, if it still listens."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), event.to_line().encode())


def _supervise(settings: SupervisorSettings, orders: Orders, announce: _Announce) -> None:
    """
    Check, start, watch; always ends by an exception, with everything cleaned up.

    Raises:
        StopOrder: When told to stop.
        EmbeddedError: When the server cannot start, or cannot be kept running.
    """
    announce(Event("starting"))
    facts = _checked_facts(settings, orders)
    with _new_state() as state:
        triton = Triton(facts, settings.options, state, orders.pause)
        with _files_at_hand():
            triton.prepare()
        try:
            _start(triton, settings.ports, orders)
            announce(_event_of("ready", triton))
            _watch(triton, orders, announce)
        finally:
            triton.stop()


def _checked_facts(settings: SupervisorSettings, orders: Orders) -> Facts:
    """Probe interpreter and machine, and refuse what would not work."""
    options = settings.options
    models = model_closure(options.models)
    facts = probe(settings.python, packages_of(models), orders.pause)
    requirements.check(facts, models, model_processes(options))
    return facts


def _new_state() -> StateDir:
    """Make the folder of this server, once those that a crash left are swept away."""
    with _files_at_hand():
        root = state_root()
        sweep(root)
        return StateDir.create(root)


@contextlib.contextmanager
def _files_at_hand() -> Iterator[None]:
    """Turn what happens with files in the temporary folder into advice."""
    try:
        yield
    except OSError as error:
        raise EmbeddedError(
            f"the embedded server finds no place for its files: {_reason(error)}",
            hint="let TMPDIR name another folder",
        ) from error


def _start(triton: Triton, wanted: Ports, orders: Orders) -> None:
    """Start on *wanted* ports; where somebody was quicker to take one, try again."""
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        try:
            triton.start(choose_ports(wanted))
            break
        except ServerEndedError:
            if attempt == _PORT_ATTEMPTS or not port_was_taken(triton.log()):
                raise
            triton.kill()
            orders.pause(0.2)
    try:
        canary.check_transcript(triton.ports.http, triton.models)
    except EmbeddedError as error:
        raise triton.failure(error.message, error.hint) from error


def _watch(triton: Triton, orders: Orders, announce: _Announce) -> None:
    """Restart the server on the same ports whenever it breaks, within reason."""
    restarts_s: list[float] = []
    while True:
        orders.pause(_WATCH_S)
        ailment = triton.ailment()
        if not ailment:
            continue
        if not may_restart(restarts_s, time.monotonic(), triton.options.max_restarts):
            message = f"the embedded server broke, after {len(restarts_s)} restarts: {ailment}"
            raise triton.failure(message, hint="is the machine out of memory?")
        restarts_s.append(time.monotonic())
        announce(replace(_event_of("restarting", triton), message=ailment))
        # Not in order: with a dead model process Triton would only wait for its exit timeout.
        triton.kill()
        _start(triton, triton.ports, orders)
        announce(replace(_event_of("restarted", triton), message=ailment))


def may_restart(restarts_s: Sequence[float], now_s: float, most: int) -> bool:
    """Tell whether fewer than *most* restarts happened within the window before *now_s*."""
    return sum(now_s - moment_s < _RESTART_WINDOW_S for moment_s in restarts_s) < most


def _event_of(kind: EventKind, triton: Triton) -> Event:
    """Describe the running server."""
    return Event(kind, pid=triton.pid, ports=triton.ports, log_path=str(triton.state.log_path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
