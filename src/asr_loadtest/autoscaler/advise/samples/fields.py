"""Our own small file of figures, under the names of a sample's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from asr_client.errors import ConfigError
from asr_loadtest.autoscaler.advise.samples.sample import Sample
from asr_loadtest.cluster.kubernetes.quantity import quantity

__all__ = ["sample_of_fields"]


def sample_of_fields(fields: Mapping[str, Any], source: str) -> Sample:
    """
    Read figures; amounts of CPU and memory may be quantities, such as "700m" or "4Gi".

    Args:
        fields: By the names of `Sample`'s fields.
        source: The file's name, for messages.

    Raises:
        ConfigError: If a name is unknown, or a value cannot be.
    """
    unknown = sorted(str(name) for name in fields if name not in _READ)
    if unknown:
        raise ConfigError(
            f"{source}: {unknown[0]!r} is no figure of a sample", hint=f"known: {', '.join(_READ)}"
        )
    if not fields:
        raise ConfigError(f"{source} holds no figure", hint=f"known: {', '.join(_READ)}")
    read: dict[str, Any] = {}
    for name, value in fields.items():
        try:
            read[name] = _READ[name](value)
        except (ConfigError, ValueError, TypeError, OverflowError, AttributeError) as error:
            _refuse(source, name, value, error)
    return Sample(source=source, **read)


# Of cores, bytes, requests: what is beyond is a slip, and would overflow when it is counted.
_MOST = 1e18


def _refuse(source: str, name: str, value: object, error: Exception) -> NoReturn:
    raise ConfigError(
        f"{source}: {name} cannot be {str(value)[:40]!r}", hint=_HINTS.get(name, _HINTS[""])
    ) from error


def _amount(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    amount = quantity(value)
    if not 0 <= amount <= _MOST:
        raise ValueError
    return amount


def _share(value: Any) -> float:
    share = _amount(value)
    if share > 1:
        raise ValueError
    return share


def _count(value: Any) -> int:
    count = _amount(value)
    if count != int(count) or count < 1:
        raise ValueError
    return int(count)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _by_pod(value: Any) -> dict[str, float]:
    return {str(pod): _amount(each) for pod, each in value.items()}


_READ: Mapping[str, Callable[[Any], Any]] = {
    "replicas": _count,
    "cpu_cores": _amount,
    "memory_bytes": _amount,
    "cpu_request_cores": _amount,
    "memory_request_bytes": _amount,
    "rps": _amount,
    "queue_s": _amount,
    "pending": _amount,
    "gpu_utilization": _share,
    "queue_grows": _truth,
    "requests_by_pod": _by_pod,
}
_HINTS = {
    "": "wanted: a number from 0 on; of CPU and memory also 700m, 4Gi, ...",
    "replicas": "wanted: a whole number from 1 on",
    "gpu_utilization": "wanted: a share from 0 to 1",
    "queue_grows": "wanted: true or false",
    "requests_by_pod": "wanted: a table of counts by pod",
}
