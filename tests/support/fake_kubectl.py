"""
A stand-in for kubectl and its cluster: records what it is told, and answers what a test says.

It validates nothing. Each call is one JSON line in a file: its arguments, its standard input where
it reads one, and whether the environment held a key.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Call", "Room"]

# What the script uses beside kubectl. Nothing else is on its path: none of this machine's kubectl,
# curl or asr-client.
_TOOLS = ("bash", "cat", "dirname", "mktemp", "rm", "sed", "seq", "sleep", "tail")

# The program runs without this project's packages.
_PROGRAM = """
import json, os, sys, time
arguments = sys.argv[1:]
reads = "-" in arguments or any(each.endswith("/dev/stdin") for each in arguments)
text = sys.stdin.read() if reads else ""
record = {"arguments": arguments, "stdin": text, "sees_key": "ASR_API_KEY" in os.environ}
with open(os.environ["FAKE_RECORD"], "a") as file:
    file.write(json.dumps(record) + chr(10))
answers = json.loads(os.environ["FAKE_ANSWERS"])
for words, (code, answer) in answers.items():
    if words in " ".join(arguments):
        print(answer, flush=True)
        sys.exit(code)
if "create" in arguments and "secret" in arguments:
    print("kind: Secret")
"""


@dataclass(frozen=True, slots=True)
class Call:
    """
    One call of kubectl.

    Attributes:
        arguments: What it was given.
        stdin: What it read.
        sees_key: Whether ASR_API_KEY was in its environment.
    """

    arguments: tuple[str, ...]
    stdin: str
    sees_key: bool

    @property
    def words(self) -> str:
        """The arguments in one line."""
        return " ".join(self.arguments)


@dataclass(slots=True)
class Room:
    """
    A folder with a path of its own, in which the script runs.

    Attributes:
        folder: An empty folder.
        script: What is run.
        answers: Exit code and output for calls whose arguments hold some words.
    """

    folder: Path
    script: Path
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.joinpath("bin").mkdir()
        for tool in _TOOLS:
            found = shutil.which(tool)
            assert found, tool
            self.folder.joinpath("bin", tool).symlink_to(found)

    def add_kubectl(self) -> None:
        """Put the stand-in on the path."""
        self.add_program("kubectl", _PROGRAM)

    def add_program(self, name: str, code: str) -> None:
        """Put a Python program on the path."""
        program = self.folder / "bin" / name
        source = self.folder / f"{name}.py"
        source.write_text(code)
        line = shlex.join([sys.executable, "-I", "-S", str(source)])
        program.write_text(f'#!/bin/sh\nexec {line} "$@"\n')
        program.chmod(0o755)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script with nobody at the keyboard."""
        return subprocess.run(
            [str(self.script), *words],
            env={
                "PATH": str(self.folder / "bin"),
                "TMPDIR": str(self.folder),
                "FAKE_RECORD": str(self._record),
                "FAKE_ANSWERS": json.dumps(self.answers),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @property
    def calls(self) -> list[Call]:
        """All calls until now."""
        if not self._record.exists():
            return []
        lines = map(json.loads, self._record.read_text().splitlines())
        return [self._call(line) for line in lines]

    @property
    def _record(self) -> Path:
        # Named so that the scan for shown keys leaves it out: it is there to hold them.
        return self.folder / "calls-with-their-key"

    @staticmethod
    def _call(line: dict[str, Any]) -> Call:
        return Call(tuple(line["arguments"]), line["stdin"], line["sees_key"])
