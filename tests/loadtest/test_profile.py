"""Profiles: the shipped ones do what they say, and mistakes in others are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.errors import ConfigError
from asr_loadtest.load.arrivals import make_arrivals
from asr_loadtest.load.pattern import PATTERNS, Level, PatternSpec
from asr_loadtest.load.profile import Profile, load_profile

PROFILES = Path(__file__).parents[2] / "loadtest" / "profiles"


def load(tmp_path: Path, text: str) -> Profile:
    """Write a profile and read it."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return load_profile(str(path), folder=PROFILES)


def refusal(tmp_path: Path, text: str) -> str:
    """Write a profile that is refused, and give the words."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "arrivals", "duration_s", "planned"),
    [
        ("smoke", "constant, 2 req/s", 20, 40),
        ("steady", "Poisson, 5 req/s", 300, 1500),
        ("ramp", "Poisson, ramp from 1 to 20 req/s over 240 s", 300, 3720),
        ("steps", "Poisson, steps of 2 5 10 15 20 2 req/s over 360 s", 360, 3240),
        ("burst", "Poisson, bursts of 20 req/s for 10 s, then 2 for 50 s", 600, 3000),
        ("diurnal", "Poisson, diurnal, 1 to 10 req/s in days of 1440 s", 1440, 7920),
        ("soak", "Poisson, 3 req/s", 3600, 10800),
        ("replay", "replay of replay.csv, 12 arrivals", pytest.approx(10.32), 12),
    ],
)
def test_shipped_profiles_plan_what_they_say(name, arrivals, duration_s, planned) -> None:
    """By name, with the planned number of requests."""
    profile = load_profile(name, folder=PROFILES)
    assert profile.arrivals is not None
    assert (profile.name, profile.arrivals.describe()) == (name, arrivals)
    assert profile.duration_s == duration_s
    assert profile.arrivals.expected(1e9) == pytest.approx(planned)


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_is_described(path) -> None:
    """A sentence in the file's own key, and comments for who reads it."""
    profile = load_profile(str(path), folder=PROFILES)
    assert profile.description
    assert path.read_text().startswith("# ")


def test_seed_decides_on_the_arrivals() -> None:
    """The same plan, drawn anew."""
    first, again, other = (
        load_profile("steady", seed=seed, folder=PROFILES).arrivals for seed in (1, 1, 2)
    )
    assert list(first.instants()) == list(again.instants()) != list(other.instants())


@pytest.mark.parametrize("name", ["steady", "steps", "replay"])
def test_another_process_makes_the_same_arrivals_from_the_settings(name) -> None:
    """They are plain values: a message to a worker can carry them."""
    profile = load_profile(name, seed=3, folder=PROFILES)
    settings = json.loads(json.dumps(profile.settings))
    elsewhere = make_arrivals(profile.kind, seed=3, duration_s=profile.duration_s, **settings)
    assert list(elsewhere.instants()) == list(profile.arrivals.instants())


def test_paths_are_relative_to_the_profile(tmp_path, monkeypatch) -> None:
    """Wherever it is read from."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "day.csv").write_text("at_s\n0\n1\n")
    monkeypatch.chdir("/")
    profile = load(tmp_path, '[arrivals]\nkind = "replay"\ntrace = "traces/day.csv"\n')
    assert profile.settings == {"trace": str(tmp_path / "traces" / "day.csv")}
    assert profile.duration_s == 2


def test_all_keys_are_taken(tmp_path) -> None:
    """What a profile may say beside its arrivals."""
    profile = load(
        tmp_path,
        'description = "x"\nduration_s = 60\nwarm_up_s = 5\nloop = "open"\ndeadline_s = 10\n'
        'connections = "max-age"\nconnection_max_age_s = 20\n'
        '[arrivals]\nkind = "constant"\nrate_rps = 1\n',
    )
    assert (profile.description, profile.warm_up_s, profile.deadline_s) == ("x", 5, 10)
    assert (profile.connections, profile.connection_max_age_s) == ("max-age", 20)


def test_what_is_not_said_is_none(tmp_path) -> None:
    """And left to the command line."""
    profile = load(tmp_path, '[arrivals]\nkind = "constant"\nrate_rps = 1\n')
    assert (profile.duration_s, profile.deadline_s, profile.connections) == (None, None, None)
    assert (profile.loop, profile.warm_up_s, profile.users) == ("open", 0, None)


def test_closed_loop_has_users_and_no_arrivals(tmp_path) -> None:
    """Who waits for answers follows no schedule."""
    profile = load(tmp_path, 'loop = "closed"\nusers = 8\nduration_s = 30\n')
    assert (profile.loop, profile.users, profile.duration_s) == ("closed", 8, 30)
    assert (profile.arrivals, profile.kind, profile.settings) == (None, "", {})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_shipped_profiles_of_the_autoscaler_leave_the_rest_to_it(pattern) -> None:
    """They say which loads; an HPA's rules say how long."""
    profile = load_profile(f"hpa-{pattern}", folder=PROFILES)
    assert profile.autoscaler is not None
    assert profile.autoscaler.pattern == pattern
    assert profile.autoscaler.rates_rps(20) == (2, 20)
    assert (profile.arrivals, profile.duration_s, profile.loop) == (None, None, "open")
    assert profile.connections == "max-age"


def test_pattern_takes_rates_instead_of_shares(tmp_path) -> None:
    """Whatever --asr-rate is then."""
    profile = load(
        tmp_path,
        "warm_up_s = 5\n[autoscaler]\npattern = 'up'\nlow_rps = 0\nhigh_rps = 30\n"
        "spacing = 'constant'\n",
    )
    low, high = Level(0, is_share=False), Level(30, is_share=False)
    assert profile.autoscaler == PatternSpec("up", low, high, "constant")
    assert profile.autoscaler.rates_rps(1) == (0, 30)
    assert profile.warm_up_s == 5


def test_pattern_alone_is_a_tenth_and_all_of_the_rate(tmp_path) -> None:
    """The defaults."""
    profile = load(tmp_path, "[autoscaler]\npattern = 'full'\n")
    assert profile.autoscaler == PatternSpec("full", Level(0.1), Level(1.0), "poisson")


def test_pattern_refuses_a_rate_that_turns_it_upside_down(tmp_path) -> None:
    """A low load in requests per second may turn out to be above a share of the rate."""
    profile = load(tmp_path, "[autoscaler]\npattern = 'up'\nlow_rps = 5\n")
    assert profile.autoscaler is not None
    assert profile.autoscaler.rates_rps(10) == (5, 10)
    with pytest.raises(ConfigError, match="the low load of 5 req/s is not below the high one of 4"):
        profile.autoscaler.rates_rps(4)


ARRIVALS = '[arrivals]\nkind = "poisson"\nrate_rps = 5\n'
PATTERN = "[autoscaler]\npattern = "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.toml: the section [arrivals] must name a kind (one of constant,"),
        ("arrivals = 5", "mine.toml: the section [arrivals] must name a kind"),
        ("[arrivals]\nkind = 5", "mine.toml: the section [arrivals] must name a kind"),
        ("[arrivals]\nkind = ['x']", "mine.toml: the section [arrivals] must name a kind"),
        (
            "duration = 60\n" + ARRIVALS,
            "mine.toml: a profile has no key 'duration' (nearest match: duration_s)",
        ),
        (
            ARRIVALS + "rate = 5",
            "mine.toml: poisson arrivals take no 'rate' (nearest match: rate_rps)",
        ),
        (
            ARRIVALS + "seed = 5",
            "mine.toml: poisson arrivals take no 'seed' (known: rate_rps)",
        ),
        (
            ARRIVALS + "duration_s = 5",
            "mine.toml: poisson arrivals take no 'duration_s'",
        ),
        ("duration_s = '5 min'\n" + ARRIVALS, "mine.toml: duration_s must be 0.001 to 1000000000"),
        ("duration_s = 0\n" + ARRIVALS, "mine.toml: duration_s must be 0.001 to 1000000000"),
        ("deadline_s = nan\n" + ARRIVALS, "mine.toml: deadline_s must be 0.001 to 1000000000"),
        ("warm_up_s = -1\n" + ARRIVALS, "mine.toml: warm_up_s must be 0.001 to 1000000000"),
        (
            "duration_s = 9\nwarm_up_s = 9\n" + ARRIVALS,
            "mine.toml: a warm-up of 9 s leaves nothing of 9 s to be judged",
        ),
        ("description = 5\n" + ARRIVALS, "mine.toml: description must be a text, not 5"),
        ("connections = 5\n" + ARRIVALS, "mine.toml: connections must be a text, not 5"),
        ("loop = 'both'\n" + ARRIVALS, "mine.toml: loop is open or closed, not 'both'"),
        ("users = 5\n" + ARRIVALS, "mine.toml: users belong to a closed loop"),
        ("loop = 'closed'", "mine.toml: a closed loop needs users, 1 or more"),
        ("loop = 'closed'\nusers = 0", "mine.toml: a closed loop needs users, 1 or more"),
        ("loop = 'closed'\nusers = true", "mine.toml: a closed loop needs users, 1 or more"),
        ("loop = 'closed'\nusers = 1\n" + ARRIVALS, "mine.toml: a closed loop has no arrivals"),
        ("[arrivals]\nkind = 'replay'\ntrace = 5", "mine.toml: trace must be the path of a file"),
        ("[arrivals]\nkind = 'step'\nsteps = 0x" + "f" * 9999, "mine.toml: steps are pairs of"),
        ("autoscaler = 5", "mine.toml: the section [autoscaler] must name a pattern (one of up,"),
        (PATTERN + "5", "mine.toml: the section [autoscaler] must name a pattern"),
        (PATTERN + "'fill'", "mine.toml: there is no pattern 'fill' (nearest match: full)"),
        (PATTERN + "'up'\nhi = 1", "mine.toml: the section [autoscaler] has no key 'hi'"),
        (PATTERN + "'up'\nlow = 10", "mine.toml: low must be 0.001 to 1 of --asr-rate, not 10"),
        (PATTERN + "'up'\nhigh = 0", "mine.toml: high must be 0.001 to 1 of --asr-rate, not 0"),
        (PATTERN + "'up'\nlow = true", "mine.toml: low must be 0.001 to 1 of --asr-rate"),
        (PATTERN + "'up'\nlow_rps = '2'", "mine.toml: low_rps must be 0.0001 to 1000000 requests"),
        (PATTERN + "'up'\nhigh_rps = 0", "mine.toml: high_rps must be 0.0001 to 1000000 requests"),
        (PATTERN + "'up'\nlow = 0.1\nlow_rps = 2", "mine.toml: low and low_rps are one load"),
        (PATTERN + "'up'\nlow = 0.5\nhigh = 0.4", "mine.toml: a low load of 0.5 is not below"),
        (PATTERN + "'up'\nspacing = 'gamma'", "mine.toml: spacing 'gamma' is unknown (use poisson"),
        ("duration_s = 9\n" + PATTERN + "'up'", "mine.toml: the autoscaler's rules decide on dura"),
        (ARRIVALS + PATTERN + "'up'", "mine.toml: the autoscaler's rules decide on arrivals"),
        ("loop = 'closed'\n" + PATTERN + "'up'", "mine.toml: a load for an autoscaler is an open"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path, text, message) -> None:
    """File, key, what is amiss; and what was probably meant."""
    assert refusal(tmp_path, text).startswith(message)


@pytest.mark.parametrize("text", ["=", "a = 1\na = 2", "x = " + "9" * 9999, "x = " + "[" * 99999])
def test_file_that_is_no_toml_is_refused(tmp_path, text) -> None:
    """The parser's own words say where."""
    assert "is no TOML: " in refusal(tmp_path, text)


@given(text=st.text(max_size=100))
def test_any_text_is_a_profile_or_a_config_error(text, tmp_path_factory) -> None:
    """Whatever a file holds, nothing else is raised."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text + "\n" + ARRIVALS, "utf-8")
    try:
        load_profile(str(path), folder=PROFILES)
    except ConfigError:
        return


def test_profile_that_is_no_text_is_refused(tmp_path) -> None:
    """Bytes that are no UTF-8 are no TOML."""
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is no TOML"):
        load_profile(str(path), folder=PROFILES)


def test_unknown_name_is_answered_with_the_nearest() -> None:
    """Names are those of the files in the folder."""
    with pytest.raises(ConfigError, match=r"has no profile 'stedy' \(nearest match: steady\)"):
        load_profile("stedy", folder=PROFILES)


@pytest.mark.parametrize("name", ["none.toml", "./none", "none/x"])
def test_missing_file_is_refused_by_its_path(name) -> None:
    """A path is not looked for among the names."""
    with pytest.raises(ConfigError, match=f"cannot read the profile {Path(name)}: No such file"):
        load_profile(name, folder=PROFILES)
