"""Values of options that no load test can have."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.engine.options import LoadOptions

NUMBERS = [each.name for each in fields(LoadOptions) if isinstance(each.default, float)]


@pytest.mark.parametrize("name", NUMBERS)
def test_no_option_takes_what_is_no_number(name: str) -> None:
    """NaN passes argparse, and is in no range; in a report it would be no JSON."""
    wrong: dict[str, Any] = {name: math.nan}
    with pytest.raises(ConfigError, match=f"--asr-{name.replace('_', '-')} is nan"):
        LoadOptions(**wrong)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("loop", "spiral", "open or closed"),
        ("replicas", -1, "0 or more"),
        ("price_per_hour", -0.5, "0 or more"),
        ("price_per_hour", math.inf, "0 or more"),
        ("warm_up_s", math.inf, "seconds, 0 or more"),
        ("scrape_s", math.inf, "0.1 to 3600"),
        ("seed", 2**64, "a whole number up to 2^53"),
    ],
)
def test_values_out_of_range_are_refused_with_the_range(
    name: str, value: object, wanted: str
) -> None:
    """A web form checks nothing, and argparse no ranges."""
    wrong: dict[str, Any] = {name: value}
    with pytest.raises(ConfigError) as caught:
        LoadOptions(**wrong)
    assert caught.value.hint == f"wanted: {wanted}"


def test_search_and_sweep_exclude_each_other() -> None:
    """Each sets the load of its parts itself."""
    with pytest.raises(ConfigError, match="--asr-pad-sweep"):
        LoadOptions(search=True, pad_sweep="1,2")
