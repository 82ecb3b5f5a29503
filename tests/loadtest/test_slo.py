"""The SLO: its file, its criteria, and what counts as good."""

from __future__ import annotations

from pathlib import Path

import pytest

from asr_client.errors import ConfigError
from asr_loadtest.judgement.criteria import Criterion, judge, samples_needed
from asr_loadtest.judgement.measures import samples_for
from asr_loadtest.judgement.slo import Limits, Slo
from asr_loadtest.judgement.slo_file import load_slo, parse_slo, slo_fields, slo_of_fields
from asr_loadtest.load.histogram import Histogram
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from simulated_load import evenly

EXAMPLE = Path(__file__).parents[2] / "loadtest" / "slo.example.toml"


def criteria_of(slo: Slo, samples: list[Sample]) -> dict[tuple[str, str], Criterion]:
    """Judge, and find criteria by name and scope."""
    judged = judge(slo, tally_of(samples, is_good=slo.is_good))
    return {(criterion.name, criterion.scope): criterion for criterion in judged}


def met(slo: Slo, samples: list[Sample], name: str, scope: str = "all") -> bool | None:
    """Whether one criterion is met."""
    return criteria_of(slo, samples)[name, scope].met


# --- the file


def test_file_states_milliseconds_and_sections() -> None:
    """People write milliseconds; the limits are seconds."""
    text = 'p99_ms = 800\nerror_rate = 0\n[language.hi]\np99_ms = 500\n[length."2-5 s"]\nrtfx_p5=2'
    slo = parse_slo(text, source="slo.toml")
    assert slo == Slo(
        Limits(p99_s=0.8, error_rate=0.0, refusal_rate=0.01),
        {"hi": Limits(p99_s=0.5)},
        {"2-5 s": Limits(rtfx_p5=2)},
        "slo.toml",
    )


def test_file_that_limits_latency_alone_still_limits_failures() -> None:
    """Whoever wants fast replies does not mean that all may fail."""
    slo = parse_slo("p50_ms = 100", source="slo.toml")
    assert (slo.limits.error_rate, slo.limits.refusal_rate) == (0.01, 0.01)


def test_file_finds_languages_by_name_and_leaves_codes_alone() -> None:
    """A name means its code; a tag is what the model calls it."""
    slo = parse_slo("[language.Hindi]\n[language.en-US]\n[language.xx]\n", source="slo.toml")
    assert list(slo.languages) == ["hi", "en-US", "xx"]


def test_example_is_a_valid_file() -> None:
    """What people start from can be read."""
    slo = load_slo(EXAMPLE)
    assert (slo.limits.p99_s, slo.source) == (0.8, str(EXAMPLE))


def test_example_is_still_valid_with_all_its_comments_taken_away() -> None:
    """Each line that it proposes is a line that works, and all limits are among them."""
    stated = [line.removeprefix("# ") for line in EXAMPLE.read_text().splitlines()]
    proposals = [line for line in stated if " = " in line.partition("#")[0] or line[:1] == "["]
    slo = parse_slo("\n".join(proposals), source="slo.toml")
    fields = slo_fields(slo)
    everything = slo_fields(Slo(Limits(**dict.fromkeys(Limits.__slots__, 1))))
    assert everything.keys() - fields.keys() == set()
    assert (list(slo.languages), list(slo.lengths)) == (["hi"], ["2-5 s"])


def test_fields_of_an_slo_are_read_back() -> None:
    """A report states the SLO; the report made again judges by the same."""
    text = 'p999_ms = 123.4\ngoodput_rps = 3\nmin_samples = 7\n[length."60+ s"]\nrtfx_mean = 0.5\n'
    slo = parse_slo(text, source="slo.toml")
    assert slo_of_fields(slo_fields(slo), source="slo.toml") == slo


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p99_ms = 1\np9_ms = 1", "slo.toml, line 2: 'p9_ms' is no limit of an SLO (nearest"),
        ("[langauge.hi]\np99_ms = 1", "slo.toml, line 1: 'langauge' is no section of an SLO (near"),
        ("[language.hi]\n\np99 = 1", "slo.toml, line 3, [language.hi]: 'p99' is no limit"),
        ("language = 'hi'", "slo.toml, line 1: 'language' holds tables, such as [language.hi]"),
        ("[language]\nhi = 1", "slo.toml, line 2: [language.hi] is no table"),
        ("[language.hindee]\np99_ms = 1", "line 1: [language.hindee]: unknown language"),
        ('[length."2-6 s"]\n', "line 1: [length.'2-6 s'] is no length bucket; they are '0-2 s'"),
        ("p99_ms = 0", "line 1: p99_ms must be above 0 and finite, not 0"),
        ("p99_ms = inf", "must be above 0 and finite, not inf"),
        ("p99_ms = nan", "must be above 0 and finite, not nan"),
        ("p99_ms = '800'", "p99_ms must be a number, not '800'"),
        ("p99_ms = true", "p99_ms must be a number, not True"),
        ("error_rate = 1.5", "error_rate is a share from 0 to 1, not 1.5"),
        ("refusal_rate = -0.1", "refusal_rate is a share from 0 to 1, not -0.1"),
        ("min_samples = 1.5", "min_samples must be a whole number, not 1.5"),
        ("p99_ms = ", "slo.toml is not valid TOML: "),
    ],
)
def test_file_is_refused_with_its_line(text: str, message: str) -> None:
    """What no SLO says is refused in one line that tells where it stands."""
    with pytest.raises(ConfigError) as caught:
        parse_slo(text, source="slo.toml")
    assert message in str(caught.value)


def test_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    """No traceback for a file that is not there, or that is no text."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"cannot read the SLO file .*: No such file"):
        load_slo(tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="it is no text in UTF-8"):
        load_slo(tmp_path / "binary")


# --- what is good


def sample(response_s: float, **known: object) -> Sample:
    """One request."""
    return evenly(1, response_s=response_s, **known)[0]


def test_good_is_ok_within_every_limit_that_applies() -> None:
    """The limits on all, on its language and on its length apply together."""
    slo = Slo(Limits(p99_s=1.0), {"hi": Limits(p99_s=0.5)}, {"2-5 s": Limits(p99_s=0.3)})
    assert slo.is_good(sample(0.9, language="ta"))
    assert not slo.is_good(sample(1.1, language="ta"))
    assert slo.is_good(sample(0.4, language="hi"))
    assert not slo.is_good(sample(0.4, language="hi", audio_s=3.0))
    assert not slo.is_good(sample(0.1, outcome="wrong_transcript"))
    assert not slo.is_good(sample(0.1, outcome="not_sent"))


@pytest.mark.parametrize(
    ("limits", "longest_s"),
    [
        (Limits(p50_s=0.1, p95_s=0.5, p99_s=1.0, p999_s=2.0), 1.0),
        (Limits(p50_s=0.1, p95_s=0.5, p999_s=2.0), 2.0),
        (Limits(p50_s=0.1, p95_s=0.5), 0.5),
        (Limits(p99_per_audio_s=0.25, rtfx_p5=2.0), 0.5),
        (Limits(rtfx_p5=4.0), 0.5),
    ],
)
def test_good_request_keeps_to_what_nearly_all_keep_to(limits: Limits, longest_s: float) -> None:
    """Of percentiles the 99th counts for a single request, else the 99.9th, else the 95th."""
    slo = Slo(limits)
    assert slo.is_good(sample(longest_s - 0.001, audio_s=2.0))
    assert not slo.is_good(sample(longest_s + 0.001, audio_s=2.0))


def test_median_and_missing_limits_forbid_no_single_request() -> None:
    """Half of all may be slower than the median; without limits all ok is good."""
    assert Slo(Limits(p50_s=0.1)).is_good(sample(60.0))
    assert Slo.default().is_good(sample(60.0, audio_s=0.0))


# --- criteria


def test_default_is_not_green_when_requests_fail() -> None:
    """A run without an SLO file of which a tenth fails has missed something."""
    failing = [*evenly(90), *evenly(10, outcome="server_error")]
    refused = [*evenly(90), *evenly(10, outcome="overloaded")]
    assert met(Slo.default(), failing, "error_rate") is False
    assert met(Slo.default(), failing, "refusal_rate") is True
    assert met(Slo.default(), refused, "error_rate") is True
    assert met(Slo.default(), refused, "refusal_rate") is False


def test_rates_leave_out_what_was_not_sent() -> None:
    """What never left the generator is neither failure nor success of the target."""
    samples = [*evenly(100), *evenly(100, outcome="not_sent"), *evenly(1, outcome="timeout")]
    criterion = criteria_of(Slo.default(), samples)["error_rate", "all"]
    assert criterion.measured == 1 / 101


def test_latency_is_that_of_good_replies_in_milliseconds() -> None:
    """Failures are fast or slow for other reasons."""
    samples = [*evenly(400, response_s=0.1), *evenly(400, response_s=9.0, outcome="timeout")]
    criterion = criteria_of(Slo(Limits(p99_s=0.2)), samples)["p99_ms", "all"]
    assert criterion.met
    assert criterion.measured == pytest.approx(100, rel=0.01)
    assert criterion.words == f"p99_ms {criterion.measured:.3g} ms, at most 200 ms: kept"


@pytest.mark.parametrize(("share", "needed"), [(0.5, 4), (0.95, 73), (0.99, 381), (0.999, 3838)])
def test_percentile_needs_what_its_interval_needs(share: float, needed: int) -> None:
    """One sample fewer, and the upper end of the confidence interval does not exist."""
    assert samples_for(share) == needed
    assert Histogram.of([1.0] * needed).interval(share).high is not None
    assert Histogram.of([1.0] * (needed - 1)).interval(share).high is None


def test_percentile_of_few_samples_is_kept_by_nobody() -> None:
    """380 fast replies do not show that a p99 is kept; 381 do."""
    slo = Slo(Limits(p99_s=0.2))
    assert met(slo, evenly(380), "p99_ms") is None
    assert met(slo, evenly(381), "p99_ms") is True
    assert "not decided by 380 good replies, it takes 381" in (
        criteria_of(slo, evenly(380))["p99_ms", "all"].words
    )


def test_percentile_of_few_samples_can_be_missed() -> None:
    """Fifty slow replies of fifty leave no doubt; one slow of fifty does."""
    slo = Slo(Limits(p99_s=0.2))
    assert met(slo, evenly(50, response_s=0.3), "p99_ms") is False
    assert met(slo, [*evenly(49), *evenly(1, response_s=0.3)], "p99_ms") is None


def test_min_samples_replaces_the_rule_for_all_groups() -> None:
    """Who says how many are enough is taken at their word; a group may say otherwise."""
    slo = Slo(Limits(p99_s=0.2, min_samples=10), {"hi": Limits(p99_s=0.2, min_samples=20)})
    samples = evenly(19, language="hi")
    assert met(slo, samples, "p99_ms") is True
    assert met(slo, samples, "p99_ms", "language hi") is None
    assert met(slo, evenly(9), "p99_ms") is None


def test_latency_per_audio_second_is_the_inverse_of_rtfx() -> None:
    """Its p99 is RTFx's p1, and its interval's ends change places."""
    samples = [*evenly(990, response_s=0.5), *evenly(10, response_s=2.0)]
    criterion = criteria_of(Slo(Limits(p99_per_audio_s=1.0)), samples)["p99_per_audio_s", "all"]
    assert criterion.measured == pytest.approx(2.0, rel=0.01)
    assert (criterion.unit, criterion.met) == ("s/audio s", False)
    low, high = criterion.interval.low, criterion.interval.high
    assert (low, high) == (pytest.approx(0.5, rel=0.01), pytest.approx(2.0, rel=0.01))


def test_rtfx_is_at_least() -> None:
    """More is better: the slow end counts."""
    samples = [*evenly(90, response_s=0.1), *evenly(10, response_s=1.0)]
    assert met(Slo(Limits(rtfx_p5=1.5)), samples, "rtfx_p5") is False
    assert met(Slo(Limits(rtfx_p5=0.9)), samples, "rtfx_p5") is True
    assert met(Slo(Limits(rtfx_mean=9.0)), samples, "rtfx_mean") is True
    assert met(Slo(Limits(rtfx_mean=9.2)), samples, "rtfx_mean") is False


def test_goodput_counts_what_is_within_the_limits() -> None:
    """Late replies are throughput, and no goodput."""
    slo = Slo(Limits(p95_s=0.2, goodput_rps=40.0))
    assert met(slo, evenly(500, rate_rps=50), "goodput_rps") is True
    assert met(slo, evenly(500, rate_rps=50, response_s=0.3), "goodput_rps") is False


def test_groups_have_criteria_of_their_own() -> None:
    """Hindi may be slow where Tamil is not."""
    samples = [*evenly(400, language="ta"), *evenly(400, language="hi", response_s=0.5)]
    slo = Slo(Limits(), {"hi": Limits(p99_s=0.2), "ta": Limits(p99_s=0.2)})
    assert met(slo, samples, "p99_ms", "language hi") is False
    assert met(slo, samples, "p99_ms", "language ta") is True


def test_group_without_samples_is_undecided() -> None:
    """A limit on what was not offered is neither kept nor missed."""
    slo = Slo(Limits(), {}, {"60+ s": Limits(p50_s=1.0, error_rate=0.1)})
    criteria = criteria_of(slo, evenly(10))
    assert criteria["p50_ms", "length 60+ s"].met is None
    assert criteria["error_rate", "length 60+ s"].met is None
    assert criteria["p50_ms", "length 60+ s"].words == (
        "length 60+ s: p50_ms was to be at most 1000 ms, and there was nothing to measure"
    )


def test_kept_but_not_for_certain_is_said() -> None:
    """None of forty failed: that is kept, and five in a hundred may still fail."""
    words = criteria_of(Slo.default(), evenly(40))["error_rate", "all"].words
    assert words == "error_rate 0 %, at most 1 %: kept, though 95 % confidence reaches to 8.76 %"


def test_samples_needed_is_that_of_the_hardest_limit() -> None:
    """Probes of a search are as long as the SLO demands."""
    assert samples_needed(Slo.default()) == 0
    assert samples_needed(Slo(Limits(p50_s=1.0, p95_s=1.0))) == 73
    assert samples_needed(Slo(Limits(p50_s=1.0, p99_per_audio_s=1.0))) == 381
    assert samples_needed(Slo(Limits(p99_s=1.0, min_samples=50))) == 50
