"""The log: silent by default, a line for each thing that matters, and never a key."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr_client.audio import Waveform
from asr_client.calls.terms import Options
from asr_client.calls.transcription import transcribe
from asr_client.client import open_session
from asr_client.contracts.wire import Reply
from asr_client.drive import run
from asr_client.errors import ConfigError
from asr_client.observability.logs import RedactionFilter, configure
from asr_client.observability.redaction import Redaction

URL = "http://gateway.test/api/v1/asr/infer"
WAVE = Waveform(np.zeros(16_000, np.float32), 16_000)
QUEUE_FULL = Reply(503, {}, b'{"error":"Exceeds maximum queue size"}')
GOOD = Reply(200, {}, b'{"transcript": "namaste"}')
KEY = "kQ7-secret-Zx9"
# What a header can hold; a star is what secrets are replaced with.
keys = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"), min_size=12
)
# Keys whose end is plain to see where nothing is quoted.
words = st.from_regex(r"[A-Za-z0-9+/=._~-]{12,40}", fullmatch=True)


@pytest.fixture
def written() -> Iterator[Callable[..., str]]:
    """Log through a handler with the filter; gives what it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("test")  # noqa: LOG001 - of this test alone
    logger.addHandler(handler)

    def write(log: Callable[[logging.Logger], object], **settings: object) -> str:
        handler.filters = [RedactionFilter(**{"environ": {}, **settings})]
        log(logger)
        return stream.getvalue()

    yield write
    handler.close()


@given(keys)
def test_known_key_is_nowhere(key: str) -> None:
    """Plain, in reprs, JSON and URLs, in messages, arguments, tracebacks and extra fields."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(where)s"))
    handler.addFilter(RedactionFilter(environ={"ASR_API_KEY": f" {key}\n"}))
    logger = logging.Logger("test")  # noqa: LOG001 - of this test alone
    logger.addHandler(handler)
    try:
        raise ValueError(key, {"deep": [key]})
    except ValueError:
        logger.exception("key %s, %r, %s", key, key, [key], extra={"where": {"k": key}})
    logger.warning(json.dumps([key]), extra={"where": quote(key, safe="")})
    said = stream.getvalue()
    assert said.count("***") > 6
    assert not [spelling for spelling in spellings(key) if spelling in said]


def spellings(key: str) -> set[str]:
    """A key as it may be written."""
    return {key, repr(key)[1:-1], json.dumps(key)[1:-1], quote(key, safe="")}


SHAPES = (
    "X-API-Key: {}",
    "x-api-key:{} and more",
    "GET /v2?apikey={}&x=1",
    "ASR_API_KEY={} asr-transcribe",
    "my-header: {}",
    "{{'X-API-Key': '{}', 'Accept': '*/*'}}",
    "[(b'Host', b'h'), (b'apikey', b'{}')]",
    '{{"api_key": "{}"}}',
    "Authorization: Bearer {}",
    "Proxy-Authorization: Basic {}",
    "{{'authorization': 'Token {}'}}",
    "via http://user:{}@proxy:3128/",
    "via https://{}@proxy",
)


@pytest.mark.parametrize("shape", SHAPES)
@given(word=words)
def test_what_stands_where_a_key_stands_is_hidden(shape: str, word: str) -> None:
    """A key that nobody has told us of is known by the name before it."""
    redact = Redaction(headers=["My-Header"])
    word = word.replace("/", "_") if "://" in shape else word
    said = redact(shape.format(word))
    assert word not in said
    assert "***" in said


@pytest.mark.parametrize(
    "text",
    [
        "the API key is empty (leave it out if the server wants none)",
        "cannot read the API key file /run/secrets/asr",
        "api_key_file=/run/secrets/asr",
        "key 1a2b3c4d was refused, going on with 5e6f7a8b",
        "http://host:8000/v2/models/m/infer, mail to a@b",
    ],
)
def test_innocent_texts_stay_as_they_are(text: str) -> None:
    """What names a key without showing it can be read."""
    assert Redaction([KEY])(text) == text


@given(st.text(), st.lists(st.text(), max_size=3))
def test_redaction_takes_any_text(text: str, secrets: list[str]) -> None:
    """Whatever is logged, the log goes on."""
    assert isinstance(Redaction(secrets, ["a b#"])(text), str)


def test_long_texts_are_redacted_in_no_time() -> None:
    """A megabyte of a hostile reply: the patterns read it once (the test's time limit says so)."""
    for piece in ("apikey", "a-", "authorization:'", "://", '\\"', "x" * 8):
        assert KEY not in Redaction([KEY], ["h"])(f"{piece * 100_000} {KEY}")


def test_arguments_that_do_not_fit_are_hidden_too(
    written: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Python would print a record that it cannot format, arguments and all, to stderr."""
    said = written(lambda logger: logger.warning("%d tries", KEY), secrets=[KEY])
    assert said == "%d tries ('***',)\n"
    assert capsys.readouterr().err == ""


def test_header_of_the_settings_is_known(written: Callable[..., str]) -> None:
    """A gateway with a header of its own: its values are keys as well."""
    environ = {"ASR_API_KEY_HEADER": "X-Tenant", "ASR_API_KEY_FILE": "/run/key"}
    said = written(
        lambda logger: logger.warning("X-Tenant: %s from /run/key", KEY), environ=environ
    )
    assert said == "X-Tenant: *** from /run/key\n"


def test_traceback_stays_without_its_exception(written: Callable[..., str]) -> None:
    """Formatters of other libraries cannot get at an exception that holds the key."""
    kept: list[logging.LogRecord] = []

    def log(logger: logging.Logger) -> None:
        logger.addFilter(lambda record: kept.append(record) or True)
        try:
            raise OSError(KEY)
        except OSError:
            logger.exception("failed")

    assert "OSError: ***" in written(log, secrets=[KEY])
    assert kept[0].exc_info is None


def test_extra_fields_without_secrets_keep_their_type(written: Callable[..., str]) -> None:
    """A number stays a number, for the formatters that write JSON."""
    kept: list[logging.LogRecord] = []

    def log(logger: logging.Logger) -> None:
        logger.addFilter(lambda record: kept.append(record) or True)
        logger.warning("x", extra={"tries": 3, "headers": {"apikey": KEY}})

    written(log)
    assert (kept[0].tries, kept[0].headers) == (3, "{'apikey': ***}")


@pytest.fixture
def _package_logger() -> Iterator[None]:
    """Put the package's logger back as it was."""
    logger = logging.getLogger("asr_client")
    before, level = logger.handlers[:], logger.level
    yield
    logger.handlers, logger.level = before, level


@pytest.mark.usefixtures("_package_logger")
def test_configure_shows_a_level_and_above_with_time() -> None:
    """Lines from the level on, each with its time and level, and without keys."""
    stream = io.StringIO()
    configure("info", logging.StreamHandler(stream))
    logger = logging.getLogger("asr_client.calls.ask")
    logger.debug("nothing")
    logger.info("apikey=%s", KEY)
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(" INFO apikey=***")
    assert line[:2] == "20"


def test_configure_refuses_other_levels() -> None:
    """A level that is none names those that are."""
    with pytest.raises(ConfigError, match=r"'loud' is unknown .*debug, info, warning"):
        configure("loud")


def test_package_is_silent_by_default() -> None:
    """Without a handler nothing is printed, not even what Python prints for want of one."""
    code = "import logging, asr_client; logging.getLogger('asr_client.x').error('hear me')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_attempts_are_debug_and_retries_are_info(caplog: pytest.LogCaptureFixture) -> None:
    """One line for each try, and one that says why there is another."""
    session = replace(open_session(URL, {"pacing": False}), random=lambda: 0.0)
    answers = iter([QUEUE_FULL, GOOD])
    wire = SimpleNamespace(send=lambda *_: next(answers))
    with caplog.at_level(logging.DEBUG, logger="asr_client"):
        run(transcribe(session, WAVE, Options(language="hi")), wire)
    said = [(each.levelname, each.getMessage().partition(" in ")[0]) for each in caplog.records]
    assert said == [
        ("DEBUG", "/api/v1/asr/infer try 1: 503, overloaded, said by triton"),
        ("INFO", "try 1 failed (overloaded), another one follows"),
        ("DEBUG", "/api/v1/asr/infer try 2: 200, ok"),
    ]
