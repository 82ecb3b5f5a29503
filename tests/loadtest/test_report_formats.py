"""CSV, JUnit and Markdown: the document's figures, in forms that other programs take."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asr_loadtest.judgement.findings import Finding
from asr_loadtest.judgement.slo_file import parse_slo
from asr_loadtest.load.run_info import RunInfo
from asr_loadtest.load.samples import Sample
from asr_loadtest.load.tally import tally_of
from asr_loadtest.report.assessment import assess
from asr_loadtest.report.csv_tables import groups_csv, timeline_csv
from asr_loadtest.report.document import Document
from asr_loadtest.report.junit import junit_xml
from asr_loadtest.report.markdown import markdown
from asr_loadtest.report.wording import say
from asr_loadtest.report.written import FORMATS, as_json, write_reports
from synthetic_run import synthetic_run

SLO = parse_slo("p50_ms = 400\np99_ms = 1500\np999_ms = 9000\n", source="slo.toml")
INFO = RunInfo(run_id="r", started_unix_s=0.0, host="http://h")
EVIL = "=cmd|' /C calc'!A0 <b> ]]> \x00\x1b[2J | ` *x*\n# heading"


@pytest.fixture(scope="module")
def document() -> Document:
    """One of everything."""
    run = synthetic_run(duration_s=60.0)
    tally = tally_of(run.samples, is_good=SLO.is_good, warm_up_s=run.info.warm_up_s)
    return assess(run.info, tally, SLO, run.health, run.pods, sightings=run.sightings).document


@pytest.fixture(scope="module")
def hostile() -> Document:
    """A document in which whatever can be named has a hostile name."""
    sample = Sample(
        index=0,
        intended_s=0.0,
        sent_s=0.0,
        done_s=1.0,
        outcome="server_error",
        language=EVIL,
        detail=EVIL,
    )
    info = replace(INFO, run_id=EVIL, host=EVIL, arrivals=EVIL, notes=(EVIL,))
    found = assess(info, tally_of([sample]), SLO)
    finding = Finding("caveat", EVIL, EVIL, EVIL)
    verdict = replace(found.verdict, findings=(finding,), headline=EVIL, evidence=(EVIL,))
    return assess(info, tally_of([sample]), SLO, verdict=verdict).document


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def cases_of(text: str) -> dict[tuple[str, str], ET.Element]:
    """The test cases of a JUnit file, by class and name."""
    root = ET.fromstring(text)  # noqa: S314 - made by the code under test
    cases = root.iter("testcase")
    return {(case.attrib["classname"], case.attrib["name"]): case for case in cases}


# --- CSV


def test_timeline_has_a_row_for_each_window(document: Document) -> None:
    """Each cell is the array's value; what is not known is empty."""
    rows = rows_of(timeline_csv(document))
    timeline = document["timeline"]
    assert [float(row["start_s"]) for row in rows] == timeline["start_s"]
    assert [float(row["good_rps"]) for row in rows] == timeline["good_rps"]
    assert [float(row["rate_limited_rps"]) for row in rows] == timeline["not_ok_rps"][
        "rate_limited"
    ]
    assert [row["response_p99_s"] for row in rows] == [
        "" if value is None else str(value) for value in timeline["response_p99_s"]
    ]
    assert "generator_cpu_share" in rows[0]


def test_groups_have_a_row_each(document: Document) -> None:
    """All, every language, every length, with the document's figures."""
    rows = rows_of(groups_csv(document))
    assert [row["kind"] for row in rows[:5]] == ["all", *["language"] * 4]
    assert [row["name"] for row in rows[1:5]] == ["bn", "hi", "ta", "te"]
    assert float(rows[0]["p99_s"]) == document["latency"]["response"]["p99_s"]
    assert float(rows[0]["live_streams"]) == document["asr"]["live_streams"]


def test_a_spreadsheet_runs_no_name(hostile: Document) -> None:
    """What looks like a formula is text."""
    assert rows_of(groups_csv(hostile))[1]["name"].startswith("'=cmd")


# --- JUnit


def test_each_limit_is_a_test_case(document: Document) -> None:
    """Missed ones are failures with their words, kept ones say so, the verdict is one as well."""
    cases = cases_of(junit_xml(document))
    for criterion in document["verdict"]["criteria"]:
        case = cases["asr-loadtest.slo", f"{criterion['scope']}: {criterion['name']}"]
        assert {True: "system-out", False: "failure", None: "skipped"}[criterion["met"]] in {
            child.tag for child in case
        }
        assert criterion["words"] in "".join(case.itertext())
    verdict = cases["asr-loadtest.verdict", document["verdict"]["result"]]
    assert [child.tag for child in verdict] == ["failure"]
    assert verdict[0].attrib["message"] == document["verdict"]["headline"]


def test_counts_of_the_suite_are_its_cases(document: Document) -> None:
    """As pipelines show them without opening the file."""
    root = ET.fromstring(junit_xml(document))  # noqa: S314 - made a line above
    suite = root[0]
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[kind]) == len(suite.findall(f"testcase/{tag}"))


def test_invalid_run_is_an_error() -> None:
    """Neither passed nor failed: nothing was measured."""
    document = assess(replace(INFO, duration_s=9.0), tally_of(()), SLO).document
    cases = cases_of(junit_xml(document))
    assert cases["asr-loadtest.verdict", "invalid"].find("error") is not None
    assert {case.attrib["classname"] for case in cases.values()} >= {"asr-loadtest.validity"}


def test_hostile_words_are_escaped_in_xml(hostile: Document) -> None:
    """It parses; what XML cannot hold is replaced."""
    (case,) = (case for key, case in cases_of(junit_xml(hostile)).items() if "cmd" in key[1])
    assert "<b> ]]> \ufffd\ufffd[2J" in "".join(case.itertext())


# --- Markdown


def test_markdown_is_short_and_has_the_verdict(document: Document) -> None:
    """Title, SLO, headline figures, classes: on one screen."""
    text = markdown(document)
    lines = text.splitlines()
    assert lines[0].startswith("## ")
    assert len(lines) < 60
    for row in document["outcomes"]:
        assert f"| {row['outcome']} | {say(row['count'], 'count')} |" in text
    assert "**missed**" in text


def test_hostile_words_are_escaped_in_markdown(hostile: Document) -> None:
    """No heading, table cell, code or HTML of its own."""
    text = markdown(hostile)
    assert "<b>" not in text
    assert "\n# heading" not in text
    assert "\\| \\` \\*x\\*" in text


def test_markdown_steers_no_terminal(hostile: Document) -> None:
    """It is read with `cat`, too; joiners, which Indic letters need, stay."""
    words = "red\x1b[31m\x07\x9b2J\u202egpj\x00 क्\u200dष"
    text = markdown({**hostile, "verdict": {**hostile["verdict"], "headline": words}})
    assert "red \\[31m 2J gpj क्\u200dष" in text


# --- all of them


def test_all_formats_are_written_and_named(document: Document, tmp_path: Path) -> None:
    """In the order asked for, whole, and nothing else."""
    files = write_reports(tmp_path / "new", document)
    assert [file.name for file in files] == [
        "report.html",
        "report.json",
        "report.csv",
        "report-groups.csv",
        "junit.xml",
        "report.md",
    ]
    assert sorted(each.name for each in (tmp_path / "new").iterdir()) == sorted(
        file.name for file in files
    )
    assert json.loads((tmp_path / "new" / "report.json").read_text()) == document
    assert write_reports(tmp_path, document, ["md"]) == (tmp_path / "report.md",)
    assert FORMATS == ("html", "json", "csv", "junit", "md")


@pytest.mark.parametrize("render", [timeline_csv, groups_csv, junit_xml, markdown, as_json])
def test_empty_run_renders_everywhere(render: Callable[[Document], str]) -> None:
    """Nothing recorded is no reason to fail."""
    assert render(assess(INFO, tally_of(()), SLO).document)
