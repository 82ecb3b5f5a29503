"""Arguments of asr-transcribe that are about many recordings."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from asr_client.errors import ConfigError

if TYPE_CHECKING:
    from asr_client.bulk.resume import Beginning
    from asr_client.chunking.options import Chunking

__all__ = ["add_inputs", "add_long", "add_many", "add_telling", "beginning_from", "chunking_from"]

_PROFILES = ("default", "dhruva")


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what names recordings."""
    group = parser.add_argument_group("recordings")
    group.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help='recording of any usual format, "-" for stdin; a folder, for the recordings in it; '
        'or a pattern in quotes ("**/*.flac")',
    )
    group.add_argument(
        "-r", "--recursive", action="store_true", help="folders with all their subfolders"
    )
    group.add_argument(
        "--files-from", metavar="LIST", help='file with one recording a line; "-" is stdin'
    )
    group.add_argument(
        "-0", "--null", action="store_true", help="the list's names end in NUL (find -print0)"
    )
    group.add_argument(
        "--manifest",
        metavar="FILE",
        help="JSON lines (NeMo, Hugging Face), TSV, or Kaldi's wav.scp; paths are relative to it, "
        "and a line's own language wins over --language",
    )


def add_many(parser: argparse.ArgumentParser) -> None:
    """Add how many recordings are gone through."""
    group = parser.add_argument_group(
        "many recordings",
        "OUT keeps a journal (.asr-transcribe.jsonl) of what is done. Without --resume or\n"
        "--overwrite nothing that is there is written over. Ctrl-C ends the requests under\n"
        "way and keeps the recordings that are whole then; a second one stops at once.",
    )
    again = group.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        help="leave out what OUT's journal has as done, from the same content and options; "
        "may be given from the first run on",
    )
    again.add_argument(
        "--overwrite", action="store_true", help="transcribe all of it again, over what is there"
    )
    group.add_argument(
        "--jobs",
        type=_jobs,
        default="auto",
        metavar="N",
        help="requests under way at a time (default: auto, as many as the server can use)",
    )
    group.add_argument(
        "--patience",
        type=_seconds,
        metavar="SECONDS",
        help="how long a server that is away or full is waited for (default: 60)",
    )


def add_telling(parser: argparse.ArgumentParser) -> None:
    """Add what is told before and after."""
    group = parser.add_argument_group("before and after")
    group.add_argument(
        "--plan",
        action="store_true",
        help="send no audio; tell how much there is, what limits the speed, how long it will take",
    )
    group.add_argument(
        "--rtfx",
        type=_positive,
        metavar="N",
        help="for --plan: seconds of audio that the server transcribes a second, where you know",
    )
    group.add_argument(
        "--summary", metavar="FILE", help="write what came of it as JSON (docs/bulk.md)"
    )
    group.add_argument(
        "--reference",
        metavar="FILE",
        help="what was really said: TSV or JSON lines with a text (the manifest itself, if it has "
        "one), or Kaldi's text; adds word and character error rates to the summary",
    )


def add_long(parser: argparse.ArgumentParser) -> None:
    """Add how long recordings are cut."""
    group = parser.add_argument_group(
        "long recordings", "They are cut in pauses and sent in chunks, and the texts joined."
    )
    group.add_argument(
        "--chunk-profile",
        choices=_PROFILES,
        default="default",
        help="chunks of 28 s at most (default), or of 7 s as the model's origin makes them",
    )
    group.add_argument(
        "--chunk-s", type=_positive, metavar="SECONDS", help="the longest chunk, in seconds"
    )
    group.add_argument(
        "--overlap-s",
        type=_seconds,
        metavar="SECONDS",
        help="how much is sent twice where a cut falls into speech",
    )


def chunking_from(arguments: argparse.Namespace) -> Chunking:
    """
    Turn the arguments into options.

    Raises:
        ConfigError: If they cannot be kept.
    """
    from dataclasses import replace

    from asr_client.chunking.options import DEFAULT_CHUNKING, Chunking

    profile = Chunking.dhruva() if arguments.chunk_profile == "dhruva" else DEFAULT_CHUNKING
    changes: dict[str, Any] = {}
    longest_s = arguments.chunk_s
    if longest_s is not None:
        changes = {
            "longest_s": longest_s,
            "whole_s": longest_s,
            "shortest_s": min(profile.shortest_s, longest_s / 3),
            "overlap_s": min(profile.overlap_s, longest_s / 4),
        }
    if arguments.overlap_s is not None:
        changes["overlap_s"] = arguments.overlap_s
    try:
        return replace(profile, **changes)
    except ConfigError as error:
        raise ConfigError(f"--chunk-s, --overlap-s: {error.message}", hint=error.hint) from error


def beginning_from(arguments: argparse.Namespace) -> Beginning:
    """Tell how a run begins in its folder."""
    return "resume" if arguments.resume else "overwrite" if arguments.overwrite else "new"


def _jobs(text: str) -> int | str:
    if text == "auto":
        return text
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004 - a silly number
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto nor a number from 1 on")
    return number


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _positive(text: str) -> float:
    value = _seconds(text)
    if not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not more than 0")
    return value
