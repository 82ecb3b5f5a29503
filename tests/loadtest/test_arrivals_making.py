"""From what people write to a schedule: senseless settings are refused, with advice."""

from __future__ import annotations

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals import KINDS, make_arrivals

# What each kind cannot do without.
ENOUGH = {
    "constant": {"rate_rps": 5},
    "poisson": {"rate_rps": 5},
    "gamma": {"rate_rps": 5, "shape": 0.5},
    "ramp": {"rate_rps": 5, "over_s": 10},
    "step": {"steps": [[5, 10]]},
    "burst": {"rate_rps": 5, "on_s": 1, "off_s": 1},
    "diurnal": {"rate_rps": 5, "period_s": 60},
    "replay": {"trace": "day.csv"},
}


@pytest.mark.parametrize("kind", sorted(set(ENOUGH) - {"replay"}))
def test_each_kind_is_made_from_what_it_needs(kind) -> None:
    """And no kind is forgotten here."""
    assert set(ENOUGH) == set(KINDS)
    assert make_arrivals(kind, **ENOUGH[kind]).expected(5) > 0


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ENOUGH for name in ENOUGH[kind]],
)
def test_each_missing_setting_is_named(kind, name) -> None:
    """The message says which kind needs what."""
    settings = {other: value for other, value in ENOUGH[kind].items() if other != name}
    with pytest.raises(ConfigError, match=rf"^{kind} arrivals need (a )?{name}"):
        make_arrivals(kind, **settings)


def test_what_is_not_said_may_be_said_as_none() -> None:
    """A command line passes all its options, given or not."""
    arrivals = make_arrivals("poisson", rate_rps=5, steps=None, shape=None, duration_s=None)
    assert arrivals.describe() == "Poisson, 5 req/s"


@pytest.mark.parametrize("value", [0, -1, 1e7, float("nan"), float("inf"), True, "5", 10**400])
@pytest.mark.parametrize("kind", ["constant", "burst", "diurnal"])
def test_senseless_rates_are_refused(kind, value) -> None:
    """A rate is a number of requests per second that something can send."""
    with pytest.raises(ConfigError, match=r"^rate_rps must be 0.0001 to 1000000 requests per"):
        make_arrivals(kind, **{**ENOUGH[kind], "rate_rps": value})


@pytest.mark.parametrize("name", ["on_s", "off_s"])
@pytest.mark.parametrize("value", [0, -1, 1e12, float("nan"), []])
def test_senseless_lengths_are_refused(name, value) -> None:
    """A length is a positive number of seconds, and a number at all."""
    with pytest.raises(ConfigError, match=rf"^{name} must be 0.001 to 1000000000 seconds"):
        make_arrivals("burst", **{**ENOUGH["burst"], name: value})


def test_number_that_python_will_not_even_write_is_refused() -> None:
    """A whole number of TOML may have thousands of digits."""
    with pytest.raises(ConfigError, match="not a number of thousands of digits"):
        make_arrivals("constant", rate_rps=16**5000)


@pytest.mark.parametrize("shape", [0, -2, 1e-9, float("nan")])
def test_senseless_shapes_are_refused(shape) -> None:
    """Gamma gaps need a positive shape."""
    with pytest.raises(ConfigError, match=r"^shape must be 0.01 to 10000"):
        make_arrivals("gamma", rate_rps=5, shape=shape)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), "2"])
def test_senseless_speeds_are_refused(speed, tmp_path) -> None:
    """A trace does not run backwards."""
    trace = tmp_path / "day.csv"
    trace.write_text("at_s\n0\n")
    with pytest.raises(ConfigError, match=r"^speed must be 0.001 to 1000, not"):
        make_arrivals("replay", trace=trace, speed=speed)


@pytest.mark.parametrize(
    "steps",
    ["5x60", 7, [], [[5]], [5, 60], [[5, 60, 1]], [["5", 60]], [[5, 0]], [[0, 60]], [[-1, 2]]],
)
def test_senseless_steps_are_refused(steps) -> None:
    """Steps are pairs of a rate and a length, and something arrives in them."""
    with pytest.raises(ConfigError, match="step"):
        make_arrivals("step", steps=steps)


def test_unknown_kind_is_answered_with_the_nearest() -> None:
    """Slips of the pen are the usual mistake."""
    with pytest.raises(ConfigError) as caught:
        make_arrivals("poison", rate_rps=5)
    assert str(caught.value) == "there is no kind of arrivals 'poison' (nearest match: poisson)"


def test_unknown_setting_is_answered_with_what_there_is() -> None:
    """A setting of another kind is not ignored."""
    with pytest.raises(ConfigError) as caught:
        make_arrivals("replay", trace="day.csv", on_s=3)
    assert str(caught.value) == "replay arrivals take no 'on_s' (known: trace, speed)"


def test_unknown_spacing_is_refused() -> None:
    """The message lists what there is."""
    with pytest.raises(ConfigError, match=r"spacing 'uniform' is unknown \(use constant, poisson"):
        make_arrivals("ramp", rate_rps=5, over_s=10, spacing="uniform")


def test_shape_without_gamma_is_refused() -> None:
    """It would have no effect, and its author thinks that it has."""
    with pytest.raises(ConfigError, match="poisson spacing takes no shape"):
        make_arrivals("ramp", rate_rps=5, over_s=10, shape=0.5)


def test_base_above_the_peak_is_refused() -> None:
    """Bursts are higher than what is between them."""
    with pytest.raises(ConfigError, match="base_rps of 9 is more than rate_rps of 5"):
        make_arrivals("burst", **ENOUGH["burst"], base_rps=9)


def test_ramp_may_fall_and_end_at_nothing_but_not_be_nothing() -> None:
    """Downhill is a plan; 0 to 0 is none."""
    falling = make_arrivals("ramp", base_rps=10, rate_rps=0, over_s=10)
    assert falling.expected(100) == 50
    with pytest.raises(ConfigError, match="offers nothing"):
        make_arrivals("ramp", rate_rps=0, over_s=10)


@pytest.mark.parametrize("kind", ["ramp", "diurnal"])
def test_ramps_and_days_last_as_long_as_the_run_unless_said(kind) -> None:
    """One ramp, one day."""
    arrivals = make_arrivals(kind, rate_rps=10, duration_s=60)
    assert arrivals.expected(60) == pytest.approx(300)


def test_steps_that_end_before_the_duration_are_refused() -> None:
    """Silence to the end is not what somebody plans without a step of 0."""
    with pytest.raises(ConfigError, match="arrivals end after 30 s, before the duration of 31 s"):
        make_arrivals("step", steps=[[5, 10]] * 3, duration_s=31)


def test_duration_may_equal_the_steps_in_spite_of_rounding() -> None:
    """0.1 + 0.1 + 0.1 is a bit more than 0.3 to a computer, and three times 0.7 a bit less."""
    for length_s in (0.1, 0.7):
        arrivals = make_arrivals("step", steps=[[5, length_s]] * 3, duration_s=3 * length_s)
        assert arrivals.duration_s == pytest.approx(3 * length_s)
