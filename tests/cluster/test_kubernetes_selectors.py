"""Label selectors, as a query writes them and as they hold."""

from __future__ import annotations

from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.cluster.kubernetes.selectors import selector_query, selects
from asr_loadtest.replay.api.selectors import labels_selector

LABELS = {"app": "asr", "tier": "gpu"}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    """One of a selector's matchExpressions."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


@pytest.mark.parametrize(
    ("selector", "query", "holds"),
    [
        ({}, "", True),
        ({"matchLabels": {"app": "asr", "tier": "gpu"}}, "app=asr,tier=gpu", True),
        ({"matchLabels": {"app": "web"}}, "app=web", False),
        ({"matchExpressions": [expression("app", "In", "asr", "web")]}, "app in (asr,web)", True),
        ({"matchExpressions": [expression("x", "In", "asr")]}, "x in (asr)", False),
        ({"matchExpressions": [expression("app", "NotIn", "asr")]}, "app notin (asr)", False),
        ({"matchExpressions": [expression("x", "NotIn", "asr")]}, "x notin (asr)", True),
        ({"matchExpressions": [expression("tier", "Exists")]}, "tier", True),
        ({"matchExpressions": [expression("tier", "DoesNotExist")]}, "!tier", False),
        (
            {"matchLabels": {"app": "asr"}, "matchExpressions": [expression("x", "Exists")]},
            "app=asr,x",
            False,
        ),
    ],
)
def test_selector_says_the_same_as_object_and_as_query(
    selector: Any, query: str, holds: bool
) -> None:
    """What a server would choose by the query is what we choose by the object."""
    assert selector_query(selector) == query
    assert selects(selector, LABELS) is holds
    assert labels_selector(query)({"metadata": {"labels": LABELS}}) is holds


def test_missing_selector_takes_nothing() -> None:
    """Of a budget, say."""
    assert not selects(None, LABELS)


def test_unknown_operator_is_refused() -> None:
    """There are four."""
    selector = {"matchExpressions": [expression("app", "Gt", "1")]}
    with pytest.raises(ConfigError, match="'Gt'"):
        selector_query(selector)
    with pytest.raises(ConfigError, match="'Gt'"):
        selects(selector, LABELS)
