"""The processes that send, as Locust's runner knows them: on this machine, or on many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from locust.runners import STATE_MISSING, MasterRunner, Runner, WorkerRunner

__all__ = ["LOCAL", "Crew"]

LOCAL = "local"


class Crew:
    """
    Speaks to the processes that send.

    Args:
        runner: Locust's; a local one is its own only process.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def leads(self) -> bool:
        """Whether this process decides: a worker only obeys."""
        return not isinstance(self._runner, WorkerRunner)

    @property
    def sends(self) -> bool:
        """Whether this process sends requests: a master does not."""
        return not isinstance(self._runner, MasterRunner)

    def present(self) -> list[str]:
        """Name those that can be given work, in a fixed order."""
        if not isinstance(self._runner, MasterRunner):
            return [LOCAL]
        there = (client.id for client in self._runner.clients.all if client.state != STATE_MISSING)
        return sorted(there, key=self._runner.get_worker_index)

    def absent(self, names: Sequence[str]) -> list[str]:
        """Name those of *names* that are gone, or have not been heard of for seconds."""
        present = self.present()
        return [name for name in names if name not in present]

    def tell(self, name: str, message: str, fields: dict[str, Any]) -> None:
        """Send one of them a message."""
        to = None if name == LOCAL else name
        self._runner.send_message(message, fields, client_id=to)
