"""Kubernetes quantities as numbers: "720m" cores, "8Gi" bytes."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal

from asr_client.errors import ConfigError

__all__ = ["milli", "quantity"]

_FACTORS = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
_SHAPE = re.compile(
    r"(?P<number>[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?)(?P<unit>[numkKMGTPE]?i?)"
)


def quantity(text: str | float) -> float:
    """
    Read a quantity.

    Args:
        text: As Kubernetes writes it: a number, perhaps with n, u, m, k, M, G, Ki, Mi, Gi, ...

    Raises:
        ConfigError: If it is none.

    Source: Kubernetes API, "Quantity" (apimachinery/pkg/api/resource).
    """
    return float(_exact(text))


def milli(text: str | float) -> int:
    """
    Read a quantity in thousandths, rounded up, as the HPA controller counts.

    Raises:
        ConfigError: If it is no quantity.
    """
    return int((_exact(text) * 1000).to_integral_value(rounding=ROUND_CEILING))


def _exact(text: str | float) -> Decimal:
    found = _SHAPE.fullmatch(str(text).strip())
    factor = _FACTORS.get(found["unit"]) if found else None
    if found is None or factor is None:
        raise ConfigError(f"{text!r} is no quantity", hint="wanted: 2, 500m, 8Gi, ...")
    return Decimal(found["number"]) * factor
