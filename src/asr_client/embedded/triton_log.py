"""Reading Triton's log: what is worth showing, and what it means. Pure."""

from __future__ import annotations

__all__ = ["port_was_taken", "telling_lines"]

# Printed on every machine without a GPU, some of it marked as an error; none of it matters.
NOISE = (
    "CudaDriverHelper has not been initialized",
    "Failed to initialize NVML",
    "DCGM unable to start",
    "unable to create stream",
    "pinned system memory",
    "CUDA memory pool disabled",
)


def telling_lines(log: str, limit: int = 20) -> list[str]:
    """Return the last *limit* lines of *log* that say something."""
    lines = [line.rstrip() for line in log.splitlines()]
    return [line for line in lines if line and not any(noise in line for noise in NOISE)][-limit:]


def port_was_taken(log: str) -> bool:
    """Tell whether the server ended because somebody else listens on one of its ports."""
    return "already in use" in log
