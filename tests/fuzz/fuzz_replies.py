"""
Searches for an answer that a reader trips over, guided by coverage; for an afternoon, not for CI.

    pip install atheris
    python tests/fuzz/fuzz_replies.py -runs=1000000

It starts from the recorded answers (tests/data/recordings), and without -runs or -max_total_time it
stops after two minutes. An answer that breaks a reader is kept in a file crash-*: give that file as
the argument to see it again. Findings become examples in test_fuzz_replies.py.

An input looks like an answer over HTTP: the reader's number and the status in the first line, then
headers, an empty line, and the body. Over gRPC, the body is the status's text, too.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import atheris

# With instrumentation, so that new paths through our code count as progress.
with atheris.instrument_imports(include=["asr_client"]):
    from test_fuzz_replies import GRPC_READERS, HTTP_READERS, check

    from asr_client.contracts.wire import Reply

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
DEFAULT_LIMIT = "-max_total_time=120"
LIMITS = ("-runs=", "-max_total_time=")
READERS = [*HTTP_READERS, *GRPC_READERS]
LONGEST_BODY = 2000


def one_input(data: bytes) -> None:
    """Make a reply of *data*, and have it read."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.decode("latin-1").split("\n")
    number, _, status = first.partition(" ")
    if not (number.isascii() and status.isascii() and number.isdecimal() and status.isdecimal()):
        return
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    details = body.decode("utf-8", "replace")
    read = READERS[int(number[:3]) % len(READERS)]
    check(read, Reply(int(status[:4]), headers, body, details))


def seeds() -> Iterator[bytes]:
    """Every recorded answer over HTTP, for one reader or another."""
    with gzip.open(RECORDINGS / "http.jsonl.gz", "rt", encoding="utf-8") as lines:
        answers = [json.loads(line)["response"] for line in lines]
    for number, answer in enumerate(each for each in answers if each["status"] is not None):
        head = "\n".join(f"{name}: {value}" for name, value in answer["headers"])
        body = (answer["body"] or "")[:LONGEST_BODY]
        yield f"{number % len(READERS)} {answer['status']}\n{head}\n\n{body}".encode()


def main() -> None:
    """Run until the limit, or until a reader breaks."""
    limits = [] if any(each.startswith(LIMITS) for each in sys.argv) else [DEFAULT_LIMIT]
    has_input = any(not each.startswith("-") for each in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            Path(folder, f"seed-{number}").write_bytes(seed)
        corpus = [] if has_input else [folder]
        atheris.Setup([*sys.argv, *limits, *corpus], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
