"""What may be chosen about the embedded server, and its way to the supervisor."""

from __future__ import annotations

import pytest

from asr_client.embedded.options import EmbeddedOptions, Ports, SlowModel, SupervisorSettings
from asr_client.errors import ConfigError


def test_settings_survive_the_way_to_the_supervisor() -> None:
    """What the owner chose is what the supervisor reads."""
    settings = SupervisorSettings(
        "/venv/bin/python",
        Ports(http=8000),
        EmbeddedOptions(models=("asr_slow",), slow=SlowModel(a_ms=1.5, mode="busy")),
    )
    assert SupervisorSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EmbeddedOptions(models=("whisper",)), "unknown models: whisper"),
        (lambda: EmbeddedOptions(models=()), "no model"),
        (lambda: EmbeddedOptions(instances=0), "instances"),
        (lambda: EmbeddedOptions(start_timeout_s=0), "start_timeout_s"),
        (lambda: SlowModel(a_ms=-1), "a_ms"),
        (lambda: SlowModel(b_ms=float("nan")), "b_ms"),
        (lambda: SlowModel(mode="fast"), "mode"),  # type: ignore[arg-type]
        (lambda: SlowModel(max_batch_size=0), "max_batch_size"),
        (lambda: Ports(http=70000), "65535"),
        (lambda: Ports(http=8000, grpc=8000), "different"),
    ],
)
def test_options_refuse_a_value_when_it_cannot_work(make: object, said: str) -> None:
    """Mistakes show before anything is started."""
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]
