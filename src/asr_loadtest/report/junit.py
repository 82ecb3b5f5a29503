"""The document as JUnit XML: each limit of the SLO is a test, and so is each doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from asr_loadtest.report.document import Document

__all__ = ["junit_xml"]

# What no XML document may hold, however it is escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(document: Document) -> str:
    """
    Give a suite with a test case for each criterion, each finding and each rule of the autoscaler,
    and one for the verdict.

    A missed limit or a broken rule is a failure, an invalid run an error, and what could not be
    decided or was not exercised is skipped: a pipeline then shows by itself what was wrong.
    """
    verdict = document["verdict"]
    cases = [
        _verdict(verdict),
        *(_criterion(criterion) for criterion in verdict["criteria"]),
        *(_finding(found) for found in verdict["findings"]),
        *(_rule(rule) for rule in (document["autoscaler"] or {}).get("rules", ())),
    ]
    counts = {
        "tests": len(cases),
        "failures": sum("<failure" in case for case in cases),
        "errors": sum("<error" in case for case in cases),
        "skipped": sum("<skipped" in case for case in cases),
    }
    run = document["run"]
    suite = _attributes(name=f"asr-loadtest {run['run_id']}", timestamp=run["started"][:19])
    counted = _attributes(**counts, time=run["ended_s"] or 0)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites{counted}>",
            f"<testsuite{suite}{counted}>",
            *cases,
            "</testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _verdict(verdict: Mapping[str, Any]) -> str:
    kind = {
        "met": "",
        "missed": "failure",
        "gateway_limited": "failure",
        "autoscaler_broken": "failure",
    }
    outcome = kind.get(verdict["result"], "error")
    return _case("verdict", verdict["result"], outcome, verdict["headline"], verdict["remedies"])


def _criterion(criterion: Mapping[str, Any]) -> str:
    outcome = {True: "", False: "failure", None: "skipped"}[criterion["met"]]
    name = f"{criterion['scope']}: {criterion['name']}"
    return _case("slo", name, outcome, criterion["words"])


def _finding(found: Mapping[str, Any]) -> str:
    outcome = {"invalid": "error", "stop": "error"}.get(found["severity"], "")
    words = found["words"]
    return _case("validity", found["name"], outcome, words, [found["remedy"]])


def _rule(rule: Mapping[str, Any]) -> str:
    """Not exercised is no pass: it is skipped."""
    outcome = {"held": "", "broken": "failure", "not_exercised": "skipped"}[rule["state"]]
    words = rule["words"] + (f" (needs: {rule['needs']})" if rule["needs"] else "")
    return _case("autoscaler", rule["name"], outcome, words, rule["evidence"])


def _case(group: str, name: str, outcome: str, words: str, remedies: Sequence[str] = ()) -> str:
    """Write a test case; *outcome* is the element that says how it failed, empty if it did not."""
    head = _attributes(classname=f"asr-loadtest.{group}", name=name)
    text = escape(_clean("\n".join([words, *(remedy for remedy in remedies if remedy)])))
    if outcome:
        body = f"<{outcome}{_attributes(message=words)}>{text}</{outcome}>"
    else:
        body = f"<system-out>{text}</system-out>"
    return f"<testcase{head}>{body}</testcase>"


def _attributes(**values: object) -> str:
    return "".join(f" {name}={quoteattr(_clean(str(value)))}" for name, value in values.items())


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
