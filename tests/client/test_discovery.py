"""Which way leads to a model, from scripted replies: no server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from asr_client import (
    AuthError,
    ContractError,
    ModelNotFoundError,
    OverloadedError,
    RouteNotFoundError,
    ServerError,
)
from asr_client.calls.discovery import find_route
from asr_client.calls.effects import Flow, Send, Sleep
from asr_client.calls.inspection import list_models
from asr_client.calls.session import Route, Session
from asr_client.client import open_session
from asr_client.contracts.wire import Reply
from asr_client.retry import NO_RETRY

AI4BHARAT = {
    "name": "m",
    "inputs": [
        {"name": "AUDIO_SIGNAL", "datatype": "FP32", "shape": [-1, -1]},
        {"name": "NUM_SAMPLES", "datatype": "INT32", "shape": [-1, 1]},
        {"name": "LANG_ID", "datatype": "BYTES", "shape": [-1, 1]},
    ],
    "outputs": [{"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [-1, -1]}],
}
BASE64 = {
    "name": "m",
    "inputs": [{"name": "audio", "datatype": "BYTES", "shape": [1]}],
    "outputs": [{"name": "transcript", "datatype": "BYTES", "shape": [1]}],
}

# As recorded from Triton 2.51 and Kong 3.9.1.
TRITON_NO_PATH = Reply(404, {}, b'{"error":"Not Found"}')
TRITON_NO_MODEL = Reply(404, {}, b'{"error":"Request for unknown model: \'m\' is not found"}')
KONG_NO_ROUTE = Reply(
    404, {"x-kong-response-latency": "0"}, b'{"message":"no Route matched with those values"}'
)
KONG_NO_KEY = Reply(
    401, {"x-kong-response-latency": "1"}, b'{"message":"No API key found in request"}'
)
KONG_NO_UPSTREAM = Reply(
    503, {"x-kong-response-latency": "0"}, b'{"message":"failure to get a peer"}'
)
KONG_HTML = Reply(200, {}, b"<html>maintenance</html>")
REDIRECT = Reply(302, {"location": "https://login"}, b"")
TRITON_RESTRICTED = Reply(403, {}, b'{"error":"This API is restricted, expecting header \'x\'"}')


def good(fields: object) -> Reply:
    """A good reply."""
    return Reply(200, {}, json.dumps(fields).encode())


def answer(flow: Flow[object], replies: Sequence[Reply]) -> object:
    """Drive a flow with replies; all of them must be asked for."""
    waiting = list(replies)
    try:
        effect = next(flow)
        while True:
            assert isinstance(effect, Send)
            effect = flow.send(waiting.pop(0))
    except StopIteration as end:
        assert waiting == []
        return end.value


def session(protocol: str = "auto", url: str = "http://h") -> Session:
    """A session of a client for this protocol."""
    return open_session(
        url, {"protocol": protocol, "model": "m", "retry": NO_RETRY, "pacing": False}
    )


def route(protocol: str, *replies: Reply, url: str = "http://h") -> Route:
    """The route that discovery finds."""
    found = answer(find_route(session(protocol, url).call(), "m"), replies)
    assert isinstance(found, Route)
    return found


@pytest.mark.parametrize(
    ("protocol", "replies", "found", "contract", "why"),
    [
        ("auto", [good(AI4BHARAT), good({})], "http", "ai4bharat", "answers in KServe v2"),
        ("auto", [good(BASE64), good({})], "http", "base64", "answers in KServe v2"),
        ("auto", [good(AI4BHARAT), KONG_NO_ROUTE], "http", "ai4bharat", "answers in KServe v2"),
        ("auto", [good(AI4BHARAT), TRITON_RESTRICTED], "http", "ai4bharat", "KServe v2"),
        ("auto", [KONG_NO_ROUTE], "asr-infer", "asr-infer", "404 for /v2/models/m"),
        ("auto", [good(AI4BHARAT), KONG_HTML], "http", "ai4bharat", "KServe v2"),
        ("http", [good(AI4BHARAT), good({})], "http", "ai4bharat", "asked for"),
        ("generate", [good(BASE64), good({})], "generate", "base64", "asked for"),
        ("generate", [KONG_NO_ROUTE], "generate", "base64", "asked for"),
        ("asr-infer", [], "asr-infer", "asr-infer", "asked for"),
        ("ulca", [], "ulca", "ulca", "asked for"),
        ("ai4i", [], "ai4i", "ulca", "asked for"),
    ],
)
def test_route_is_found_and_explained(
    protocol: str, replies: list[Reply], found: str, contract: str, why: str
) -> None:
    """Each protocol asks for as little as it needs, and says what decided."""
    result = route(protocol, *replies)
    assert (result.recognizer.protocol, result.recognizer.contract) == (found, contract)
    assert why in result.why_protocol


@pytest.mark.parametrize(
    ("protocol", "replies", "error"),
    [
        ("auto", [TRITON_NO_MODEL], ModelNotFoundError),
        ("auto", [TRITON_NO_PATH], RouteNotFoundError),
        ("auto", [REDIRECT], RouteNotFoundError),
        ("auto", [KONG_NO_KEY], AuthError),
        ("auto", [KONG_NO_UPSTREAM], OverloadedError),
        ("auto", [good(AI4BHARAT), KONG_NO_KEY], AuthError),
        ("auto", [good(AI4BHARAT), KONG_NO_UPSTREAM], OverloadedError),
        ("auto", [good({"name": "m", "inputs": [], "outputs": []}), good({})], ContractError),
        ("generate", [good(AI4BHARAT), good({})], ContractError),
    ],
)
def test_route_is_not_guessed_when_the_server_says_no(
    protocol: str, replies: list[Reply], error: type[ServerError]
) -> None:
    """A missing key, model or upstream is told as it is: only a missing path leads elsewhere."""
    with pytest.raises(error):
        route(protocol, *replies)


def test_models_are_not_guessed_when_the_key_is_refused() -> None:
    """A refusal of the caller is an error; only a closed source is passed by."""
    with pytest.raises(AuthError):
        answer(list_models(session(), None), [KONG_NO_KEY])


def test_guess_is_not_remembered_before_it_has_worked() -> None:
    """A gateway that was reloading for a moment does not fix the route for good."""
    client = session()
    guess = answer(find_route(client.call(), "m"), [KONG_NO_ROUTE])
    assert isinstance(guess, Route)
    assert guess.is_guess
    later = answer(find_route(client.call(), "m"), [good(AI4BHARAT), good({})])
    assert isinstance(later, Route)
    assert later.recognizer.protocol == "http"
    assert client.routes == {"m": later}


def test_calls_that_start_together_search_once() -> None:
    """The second call waits for what the first one finds: requests count under a rate limit."""
    client = session()
    first, second = find_route(client.call(), "m"), find_route(client.call(), "m")
    asked = next(first)
    assert isinstance(asked, Send)
    assert isinstance(next(second), Sleep)
    first.send(good(AI4BHARAT))
    found = answer_last(first, good({}))
    assert answer_last(second, None) is found
    assert client.searches == {}


def test_search_that_was_given_up_is_taken_over() -> None:
    """A cancelled call leaves nobody waiting for it."""
    client = session()
    first, second = find_route(client.call(), "m"), find_route(client.call(), "m")
    next(first)
    next(second)
    first.close()
    assert isinstance(second.send(None), Send)


def answer_last(flow: Flow[object], last: object) -> object:
    """Give a flow the last thing that it waits for."""
    with pytest.raises(StopIteration) as end:
        flow.send(last)
    return end.value.value


def test_slow_search_is_taken_over_by_one_call() -> None:
    """Nobody knows whether the first one still lives; the others go on waiting, for its heir."""
    client = session()
    now_s = 0.0
    client = replace(client, clock=lambda: now_s)
    first, second, third = (find_route(client.call(60.0), "m") for _ in range(3))
    assert isinstance(next(first), Send)
    assert isinstance(next(second), Sleep)
    assert isinstance(next(third), Sleep)
    now_s = 3.0
    assert isinstance(second.send(None), Send)
    assert isinstance(third.send(None), Sleep)
    second.close()
    assert isinstance(third.send(None), Send)
