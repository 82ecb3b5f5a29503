"""asr-client wer, as a process: figures counted by hand, exit codes, and what is told."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_client.cli.admin import main
from asr_client.cli.wer import _LAYOUTS
from asr_client.evaluation.layouts import LAYOUTS

Wer = Callable[..., subprocess.CompletedProcess[str]]

REFERENCE = "u-1 Hello, world!\nu-2 मेरा घर यहाँ है।\nu-3 one two\n"
HYPOTHESIS = "u-2 मेरी घर यहाँ है\nu-1 hello world again\nu-9 more\n"
TEXT = """\
word error rate        50.00 %   4 of 8: 1 substituted, 2 left out, 1 put in
character error rate   42.42 %   14 of 33: 1 substituted, 7 left out, 6 put in
grapheme error rate    50.00 %   14 of 28: 1 substituted, 7 left out, 6 put in
3 utterances, paired by id: 0 without an error
1 empty hypotheses: all that was said there is left out
1 without a hypothesis, so empty: u-3
1 without a reference, so not counted: u-9
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make two files in the folder where commands run; standard input is empty."""
    (tmp_path / "ref").write_text(REFERENCE, encoding="utf-8")
    (tmp_path / "hyp").write_text(HYPOTHESIS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    return tmp_path


@pytest.fixture
def wer(folder: Path) -> Wer:
    """Run the command as a process."""

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "asr_client.cli.admin", "wer", *arguments],
            cwd=folder,
            input=stdin,
            text=True,
            encoding="utf-8",
            capture_output=True,
            check=False,
            timeout=60,
        )

    return run


def test_wer_tells_rates_and_what_was_missing(wer: Wer) -> None:
    """Ids are matched in any order; punctuation and case do not count."""
    done = wer("ref", "hyp")
    assert (done.returncode, done.stdout, done.stderr) == (0, TEXT, "")


def test_wer_shows_the_worst_utterances_word_by_word(wer: Wer) -> None:
    """The most errors first; left out and put in as `git diff --word-diff` writes it."""
    done = wer("ref", "hyp", "--details", "2")
    assert done.stdout == (
        TEXT + "\nu-3: 2 of 2 words, 100.00 %\n  [-one two-]\n"
        "\nu-1: 1 of 2 words, 50.00 %\n  hello world {+again+}\n"
    )


def test_wer_writes_one_json_object_and_warns_of_another_script(wer: Wer) -> None:
    """Machines get the same figures; the script is checked where the language is told."""
    done = wer("ref", "-", "--json", "--details", "--language", "ta", stdin=HYPOTHESIS)
    document = json.loads(done.stdout)
    assert document["wer"] == pytest.approx(4 / 8)
    assert document["words"] == {
        "reference_length": 8,
        "hits": 5,
        "substitutions": 1,
        "deletions": 2,
        "insertions": 1,
    }
    assert (document["missing"], document["extra"]) == (["u-3"], ["u-9"])
    assert [each["id"] for each in document["worst"]] == ["u-3", "u-1", "u-2"]
    assert document["worst"][2]["alignment"] == "[-मेरा-]{+मेरी+} घर यहाँ है"
    warning = (
        "2 of 3 hypotheses are in another script, such as u-1: asked for Tamil, but 100 % of the "
        "letters are Latin: is another language spoken, or does the model not heed the one asked "
        "for?"
    )
    assert document["warnings"] == [warning]
    assert f"warning: {warning}" in done.stderr


@pytest.mark.parametrize(("limit", "code"), [("0.5", 0), ("0.4999", 1)])
def test_wer_fails_above_the_limit(wer: Wer, limit: str, code: int) -> None:
    """A rate at the limit is good enough."""
    done = wer("ref", "hyp", "--max-wer", limit)
    assert done.returncode == code
    assert ("the word error rate is above 0.4999: 0.5" in done.stderr) == bool(code)


def test_wer_counts_everything_when_raw(wer: Wer) -> None:
    """Case, commas and dandas make other words."""
    document = json.loads(wer("ref", "hyp", "--raw", "--json").stdout)
    assert document["words"]["substitutions"] == 4
    assert document["normalised"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ref", "none"), "none: cannot be read: No such file or directory"),
        (("-", "-"), "stdin (-) can be read only once"),
        (("ref", "hyp", "--language", "hindee"), "unknown language 'hindee' (nearest match: 'hi'"),
        (("ref", "hyp", "--layout", "jsonl"), "ref, line 1: this is no JSON"),
        (("ref", "-"), "ref has 3 utterances and stdin 0"),
        (("hyp", "-", "--layout", "kaldi"), "stdin has none of the 3 ids of hyp"),
        (("-", "ref"), "stdin: holds no utterances"),
        (("ref", "hyp", "--max-wer", "nan"), "'nan' is no rate: 0.2 is 20 %"),
        (("ref", "hyp", "--details", "-1"), "argument --details"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_wer_exits_2_where_nothing_can_be_measured(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence on stderr, nothing on stdout; in this process, since starting one costs."""
    with pytest.raises(SystemExit) as left:
        main(["wer", *arguments])
    told = capsys.readouterr()
    assert (left.value.code, told.out) == (2, "")
    assert message in told.err


def test_wer_offers_every_layout() -> None:
    """The command's list, which --help needs at once, is the reader's."""
    assert _LAYOUTS == LAYOUTS
