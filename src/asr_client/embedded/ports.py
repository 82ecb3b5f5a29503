"""
Three free ports on 127.0.0.1.

Triton knows no "port 0" and binds seconds after it was told where, so a port found free here may
be gone by then; the supervisor then picks others and tries again.
"""

from __future__ import annotations

import contextlib
import socket

from asr_client.embedded.options import Ports
from asr_client.errors import EmbeddedError

__all__ = ["choose_ports"]


def choose_ports(wanted: Ports) -> Ports:
    """
    Return *wanted* with every 0 replaced by a free port.

    Raises:
        EmbeddedError: If a port that is asked for is taken.
    """
    with contextlib.ExitStack() as held:
        # The fixed ones first, and all held at once: so that they come out distinct.
        numbers = {
            name: _bind(held, getattr(wanted, name))
            for name in sorted(("http", "grpc", "metrics"), key=lambda n: not getattr(wanted, n))
        }
    return Ports(**numbers)


def _bind(held: contextlib.ExitStack, port: int) -> int:
    probe = held.enter_context(socket.socket())
    # As servers do: connections of a server just stopped do not count as taken.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind(("127.0.0.1", port))
        # With that option two may bind; only one may listen.
        probe.listen(1)
    except OSError as error:
        raise EmbeddedError(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}",
            hint="choose another port, or 0 for any free one",
        ) from error
    number: int = probe.getsockname()[1]
    return number
