"""
Runs tritonserver for its owner, restarts it when it breaks, and leaves nothing behind.

A process of its own (`python -m asr_client.embedded.supervisor SETTINGS`), because the server must
be spawned from a main thread and must go when the owner does, however the owner ends: the owner
holds our stdin, and its end is the order to stop. Events go to stdout, one JSON object per line.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
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
from asr_client.embedded.triton import ServerEndedError, Triton, port_was_taken
from asr_client.errors import EmbeddedError

__all__ = ["main", "may_restart"]

_WATCH_S = 0.5
_RESTART_WINDOW_S = 600.0
_PORT_ATTEMPTS = 5

_Announce = Callable[[Event], None]


def main(argv: Sequence[str]) -> int:
    """Serve as the settings in *argv* say until told to stop; return the exit status."""
    settings = SupervisorSettings.from_json(argv[0])
    with Orders() as orders:
        try:
            _supervise(settings, orders, _announce)
        except StopOrder:
            _announce(Event("stopped"))
        except EmbeddedError as error:
            _announce(Event("failed", message=error.message, hint=error.hint))
            return 1
    return 0


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
    try:
        root = state_root()
        sweep(root)
        return StateDir.create(root)
    except OSError as error:
        raise EmbeddedError(
            f"the embedded server finds no place for its files: {error.filename}: {error.strerror}",
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
    canary.check_transcript(triton.ports.http, triton.models)


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
            raise EmbeddedError(triton.with_log(message), hint="is the machine out of memory?")
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
