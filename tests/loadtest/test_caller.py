"""One request of a load test, and its record: words as the SDK hears them, failures in classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asr_client import ApiKey, ASRClient
from asr_client.embedded import EmbeddedTriton
from asr_client.testing import Gateway
from canaries import new_key
from gevent_process import GeventProcess, Target, gevents

__all__ = ["gevents"]

CLIP = "en-awb-door.flac"
TEXT = "open the window and close the door"
DIALECTS = ("http", "grpc", "generate", "asr-infer")


@pytest.fixture
def key() -> ApiKey:
    """The key that opens the gateway of this test."""
    return ApiKey(new_key())


@pytest.fixture
def key_file(key: ApiKey, tmp_path: Path) -> str:
    """The same, where load tests read it."""
    path = tmp_path / "api.key"
    path.write_text(key.reveal())
    path.chmod(0o600)
    return str(path)


@pytest.fixture
def gateway(
    asr_gateway: Callable[..., Gateway], embedded_triton: EmbeddedTriton, key: ApiKey
) -> Gateway:
    """Stand before the real server."""
    return asr_gateway(embedded_triton.http_url, embedded_triton.grpc_url, api_keys=(key,))


def model_of(dialect: str) -> str:
    """Who is asked: generate takes base64."""
    return "asr" if dialect == "generate" else "asr_am_ensemble"


def url_of(gateway: Gateway, dialect: str) -> str:
    """Where a dialect enters."""
    if dialect == "asr-infer":
        return f"{gateway.url}/api/v1/asr/infer"
    return gateway.grpc_url if dialect == "grpc" else gateway.url


@pytest.fixture
def corpus(speech_folder: Path, tmp_path: Path) -> str:
    """One recording whose language nobody tells: gateways that hide their model take it, too."""
    path = tmp_path / "corpus.csv"
    path.write_text(f"path,text\n{speech_folder / CLIP},{TEXT}\n")
    return str(path)


@pytest.fixture
def open_target(
    gevents: GeventProcess, gateway: Gateway, key_file: str, corpus: str
) -> Iterator[Callable[..., Target]]:
    """Find the model behind the gateway, asked in some dialect."""
    targets = []

    def start(dialect: str, **options: Any) -> Target:
        options = {
            "api_key_file": key_file,
            "corpus": corpus,
            "protocol": dialect,
            "model": model_of(dialect),
            **options,
        }
        targets.append(gevents.target(url_of(gateway, dialect), **options))
        return targets[-1]

    yield start
    for target in targets:
        target.close()


def record_of(target: Target, **how: Any) -> dict[str, Any]:
    """Make one request with the one recording; gives its record."""
    return target.call("", **how)[0]


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_words_are_those_that_the_client_hears(
    gateway: Gateway,
    key: ApiKey,
    open_target: Callable[..., Target],
    speech_folder: Path,
    dialect: str,
) -> None:
    """The generator's wire and the SDK's give one text, in every dialect that Triton has."""
    model = "asr" if dialect == "generate" else "asr_am_ensemble"
    with ASRClient(url_of(gateway, dialect), protocol=dialect, model=model, api_key=key) as client:
        heard = client.transcribe(speech_folder / CLIP).text
    assert open_target(dialect).hear("") == heard == TEXT
    assert set(gateway.counts_by_status()) <= {0, 200}


# --- records ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_record_tells_all_of_a_good_request(
    gateway: Gateway, open_target: Callable[..., Target], dialect: str
) -> None:
    """Times in their order, the gateway's own words, the words that were wrong."""
    record = record_of(open_target(dialect))
    assert record["outcome"] == "ok"
    assert 0 <= record["sent_s"] <= record["done_s"]
    assert None not in (record["gateway_s"], record["upstream_s"])
    assert (record["status"], record["word_errors"]) == (0 if dialect == "grpc" else 200, 0)
    assert (record["executed"], record["origin"], record["detail"]) == ("yes", "", "")
    assert gateway.calls[-1].request_id == "test-0"


def test_record_tells_of_wrong_words(
    open_target: Callable[..., Target], speech_folder: Path, tmp_path: Path
) -> None:
    """A good answer with other words than were spoken is a class of its own."""
    other = tmp_path / "other.csv"
    other.write_text(f"path,text\n{speech_folder / CLIP},shut the window and close the door\n")
    record = record_of(open_target("http", corpus=str(other)))
    assert (record["outcome"], record["origin"]) == ("wrong_transcript", "model")
    assert record["word_errors"] == pytest.approx(1 / 7)


# --- failures -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """
    A failure on demand, and what the record says of it.

    Attributes:
        strike: Makes it happen.
        told: Outcome, origin, executed.
        http: Status over HTTP; grpc: over gRPC.
        over_grpc: Told, where gRPC tells less.
        limit_s: Deadline of the request.
    """

    strike: Callable[[Gateway], object]
    told: tuple[str, str, str]
    http: int | None = None
    grpc: int | None = None
    over_grpc: tuple[str, str, str] | None = None
    limit_s: float = 30.0


LOST = ("connection", "tcp", "maybe")
CASES = {
    "hangs": Case(
        lambda gateway: gateway.hangs(seconds=600),
        ("timeout", "client", "maybe"),
        limit_s=0.5,
    ),
    "times out": Case(
        lambda gateway: gateway.times_out(), ("gateway_error", "kong", "maybe"), 504, 4
    ),
    "truncates": Case(
        lambda gateway: gateway.truncates(),
        ("truncated", "tcp", "maybe"),
        over_grpc=LOST,
    ),
    "resets before": Case(lambda gateway: gateway.resets(when="before"), LOST),
    "resets after": Case(lambda gateway: gateway.resets(when="after"), LOST),
    "rate limits": Case(
        lambda gateway: gateway.rate_limits(retry_after_s=7),
        ("rate_limited", "kong", "no"),
        429,
        8,
    ),
    "upstream fails": Case(
        lambda gateway: gateway.upstream_fails(),
        ("gateway_error", "kong", "maybe"),
        502,
        13,
    ),
}


# The gateway ends a connection on which somebody gave up, a moment after that.
REST = [name for name in CASES if name != "hangs"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", [pytest.param("hangs", marks=pytest.mark.alone), *REST])
def test_failure_has_its_class(
    gateway: Gateway, open_target: Callable[..., Target], dialect: str, name: str
) -> None:
    """Who failed and whether the model ran are in the record; nothing is sent a second time."""
    case, target = CASES[name], open_target(dialect)
    gateway.forgets_calls()
    case.strike(gateway)
    record = record_of(target, limit_s=case.limit_s)
    is_grpc = dialect == "grpc"
    told = (case.over_grpc or case.told) if is_grpc else case.told
    assert (record["outcome"], record["origin"], record["executed"]) == told
    assert record["status"] == (case.grpc if is_grpc else case.http)
    assert record["retry_after_s"] == (7 if name == "rate limits" else None)
    assert record["detail"]
    assert (len(gateway.calls), record_of(target)["outcome"]) == (1, "ok")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_refused_connection_has_its_class(
    gateway: Gateway, open_target: Callable[..., Target], dialect: str
) -> None:
    """The kept connections are gone and the next one is reset: no server is to blame."""
    target = open_target(dialect)
    gateway.refuses()
    record = record_of(target)
    told = (record["outcome"], record["origin"], record["status"])
    assert told == ("connection", "tcp", None)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_body_that_is_too_large_has_its_class(
    asr_gateway: Callable[..., Gateway],
    gevents: GeventProcess,
    embedded_triton: EmbeddedTriton,
    corpus: str,
    dialect: str,
) -> None:
    """The gateway's refusal is read, though it came while the body was being sent."""
    server = (embedded_triton.http_url, embedded_triton.grpc_url)
    gateway = asr_gateway(*server, max_body_bytes=10_000)
    url, model = url_of(gateway, dialect), model_of(dialect)
    target = gevents.target(url, protocol=dialect, corpus=corpus, model=model)
    record = record_of(target)
    assert (record["outcome"], record["origin"], record["executed"]) == ("too_large", "kong", "no")
    target.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_key_that_the_gateway_quotes_is_in_no_record(
    gateway: Gateway, key: ApiKey, open_target: Callable[..., Target], dialect: str
) -> None:
    """Errors quote gateways, and some gateways quote keys; see also GeventProcess.tell."""
    target = open_target(dialect)
    quoting = json.dumps({"message": f"Unauthorized: {key.reveal()} is not known"}).encode()
    gateway.answers(401, body=quoting)
    record = record_of(target)
    assert (record["outcome"], record["executed"]) == ("auth", "no")
    assert "*** is not known" in record["detail"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_key_that_was_exchanged_has_its_class(
    gateway: Gateway, open_target: Callable[..., Target], dialect: str
) -> None:
    """A load test repeats nothing: a refused key is a refused request."""
    target = open_target(dialect)
    gateway.rotates_key(ApiKey(new_key()))
    record = record_of(target)
    assert (record["outcome"], record["origin"], record["executed"]) == ("auth", "kong", "no")


def test_arrival_without_room_has_its_record(open_target: Callable[..., Target]) -> None:
    """It was meant, and nothing was sent."""
    record = open_target("http").skip(index=3, why="2 requests were on their way already")
    assert (record["outcome"], record["origin"], record["executed"]) == ("not_sent", "client", "no")
    assert (record["index"], record["sent_s"], record["done_s"]) == (3, None, None)
    assert record["detail"] == "2 requests were on their way already"
