"""The model repository as it is written for Triton: counts, limits and costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr_client.embedded.options import EmbeddedOptions, SlowModel
from asr_client.embedded.repository import instance_counts, tuned, write_repository


def test_instance_counts_follow_the_cores_up_to_a_limit() -> None:
    """A recogniser takes memory, so a large machine does not get one for every core."""
    assert instance_counts(EmbeddedOptions(), cores=2) == {
        "ps_decode": 2,
        "asr": 2,
        "asr_slow": 1,
    }
    assert instance_counts(EmbeddedOptions(), cores=64)["ps_decode"] == 8
    assert instance_counts(EmbeddedOptions(instances=20), cores=2)["ps_decode"] == 20


def test_tuned_replaces_numbers_and_parameters() -> None:
    """Values change, everything around them stays."""
    config = 'count: 2\nparameters { key: "a_ms" value { string_value: "50" } }\nmax: 2'
    assert tuned(config, {"count": 4}, {"a_ms": "7.5"}) == (
        'count: 4\nparameters { key: "a_ms" value { string_value: "7.5" } }\nmax: 2'
    )


@pytest.mark.parametrize("config", ["", "count: 1 count: 2"])
def test_tuned_refuses_when_the_field_is_not_there_once(config: str) -> None:
    """A configuration edited out of step is noticed, not half changed."""
    with pytest.raises(ValueError, match="not once"):
        tuned(config, {"count": 4}, {})


def test_repository_carries_the_options(tmp_path: Path) -> None:
    """Counts, queue limits and the law of the slow model stand in the written configurations."""
    slow = SlowModel(a_ms=7, b_ms=0.5, mode="busy", max_batch_size=3, instances=2)
    write_repository(tmp_path, EmbeddedOptions(instances=5, max_queue=9, slow=slow))
    decode = (tmp_path / "ps_decode/config.pbtxt").read_text()
    assert "count: 5" in decode
    assert "max_queue_size: 9" in decode
    text = (tmp_path / "asr_slow/config.pbtxt").read_text()
    for part in ('"7"', '"0.5"', '"busy"', "max_batch_size: 3", "count: 2", "max_queue_size: 9"):
        assert part in text


def test_repository_holds_a_version_folder_for_every_model(tmp_path: Path) -> None:
    """Triton loads no model without one, not even an ensemble."""
    write_repository(tmp_path, EmbeddedOptions())
    assert {path.parent.name for path in tmp_path.glob("*/1")} == {
        "asr",
        "asr_am_ensemble",
        "asr_slow",
        "ps_decode",
    }
