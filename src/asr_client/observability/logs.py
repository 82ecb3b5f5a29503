"""
What goes to the log: no keys, and on the command line as much as is asked for.

The package logs below "asr_client". RedactionFilter is for the handlers of applications, too: other
libraries may log headers that hold a key.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping

from asr_client.errors import ConfigError
from asr_client.observability.redaction import Redaction

__all__ = ["LEVELS", "RedactionFilter", "configure"]

LEVELS = ("debug", "info", "warning")

_LINE = "%(asctime)s %(levelname)s %(message)s"

# These say where the key is or how it travels; all else that begins so may hold one.
_KEY_PREFIX = "ASR_API_KEY"
_KEY_HEADER = "ASR_API_KEY_HEADER"
_NO_KEYS = ("ASR_API_KEY_FILE", "ASR_API_KEY_COMMAND", _KEY_HEADER)

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
_tracebacks = logging.Formatter()


class RedactionFilter(logging.Filter):
    """
    Takes secrets out of whatever passes a handler: message, arguments, traceback, extra fields.

    Give it to handlers, not to loggers: a logger's filters do not see what its children log. A
    record's traceback becomes text, and its exception is let go, since that may hold a key.

    Args:
        secrets: What must not be seen, beside the values of ASR_API_KEY and its relatives.
        headers: Names of headers that carry one, beside the usual ones and ASR_API_KEY_HEADER.
        environ: Where these variables are; read once.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        headers: Iterable[str] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__()
        header = environ.get(_KEY_HEADER)
        self._redact = Redaction(
            [*secrets, *_keys_in(environ)], [*headers, *([header] if header else [])]
        )

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean the record; it always passes."""
        record.msg, record.args = self._redact(_message_of(record)), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _tracebacks.formatException(record.exc_info)
        record.exc_info = None
        record.exc_text = record.exc_text and self._redact(record.exc_text)
        record.stack_info = record.stack_info and self._redact(record.stack_info)
        for name in vars(record).keys() - _OF_EVERY_RECORD:
            setattr(record, name, self._clean(getattr(record, name)))
        return True

    def _clean(self, extra: object) -> object:
        """Leave what shows no secret as it is; else its text has to do."""
        text = extra if isinstance(extra, str) else repr(extra)
        redacted = self._redact(text)
        return extra if redacted == text else redacted


def _keys_in(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if name.startswith(_KEY_PREFIX) and name not in _NO_KEYS:
            yield value.strip()


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit are shown by logging, with the key
        return f"{record.msg} {record.args!r}"


def configure(level: str, handler: logging.Handler | None = None) -> None:
    """
    Show this package's log: a line each, with time and level, without keys.

    Args:
        level: "debug" (each attempt), "info" (retries, waits) or "warning".
        handler: Where to; None is stderr.

    Raises:
        ConfigError: If the level is none of these.
    """
    if level.lower() not in LEVELS:
        raise ConfigError(f"log level {level!r} is unknown", hint=f"use {', '.join(LEVELS)}")
    handler = handler or logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_LINE))
    handler.addFilter(RedactionFilter())
    logger = logging.getLogger("asr_client")
    logger.setLevel(level.upper())
    logger.addHandler(handler)
