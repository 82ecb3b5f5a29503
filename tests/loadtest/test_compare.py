"""Two runs beside each other: ratios, whether a difference is one, and what forbids comparing."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from asr_loadtest.judgement.slo_file import parse_slo
from asr_loadtest.load.tally import tally_of
from asr_loadtest.report.assessment import assess
from asr_loadtest.report.comparison import compare
from asr_loadtest.report.document import Document
from synthetic_run import synthetic_run

SLO = parse_slo("p99_ms = 1500\n", source="slo.toml")
DOCS = Path(__file__).parents[2] / "docs" / "loadtest-report.md"


def made(**changes: Any) -> Document:
    """The document of a run."""
    run = synthetic_run(duration_s=40.0, **changes)
    tally = tally_of(run.samples, is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    return assess(run.info, tally, SLO, run.health, run.pods, sightings=run.sightings).document


@pytest.fixture(scope="module")
def slow() -> Document:
    """Two servers that fall behind."""
    return made()


@pytest.fixture(scope="module")
def fast() -> Document:
    """Four that do not."""
    return made(pods=4)


def changed(document: Document, path: str, value: object) -> Document:
    """A copy with another value somewhere."""
    copied = copy.deepcopy(document)
    *way, last = path.split(".")
    place = copied
    for step in way:
        place = place[step]
    place[last] = value
    return copied


def figure(found: dict[str, Any], name: str) -> dict[str, Any]:
    """One figure of a comparison."""
    return next(each for each in found["figures"] if each["name"] == name)


def test_figures_stand_beside_each_other(slow: Document, fast: Document) -> None:
    """Both documents' own, with the ratio of the second to the first."""
    p99 = figure(compare(slow, fast), "response p99")
    first = slow["latency"]["response"]["p99_s"]
    second = fast["latency"]["response"]["p99_s"]
    assert (p99["first"], p99["second"], p99["better"]) == (first, second, "less")
    assert p99["ratio"] == pytest.approx(second / first, rel=1e-4)
    assert p99["ratio"] < 1


def test_groups_of_both_are_compared(slow: Document, fast: Document) -> None:
    """A language or a length that only one has is left out."""
    found = compare(slow, changed(fast, "languages", fast["languages"][1:]))
    assert [each["name"] for each in found["languages"]] == ["hi", "ta", "te"]


def test_a_run_does_not_differ_from_itself(slow: Document) -> None:
    """All ratios are 1, the intervals overlap, nothing is warned of."""
    found = compare(slow, slow)
    assert {each["ratio"] for each in found["figures"] if each["first"]} == {1.0}
    assert found["p99"]["overlap"] is True
    assert found["warnings"] == []


def test_intervals_apart_are_a_difference(slow: Document, fast: Document) -> None:
    """Whichever of the two is given first."""
    assert compare(slow, fast)["p99"]["words"].endswith("the second run is faster")
    assert compare(fast, slow)["p99"]["words"].endswith("the first run is faster")


def test_open_intervals_decide_nothing(slow: Document, fast: Document) -> None:
    """Too few samples are no difference, and no equality."""
    few = changed(fast, "latency.response.p99_high_s", None)
    assert compare(slow, few)["p99"]["overlap"] is None


@pytest.mark.parametrize(
    ("path", "value", "warning"),
    [
        ("run.arrivals", "constant, 9 req/s", "the plan differs: "),
        ("run.loop", "closed", "the loop differs: open and closed"),
        ("run.deadline_s", 9.0, "the deadline differs: 5.0 and 9.0"),
        ("corpus.digest", "ffff", "the corpus differs: 3f0c and ffff"),
        ("slo.limits.p99_ms", 99, "the SLO differs: "),
        ("settings.max_age_s", 5, "the setting max_age_s differs: 60 and 5"),
        ("settings.pad_to_s", 4, "the setting pad_to_s differs: none and 4"),
        ("verdict.result", "invalid", "2025-01-31T12-00-00 is no measurement: "),
    ],
)
def test_what_forbids_comparing_is_warned_of(
    slow: Document, path: str, value: object, warning: str
) -> None:
    """Each condition that differs, in a line of its own."""
    (told,) = compare(slow, changed(slow, path, value))["warnings"]
    assert told.startswith(warning)


def test_every_key_of_a_comparison_is_documented(slow: Document, fast: Document) -> None:
    """docs/loadtest-report.md names each of them."""
    found = compare(slow, fast)
    keys = {*found, *found["p99"], *found["runs"][0], *found["figures"][0], *found["languages"][0]}
    words = set(re.findall(r"`([A-Za-z0-9_]+)(?:\[\])?`", DOCS.read_text()))
    assert sorted(keys - words) == []
