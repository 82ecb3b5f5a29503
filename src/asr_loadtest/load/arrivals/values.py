"""Values that people wrote, on a command line or in a file, checked one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from asr_client.errors import ConfigError

__all__ = ["number", "quoted", "rate", "refuse_unknown", "seconds"]

# Beyond these somebody means another unit: one request in three hours, a thousand times what one
# process can send; a millisecond, thirty years.
_RATES_RPS = (0.0001, 1e6)
_LENGTHS_S = (0.001, 1e9)


def number(name: str, value: object, least: float, most: float, unit: str = "") -> float:
    """
    Take a number from *least* to *most*, both finite.

    Raises:
        ConfigError: If it is anything else; *name* says whose value it is, *unit* goes after it.
    """
    # bool is an int to Python, and no number to anybody who writes one. Compared before it is a
    # float: whole numbers have no end in TOML and JSON, floats do. NaN is in no range.
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    raise ConfigError(f"{name} must be {least:.10g} to {most:.10g}{unit}, not {quoted(value)}")


def seconds(name: str, value: object) -> float:
    """Take a length of time in seconds, 0.001..1e9, or raise ConfigError."""
    return number(name, value, *_LENGTHS_S, " seconds")


def rate(name: str, value: object, *, zero: bool = False) -> float:
    """Take a rate in requests per second, 0.0001..1e6, and 0 if *zero*, or raise ConfigError."""
    if zero and value == 0:
        return 0.0
    return number(name, value, *_RATES_RPS, " requests per second")


def refuse_unknown(names: Iterable[str], known: Collection[str], says: str) -> None:
    """
    Refuse a name that is not *known*; the hint is the nearest one, or all of them.

    Raises:
        ConfigError: For the first such name, which stands after what *says* says.
    """
    for name in names:
        if name not in known:
            # Imported here: difflib costs several ms, and only mistakes need it.
            import difflib

            nearest = difflib.get_close_matches(name, known, n=1)
            hint = f"nearest match: {nearest[0]}" if nearest else f"known: {', '.join(known)}"
            raise ConfigError(f"{says} {quoted(name)}", hint=hint)


def quoted(value: object, most: int = 40) -> str:
    """Quote what was written; a whole file given by mistake must not fill the screen."""
    try:
        shown = repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        return "a number of thousands of digits"
    return shown if len(shown) <= most else f"{shown[:most]}..."
