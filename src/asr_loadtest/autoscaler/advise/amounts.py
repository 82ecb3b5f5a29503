"""Amounts in words, as manifests write them: cores, GiB, seconds."""

from __future__ import annotations

__all__ = ["say_bytes", "say_cores", "say_s"]

_GIB = 2.0**30
_MIB = 2.0**20
_MINUTES_FROM_S = 600.0


def say_cores(cores: float) -> str:
    """Say an amount of CPU: 0.04 cores, 2 cores."""
    return f"{_digits(cores)} core{'' if cores == 1 else 's'}"


def say_bytes(size_bytes: float) -> str:
    """Say an amount of memory: 512 MiB, 7.6 GiB."""
    if size_bytes >= _GIB:
        return f"{_digits(size_bytes / _GIB)} GiB"
    return f"{_digits(size_bytes / _MIB)} MiB"


def say_s(duration_s: float) -> str:
    """Say a time: 45 s; from ten minutes on in minutes."""
    if duration_s >= _MINUTES_FROM_S:
        return f"{_digits(duration_s / 60)} min"
    return f"{_digits(duration_s)} s"


def _digits(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}" if abs(value) < 1000 else f"{value:.0f}"  # noqa: PLR2004 - three digits
