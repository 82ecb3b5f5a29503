"""The package's log on stderr, for the commands: as much as ASR_LOG asks for."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from asr_client.cli.console import CLEAR_LINE, without_controls
from asr_client.errors import ConfigError
from asr_client.observability.logs import LEVELS, configure

__all__ = ["show_log"]


def show_log(environ: Mapping[str, str]) -> None:
    """
    Show as much as the variable ASR_LOG asks for; without it, nothing.

    Raises:
        ConfigError: If it is no level.
    """
    level = environ.get("ASR_LOG", "")
    if not level:
        return
    if level.lower() not in LEVELS:
        raise ConfigError(f"ASR_LOG is {level!r}", hint=f"it takes {', '.join(LEVELS)}")
    configure(level, _LogLines())


class _LogLines(logging.Handler):
    """Writes a line each; where progress stands on the terminal's line, it takes that away."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = without_controls(self.format(record))
            start = CLEAR_LINE if sys.stderr.isatty() else ""
            sys.stderr.write(f"{start}{line}\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001 - as every handler does
            self.handleError(record)
