"""The embedded Tritons of a self-test: each is started when first needed, and serves all after."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, SlowModel

__all__ = ["BRISK", "TIGHT", "Servers"]

_SLOW = ("asr_slow",)

# 4 ms for the recordings of a self-test, four at a time: what waits here waits for a reason. With
# room in its queue for all that arrives during a stall.
BRISK = EmbeddedOptions(
    models=_SLOW, max_queue=1000, slow=SlowModel(a_ms=2, b_ms=10, max_batch_size=1, instances=4)
)
# Four times ten a second, and hardly a queue. One at a time, or joined, it would be less: Triton's
# batcher then lets the model idle for a moment again and again.
TIGHT = EmbeddedOptions(
    models=_SLOW, max_queue=16, slow=SlowModel(a_ms=100, b_ms=0, max_batch_size=1, instances=4)
)


class Servers:
    """Starts Tritons on demand within a `with` block, at whose end they stop."""

    def __init__(self) -> None:
        self._running: dict[EmbeddedOptions, EmbeddedTriton] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._stack.close()

    def triton(self, options: EmbeddedOptions) -> EmbeddedTriton:
        """
        Give the one with these options.

        Raises:
            EmbeddedError: If it cannot run here.
        """
        if options not in self._running:
            server = self._stack.enter_context(EmbeddedTriton(options=options))
            self._running[options] = server
        return self._running[options]
