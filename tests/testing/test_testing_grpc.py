"""The stand-in's gRPC answers: held against a real Kong 3.9.1, and struck by drills."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from asr_client.auth import ApiKey
from asr_client.testing import Gateway, ManualClock
from asr_client.testing.rate_limit import WINDOWS_S

METHOD = "/inference.GRPCInferenceService/ModelInfer"
KEYS = {"api_keys": (ApiKey("KEY-FOR-TESTS"),)}
WITH_KEY = (("x-api-key", "KEY-FOR-TESTS"),)
PATIENCE_S = 30.0

VARYING = ("date", "x-kong-request-id")
# grpc keeps this one to itself: with it, a server cannot send it.
UNSENDABLE = ("content-length",)

Call = Callable[..., Any]


@pytest.fixture
def upstream() -> Iterator[str]:
    """Start a server that gives back what it gets, or fails with what it is told in the message."""

    def answer(message: bytes, context: grpc.ServicerContext) -> bytes:
        code, _, details = message.decode().partition(": ")
        if details:
            context.abort(grpc.StatusCode[code], details)
        context.set_trailing_metadata((("x-up-trailer", "yes"),))
        seen = dict(context.invocation_metadata())
        return f"{message.decode()} {seen.get('x-api-key')} {seen['via']}".encode()

    class Handler(grpc.GenericRpcHandler):
        def service(self, _: object) -> Any:
            return grpc.unary_unary_rpc_method_handler(answer)

    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"grpc://127.0.0.1:{port}"
    server.stop(0).wait(PATIENCE_S)


@pytest.fixture
def call() -> Iterator[Call]:
    """Call a method; give the outcome as the recordings hold it."""
    channels: dict[int, grpc.Channel] = {}

    def call(
        port: int,
        message: bytes = b"hello",
        *,
        path: str = METHOD,
        anew: bool = False,
        **options: Any,
    ) -> Any:
        if port not in channels or anew:
            if port in channels:
                channels[port].close()
            unlimited = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)]
            channels[port] = grpc.insecure_channel(f"127.0.0.1:{port}", unlimited)
        method: Any = channels[port].unary_unary(path)
        wanted = {"metadata": WITH_KEY, "timeout": PATIENCE_S, **options}
        try:
            reply, done = method.with_call(message, **wanted)
        except grpc.RpcError as error:
            reply, done = b"", error
        return {
            "code": done.code().name,
            "details": done.details(),
            "initial_metadata": [list(pair) for pair in done.initial_metadata() or ()],
            "trailing_metadata": [list(pair) for pair in done.trailing_metadata() or ()],
            "reply": reply,
        }

    yield call
    for channel in channels.values():
        channel.close()


def limits(**windows: int) -> dict[str, Any]:
    """Give options with a limit."""
    return {"limits": windows}


# Case -> options, calls before it, how it is called.
CASES: dict[str, tuple[dict[str, Any], int, dict[str, Any]]] = {
    "g39-nokey": (KEYS, 0, {"metadata": ()}),
    "g39-wrongkey": (KEYS, 0, {"metadata": (("x-api-key", "WRONG-KEY"),)}),
    "g39-noroute": (KEYS, 0, {"path": "/no.Such/Method"}),
    "g39-size": ({**KEYS, "max_body_bytes": 10}, 0, {"message": bytes(11)}),
    "g39-rlmin-1": (limits(minute=1), 0, {}),
    "g39-rlmin-2": (limits(minute=1), 1, {}),
    "g39-rlsec-1": (limits(second=1), 0, {}),
    "g39-rlhour-2": (limits(hour=1), 1, {}),
    "g39-rlcons-1": ({**KEYS, **limits(minute=1, hour=1)}, 0, {}),
    "g39-rlcons-2": ({**KEYS, **limits(minute=1, hour=1)}, 1, {}),
    "g39-rl403-2": ({**limits(minute=1), "error_code": 403}, 1, {}),
    "g39-rlhide-2": ({**limits(minute=1), "hide_client_headers": True}, 1, {}),
    "g39-ok": (KEYS, 0, {}),
    "g39-up-unavail": ({}, 0, {"message": b"UNAVAILABLE: upstream unavailable"}),
    "g39-nomodel": (
        {},
        0,
        {"message": b"NOT_FOUND: Request for unknown model: 'nope' is not found"},
    ),
    "g39-stub": ({}, 0, {"message": b"INTERNAL: Stub process 'fragile_0_0' is not healthy."}),
}


@pytest.mark.parametrize("case", CASES)
def test_gateway_answers_grpc_as_recorded(
    case: str, asr_gateway: Any, upstream: str, call: Call, recorded: Any
) -> None:
    """Code, details and metadata are those of the real one."""
    options, calls_before, how = CASES[case]
    record = recorded(case)
    gateway = start(asr_gateway, record, upstream, options)
    for _ in range(calls_before):
        call(gateway.port)
    how = dict(how)
    assert_equal(call(gateway.port, how.pop("message", b"hello"), **how), record)


@pytest.mark.parametrize("case", ["g39-down", "g39-ring", "g39-readtimeout2"])
def test_gateway_tells_of_upstreams_as_recorded(
    case: str, asr_gateway: Any, call: Call, recorded: Any
) -> None:
    """Refused is INTERNAL, no target UNAVAILABLE, too slow DEADLINE_EXCEEDED."""
    record = recorded(case)
    targets = [] if case == "g39-ring" else ["grpc://127.0.0.1:1"]
    gateway = start(asr_gateway, record, targets, {})
    if case == "g39-readtimeout2":
        gateway.times_out()
    assert_equal(call(gateway.port), record)


def test_upstream_sees_what_kong_lets_through(asr_gateway: Any, upstream: str, call: Call) -> None:
    """The key stays outside, Via is added, bytes and trailers pass as they are."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream, **KEYS)
    outcome = call(gateway.port, b"anything")
    assert outcome["reply"] == b"anything None 2 kong/3.9.1"
    assert outcome["trailing_metadata"] == [["x-up-trailer", "yes"]]


@pytest.mark.parametrize("when", ["before", "after"])
def test_reset_reaches_a_grpc_client(
    when: Any, asr_gateway: Any, upstream: str, call: Call
) -> None:
    """The connection breaks under the call, and the next one works."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream)
    gateway.resets(when=when)
    assert call(gateway.port)["code"] == "UNAVAILABLE"
    assert call(gateway.port, anew=True)["code"] == "OK"
    assert [(c.status, c.tries) for c in gateway.calls] == [(None, int(when == "after")), (0, 1)]


def test_drills_speak_grpc(asr_gateway: Any, upstream: str, call: Call) -> None:
    """Each failure has the code that Kong gives it, and is over after its count."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream)
    gateway.upstream_fails(path="*/ModelInfer")
    gateway.rate_limits(retry_after_s=7)
    gateway.answers(503, body=b"maintenance")
    outcomes = [call(gateway.port) for _ in range(4)]
    assert [outcome["code"] for outcome in outcomes] == [
        "INTERNAL",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "OK",
    ]
    assert dict(outcomes[1]["trailing_metadata"])["retry-after"] == "7"
    assert outcomes[2]["details"] == "maintenance"


def test_hang_ends_with_the_clients_patience(asr_gateway: Any, upstream: str, call: Call) -> None:
    """A client's own deadline has no metadata of Kong: nobody answered."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream)
    gateway.hangs(seconds=PATIENCE_S)
    outcome = call(gateway.port, timeout=0.2)
    assert (outcome["code"], outcome["trailing_metadata"]) == ("DEADLINE_EXCEEDED", [])


def test_stopping_ends_a_hanging_call(asr_gateway: Any, upstream: str, call: Call) -> None:
    """A gateway that stops does not wait for its drills."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream)
    gateway.hangs(seconds=3600)
    with ThreadPoolExecutor(1) as caller:
        hanging = caller.submit(call, gateway.port)
        assert gateway.waits_for_calls(1)
        gateway.stop()
        assert hanging.result(PATIENCE_S)["code"] in ("UNAVAILABLE", "CANCELLED", "UNKNOWN")


def test_dropped_replica_is_asked_no_more(asr_gateway: Any, upstream: str, call: Call) -> None:
    """With its last replica gone, the gateway says what Kong says without targets."""
    gateway = asr_gateway("http://127.0.0.1:1", upstream)
    assert call(gateway.port)["code"] == "OK"
    gateway.drops_replica(upstream)
    assert call(gateway.port)["details"] == "Unavailable"
    gateway.adds_replica(upstream)
    assert call(gateway.port)["code"] == "OK"


def start(asr_gateway: Any, record: Any, upstream: Any, options: dict[str, Any]) -> Gateway:
    """Start a gateway whose clock stands where the recorded one stood in its window."""
    clock = ManualClock()
    shown = dict(record["trailing_metadata"] + record["initial_metadata"])
    if "ratelimit-reset" in shown:
        window = [each for each in WINDOWS_S if each in options["limits"]][-1]
        clock.advance(WINDOWS_S[window] - int(shown["ratelimit-reset"]))
    options = {"correlation_header": "", **options, "clock": clock}
    return asr_gateway("http://127.0.0.1:1", upstream, **options)


def assert_equal(outcome: Any, record: Any) -> None:
    """Compare everything that two answers of the same Kong share."""
    assert (outcome["code"], outcome["details"]) == (record["code"], record["details"])
    for where in ("initial_metadata", "trailing_metadata"):
        assert comparable(outcome[where]) == comparable(record[where])


def comparable(metadata: Any) -> list[tuple[str, str]]:
    """Give names and, where they are alike from answer to answer, values."""
    return sorted(
        (name, "" if name in VARYING or name.endswith("-latency") else value)
        for name, value in metadata
        if name not in UNSENDABLE and not name.startswith("x-up-")
    )
