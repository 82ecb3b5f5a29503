"""How a load test ends, for scripts and pipelines."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["LOCUST_USAGE", "ExitCode"]

LOCUST_USAGE = 2
"""Locust's own code for wrong usage, and for errors that are its or ours."""


class ExitCode(IntEnum):
    """
    What a run came to; 2 is left to Locust (`LOCUST_USAGE`).

    Where several hold, the first of NOT_READY, AUTOSCALER_BROKEN, INVALID, GATEWAY_LIMITED, MISSED,
    MET counts: a run without a target measured nothing; a rule that the autoscaler broke is seen
    in the cluster, whatever the load was worth; an invalid run measured the generator; one that met
    the gateway's limit measured the gateway. Only what is left is about the servers.
    """

    MET = 0
    MISSED = 1
    INVALID = 3
    GATEWAY_LIMITED = 4
    NOT_READY = 5
    AUTOSCALER_BROKEN = 6

    @property
    def word(self) -> str:
        """Its name in reports, such as "gateway_limited"."""
        return self.name.lower()
