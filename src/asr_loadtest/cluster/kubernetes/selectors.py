"""Label selectors: as a query writes them, and what they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asr_client.errors import ConfigError

__all__ = ["selector_query", "selects"]

Json = Mapping[str, Any]


def selector_query(selector: Json) -> str:
    """
    Write a LabelSelector as a list's `labelSelector`; an empty one takes all.

    Raises:
        ConfigError: If it holds an operator that Kubernetes has not.
    """
    labels = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join(labels + [_written(each) for each in selector.get("matchExpressions") or ()])


def selects(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """
    Tell whether a LabelSelector takes what has these labels; a missing one takes nothing.

    Raises:
        ConfigError: As `selector_query`.
    """
    if selector is None:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        _holds(each, labels) for each in selector.get("matchExpressions") or ()
    )


def _written(expression: Json) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or ())
    match expression["operator"]:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case other:
            raise _unknown(other)


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or ()
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise _unknown(other)


def _unknown(operator: object) -> ConfigError:
    return ConfigError(
        f"a label selector cannot have the operator {operator!r}",
        hint="wanted: In, NotIn, Exists, DoesNotExist",
    )
