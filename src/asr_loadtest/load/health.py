"""How the generator itself was doing: a measurement by a machine out of breath is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

__all__ = ["GeneratorReading"]


@dataclass(frozen=True, slots=True)
class GeneratorReading:
    """
    One look at one process of the generator.

    Attributes:
        at_s: When, in seconds since the run's zero.
        worker: Which worker, from 0.
        cpu_share: CPU of this process since the last look, as a share of one core: 0..1.
        stall_s: The longest that its event loop was held up since the last look, in seconds.
        memory_bytes: Resident memory.
        in_flight: Requests on their way.
        connections: Connections open.
    """

    at_s: float
    worker: int
    cpu_share: float
    stall_s: float
    memory_bytes: int
    in_flight: int
    connections: int

    def to_fields(self) -> dict[str, Any]:
        """Give what JSON and MessagePack can carry; `from_fields` reads it."""
        return asdict(self)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Read what `to_fields` gave."""
        return cls(**fields)
