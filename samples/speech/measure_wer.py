"""
Measure how well pocketsphinx's own en-US model understands the English recordings.

Prints the table of SOURCES.md. Needs pocketsphinx and asr-client[eval].
"""

from __future__ import annotations

import argparse
from importlib.metadata import version

import pocketsphinx
import soundfile
from make_speech import FOLDER, read_manifest

from asr_client.evaluation import error_rates


def main() -> None:
    """Decode each English recording and print a row for it."""
    argparse.ArgumentParser(description="Measure the English clips' WER.").parse_args()
    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    print(f"| recording | seconds | WER, pocketsphinx {version('pocketsphinx')} | heard |")
    print("|---|---|---|---|")
    for clip in read_manifest(FOLDER / "manifest.tsv"):
        if clip.language != "en":
            continue
        samples, rate_hz = soundfile.read(FOLDER / clip.path, dtype="int16")
        heard = recognise(decoder, samples.tobytes())
        error_rate = error_rates(clip.text, heard, language=clip.language).wer or 0.0
        shown = heard if error_rate else "as written"
        print(f"| {clip.path} | {len(samples) / rate_hz:.2f} | {error_rate:.3f} | {shown} |")


def recognise(decoder: pocketsphinx.Decoder, pcm: bytes) -> str:
    """Decode one whole utterance of 16-bit PCM; "" where nothing was heard."""
    decoder.start_utt()
    # The whole utterance at once normalises over all of it, so results do not depend on order.
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


if __name__ == "__main__":
    main()
