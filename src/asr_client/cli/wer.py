"""asr-client wer: how much of what was said was recognised wrongly."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from asr_client.cli.console import Console, ExitCode, without_controls
from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from asr_client.evaluation import ErrorRates
    from asr_client.evaluation.pairing import Pairs

__all__ = ["WER_HELP", "add_wer_arguments", "wer"]

# Those of evaluation.layouts, which --help need not load.
_LAYOUTS = ("lines", "kaldi", "tsv", "jsonl")
_WORST = 10

WER_HELP = """\
REF and HYP are each one of
  a text file              an utterance a line; both with as many lines
  Kaldi's "text"           an id and a text a line
  a table (.tsv)           a header with a column text or sentence, and one id or path
  JSON lines (.jsonl)      an object a line with such fields
  a folder                 a .txt an utterance, named like its recording
  -                        standard input
What has ids on both sides is matched by them; clips/a.wav and out/a.txt are the same.

Words are compared without case, punctuation and dandas; digits of all scripts are the same. Vowel
signs, viramas and nuktas count. docs/evaluation.md says why, and how to read the rates.

examples:
  asr-client wer ref.txt hyp.txt
      word, character and grapheme error rate, line by line
  asr-client wer manifest.tsv transcripts/ --language hi
      what `asr-transcribe -o transcripts/` wrote; warns of text in another script
  asr-client wer data/test/text decode/text --details 20
      the 20 worst utterances, too: [-left out-] {+put in+}
  asr-client wer ref.jsonl hyp.jsonl --json --max-wer 0.2
      for machines; exit code 1 if more than a fifth of the words is wrong

exit codes:
  0 measured    1 above --max-wer    2 cannot be measured: files, ids, settings
"""


def add_wer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this command takes."""
    parser.add_argument("reference", metavar="REF", help="what was said")
    parser.add_argument("hypothesis", metavar="HYP", help="what was recognised")
    parser.add_argument(
        "-l",
        "--language",
        metavar="L",
        help="language: code, tag or name; checks the script, and knows Urdu's letters",
    )
    parser.add_argument(
        "--layout",
        choices=_LAYOUTS,
        help="how both files are written (default: told by name and first lines)",
    )
    parser.add_argument(
        "--raw", action="store_true", help="compare the texts as they are, parted at white space"
    )
    parser.add_argument(
        "--details",
        type=_count,
        nargs="?",
        const=_WORST,
        metavar="N",
        help=f"show the N utterances with the most wrong words (without N: {_WORST})",
    )
    parser.add_argument(
        "--max-wer",
        type=_rate,
        metavar="RATE",
        help="exit with 1 if the word error rate is above this (0.2 is 20 %%)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no warnings")


def wer(arguments: argparse.Namespace) -> int:
    """Measure, and tell."""
    from asr_client.evaluation import DEFAULT_NORMALIZATION, RAW, error_rates
    from asr_client.evaluation.layouts import HYPOTHESIS_FIELDS
    from asr_client.evaluation.pairing import pair_texts
    from asr_client.evaluation.texts import read_texts

    console = Console("asr-client wer", quiet=arguments.quiet)
    if arguments.reference == arguments.hypothesis == "-":
        raise ConfigError("stdin (-) can be read only once")
    said = read_texts(arguments.reference, arguments.layout)
    heard = read_texts(arguments.hypothesis, arguments.layout, text_fields=HYPOTHESIS_FIELDS)
    pairs = pair_texts(said, heard)
    rates = error_rates(
        pairs.references,
        pairs.hypotheses,
        language=arguments.language,
        normalization=RAW if arguments.raw else DEFAULT_NORMALIZATION,
    )
    if rates.wer is None:
        raise ConfigError(f"{said.name}: holds no words, so no share of them can be wrong")
    warnings = _script_warnings(pairs, arguments.language) if arguments.language else []
    for warning in warnings:
        console.warn(warning)
    if arguments.json:
        print(_as_json(rates, pairs, warnings, arguments))
    else:
        print(without_controls(_as_text(rates, pairs, arguments.details)))
    if arguments.max_wer is not None and rates.wer > arguments.max_wer:
        console.error(f"the word error rate is above {arguments.max_wer:g}: {rates.wer:.4f}")
        return ExitCode.FAILED
    return ExitCode.OK


def _script_warnings(pairs: Pairs, language: str) -> list[str]:
    """Tell of hypotheses in another script; of all at once where each is too short to tell."""
    from asr_client.scripts import script_warning

    found = [
        (name, warning)
        for name, text in zip(pairs.ids, pairs.hypotheses, strict=True)
        if (warning := script_warning(text, language))
    ]
    if not found:
        whole = script_warning(" ".join(pairs.hypotheses), language)
        return [whole] if whole else []
    count = f"{len(found)} of {len(pairs.ids)} hypotheses are in another script"
    return [f"{count}, such as {found[0][0]}: {found[0][1]}"]


def _as_text(rates: ErrorRates, pairs: Pairs, details: int | None) -> str:
    from asr_client.evaluation.rendering import (
        aligned_text,
        percent,
        rates_as_text,
        worst_utterances,
    )

    lines = [rates_as_text(rates, pairs)]
    for name, each in worst_utterances(rates, pairs, details or 0):
        words = each.words
        share = f"{words.errors} of {words.reference_length} words, {percent(words.rate)}"
        lines += ["", f"{name}: {share}", f"  {aligned_text(each.alignment)}"]
    return "\n".join(lines)


def _as_json(
    rates: ErrorRates, pairs: Pairs, warnings: list[str], arguments: argparse.Namespace
) -> str:
    from asr_client.evaluation.rendering import aligned_text, rates_document, worst_utterances

    document = {
        **rates_document(rates),
        "paired_by": pairs.by,
        "missing": list(pairs.missing),
        "extra": list(pairs.extra),
        "warnings": warnings,
        "normalised": not arguments.raw,
    }
    if arguments.details is not None:
        document["worst"] = [
            {
                "id": name,
                "wer": each.words.rate,
                "errors": each.words.errors,
                "reference": each.reference,
                "hypothesis": each.hypothesis,
                "alignment": aligned_text(each.alignment),
            }
            for name, each in worst_utterances(rates, pairs, arguments.details)
        ]
    return json.dumps(document, ensure_ascii=False)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of utterances")
    return int(text)


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no rate: 0.2 is 20 %")
    return rate
