"""The embedded server itself: what it answers, and how it lives and ends."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asr_client.embedded import EmbeddedOptions, EmbeddedTriton, Event, SlowModel, canary
from asr_client.embedded.options import Ports, SupervisorSettings
from asr_client.embedded.processes import server_processes, stubs
from asr_client.embedded.shared_memory import regions
from asr_client.errors import EmbeddedError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Triton's wheel is for Linux")

SPOKEN = "go forward ten meters"
# One recogniser and nothing else: the quickest to start again.
SMALL = EmbeddedOptions(models=("asr_am_ensemble",), instances=1)


# --- asking


def post(url: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
    """POST and return (status, decoded JSON)."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def infer(
    server: EmbeddedTriton,
    rows: list[list[float]],
    *,
    lengths: list[int] | None = None,
    language: str = "en",
    model: str = "asr_am_ensemble",
) -> tuple[int, Any]:
    """Send a batch of equal rows with binary samples; return (status, reply)."""
    signal_bytes = np.array(rows, dtype="<f4").tobytes()
    counts = lengths or [len(row) for row in rows]
    inputs: list[dict[str, Any]] = [
        {
            "name": "AUDIO_SIGNAL",
            "datatype": "FP32",
            "shape": [len(rows), len(rows[0])],
            "parameters": {"binary_data_size": len(signal_bytes)},
        },
        {"name": "NUM_SAMPLES", "datatype": "INT32", "shape": [len(rows), 1], "data": counts},
        {
            "name": "LANG_ID",
            "datatype": "BYTES",
            "shape": [len(rows), 1],
            "data": [language] * len(rows),
        },
    ]
    head = json.dumps({"inputs": inputs}).encode()
    return post(
        server.http_url,
        f"/v2/models/{model}/infer",
        head + signal_bytes,
        {"Inference-Header-Content-Length": str(len(head))},
    )


def generate(server: EmbeddedTriton, **fields: str) -> tuple[int, Any]:
    """Ask model `asr` through Triton's generate extension."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps(fields).encode()
    return post(server.http_url, "/v2/models/asr/generate", body, headers)


def transcribes(server: EmbeddedTriton) -> bool:
    """Tell whether the server understands the recording that it is shipped with."""
    try:
        status, reply = infer(server, [speech()])
    except (OSError, http.client.HTTPException):
        return False
    return status == 200 and bool(reply["outputs"][0]["data"] == [SPOKEN])


def speech() -> list[float]:
    """Return the samples of the shipped recording."""
    return [sample / 32768 for sample in canary.read_pcm16(canary.RECORDING)]


def encoded(samples: np.ndarray[Any, Any], rate_hz: int, file_format: str) -> str:
    """Return base64 of an audio file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=file_format)
    return base64.b64encode(file.getvalue()).decode()


# --- waiting and looking


def wait_until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Poll until *condition* holds; fail when it never does."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "the condition never came true"
        time.sleep(0.05)


def id_of(server: EmbeddedTriton) -> str:
    """Return the unique name of a running server."""
    return Path(server.log_path).parent.name


def is_gone(server_id: str) -> bool:
    """Tell whether a server has left neither processes nor shared memory."""
    return not server_processes(server_id) and not regions(server_id)


def parent_of(pid: int) -> int:
    """Return the parent's process id, from the second field after the program's name."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


# --- what it answers


def test_ensemble_transcribes_speech(embedded_triton: EmbeddedTriton) -> None:
    """The tensors of the real server come back as text."""
    status, reply = infer(embedded_triton, [speech()])
    assert status == 200
    assert reply["outputs"] == [
        {"name": "TRANSCRIPTS", "datatype": "BYTES", "shape": [1], "data": [SPOKEN]}
    ]


def test_ensemble_keeps_the_order_of_a_batch(embedded_triton: EmbeddedTriton) -> None:
    """Row for row, and without the padding behind a row."""
    words = speech()
    silence = [0.0] * len(words)
    lengths = [len(words), len(words), 800, len(words)]
    status, reply = infer(embedded_triton, [silence, words, words, words], lengths=lengths)
    assert status == 200
    texts = reply["outputs"][0]["data"]
    assert reply["outputs"][0]["shape"] == [4]
    assert [texts[0], texts[1], texts[3]] == ["", SPOKEN, SPOKEN]
    assert texts[2] != SPOKEN


def test_ensemble_is_one_and_declares_its_languages(embedded_triton: EmbeddedTriton) -> None:
    """Clients can read from the configuration which languages there are."""
    connection = http.client.HTTPConnection(embedded_triton.http_url[7:], timeout=60)
    connection.request("GET", "/v2/models/asr_am_ensemble/config")
    config = json.loads(connection.getresponse().read())
    connection.close()
    assert config["platform"] == "ensemble"
    assert config["max_batch_size"] == 32
    assert config["parameters"]["languages"]["string_value"] == "en"


@pytest.mark.parametrize(
    ("samples", "lengths", "language", "said"),
    [
        ([0.0] * 1600, None, "hi", "recognises: en"),
        ([0.0] * 1600, [0], "en", "NUM_SAMPLES is 0"),
        ([0.0] * 1600, [1601], "en", "NUM_SAMPLES is 1601"),
        ([float("nan")] * 1600, None, "en", "NaN"),
        ([9000.0] * 1600, None, "en", "divide 16-bit integers by 32768"),
    ],
)
def test_ensemble_refuses_what_it_cannot_transcribe(
    embedded_triton: EmbeddedTriton,
    samples: list[float],
    lengths: list[int] | None,
    language: str,
    said: str,
) -> None:
    """The client is told its mistake, and told that it is the client's (400)."""
    status, reply = infer(embedded_triton, [samples], lengths=lengths, language=language)
    assert status == 400
    assert said in reply["error"]


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG"])
def test_generate_transcribes_a_base64_file(
    embedded_triton: EmbeddedTriton, file_format: str
) -> None:
    """Each container that clients send is decoded by the server."""
    status, reply = generate(
        embedded_triton, audio=encoded(np.array(speech()), 16_000, file_format), language="en"
    )
    assert status == 200
    assert reply["transcript"] == SPOKEN


def test_generate_mixes_channels_and_converts_the_rate(embedded_triton: EmbeddedTriton) -> None:
    """A stereo file at 44.1 kHz is brought to mono at 16 kHz; the language may be left out."""
    soxr = pytest.importorskip("soxr")
    stereo = np.repeat(np.array(speech())[:, np.newaxis], 2, axis=1)
    audio = encoded(soxr.resample(stereo, 16_000, 44_100), 44_100, "FLAC")
    status, reply = generate(embedded_triton, audio=audio)
    assert status == 200
    assert reply["transcript"] == SPOKEN


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"audio": "not base64!"}, "not base64"),
        ({"audio": ""}, "not a readable"),
        ({"audio": base64.b64encode(b"just some text").decode()}, "not a readable"),
        ({"audio": encoded(np.zeros(0), 16_000, "WAV")}, "without samples"),
        ({"audio": encoded(np.zeros(1600), 16_000, "WAV"), "language": "hi"}, "recognises: en"),
        ({}, "missing required input"),
    ],
)
def test_generate_refuses_what_is_not_audio(
    embedded_triton: EmbeddedTriton, fields: dict[str, str], said: str
) -> None:
    """The refusal (400) says what was wrong with the request."""
    status, reply = generate(embedded_triton, **fields)
    assert status == 400
    assert said in reply["error"]


@pytest.mark.parametrize("language", ["en", "hi", "sat"])
def test_slow_model_answers_with_what_it_was_sent(
    embedded_triton: EmbeddedTriton, language: str
) -> None:
    """It takes every language of the real server and says how much audio came."""
    rows = [[0.0] * 16_000] * 2
    status, reply = infer(
        embedded_triton, rows, lengths=[16_000, 8_000], language=language, model="asr_slow"
    )
    assert status == 200
    assert reply["outputs"][0]["data"] == [f"1.00 s of {language}", f"0.50 s of {language}"]


def test_grpc_answers_like_http(embedded_triton: EmbeddedTriton) -> None:
    """The same tensors over the other interface give the same text."""
    grpcclient = pytest.importorskip("tritonclient.grpc")
    pcm16 = canary.read_pcm16(canary.RECORDING)
    tensors = {
        "AUDIO_SIGNAL": ("FP32", np.array([speech()], dtype=np.float32)),
        "NUM_SAMPLES": ("INT32", np.array([[len(pcm16)]], dtype=np.int32)),
        "LANG_ID": ("BYTES", np.array([[b"en"]], dtype=np.object_)),
    }
    inputs = []
    for name, (datatype, values) in tensors.items():
        inputs.append(grpcclient.InferInput(name, list(values.shape), datatype))
        inputs[-1].set_data_from_numpy(values)
    with grpcclient.InferenceServerClient(embedded_triton.grpc_url.removeprefix("grpc://")) as asr:
        reply = asr.infer("asr_am_ensemble", inputs, client_timeout=60)
    assert reply.as_numpy("TRANSCRIPTS").tolist() == [SPOKEN.encode()]


def test_metrics_are_served(embedded_triton: EmbeddedTriton) -> None:
    """The third address is a Prometheus page."""
    host, _, path = embedded_triton.metrics_url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("GET", f"/{path}")
    page = connection.getresponse().read()
    connection.close()
    assert b"nv_inference_request_success" in page


# --- how it lives


@pytest.fixture(scope="module")
def breakable() -> Iterator[EmbeddedTriton]:
    """A second server, next to the one of the session, that tests may break."""
    options = EmbeddedOptions(
        instances=1,
        models=("asr_am_ensemble", "asr_slow"),
        slow=SlowModel(a_ms=300, max_batch_size=1),
        max_queue=2,
    )
    with EmbeddedTriton(options=options) as server:
        yield server


def test_two_servers_run_side_by_side(
    embedded_triton: EmbeddedTriton, breakable: EmbeddedTriton
) -> None:
    """Each has its own ports, processes and memory."""
    assert embedded_triton.http_url != breakable.http_url
    assert transcribes(embedded_triton)
    assert transcribes(breakable)


def test_requests_are_refused_when_the_queue_is_full(breakable: EmbeddedTriton) -> None:
    """One is served, two wait, and the others are told at once (503)."""
    with ThreadPoolExecutor(8) as pool:
        replies = pool.map(lambda _: infer(breakable, [[0.0] * 160], model="asr_slow"), range(8))
        errors = {status: reply.get("error", "") for status, reply in replies}
    assert set(errors) == {200, 503}
    assert "Exceeds maximum queue size" in errors[503]


def test_server_comes_back_when_a_model_process_is_killed(breakable: EmbeddedTriton) -> None:
    """Triton itself would go on without it, failing its requests and reporting ready."""
    url, restarts = breakable.http_url, restarts_of(breakable)
    os.kill(min(stubs(id_of(breakable))), signal.SIGKILL)
    wait_until(lambda: restarts_of(breakable) > restarts)
    assert transcribes(breakable)
    assert breakable.http_url == url
    assert "1 of 2 model processes" in breakable.events[-1].message


def test_server_comes_back_when_it_is_killed(breakable: EmbeddedTriton) -> None:
    """On the same ports, although a client still holds a connection to the old one."""
    pid, restarts = breakable.pid, restarts_of(breakable)
    address = breakable.http_url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: restarts_of(breakable) > restarts)
    assert transcribes(breakable)
    assert breakable.pid != pid
    assert breakable.running
    assert breakable.failure is None


def restarts_of(server: EmbeddedTriton) -> int:
    """Count the restarts that were heard of."""
    return sum(event.kind == "restarted" for event in server.events)


def test_server_is_given_up_when_it_breaks_too_often() -> None:
    """After the last allowed restart the owner learns why it is gone."""
    options = EmbeddedOptions(models=("asr_slow",), max_restarts=0, slow=SlowModel(a_ms=0))
    heard: list[str] = []
    with EmbeddedTriton(options=options, on_event=lambda event: heard.append(event.kind)) as server:
        server_id = id_of(server)
        os.kill(server.pid, signal.SIGKILL)
        assert server.wait(timeout_s=60)
        assert server.failure is not None
        assert "status -9" in server.failure.message
        assert not server.running
        with pytest.raises(EmbeddedError, match="not running"):
            _ = server.http_url
    assert heard == ["starting", "ready", "failed"]
    assert is_gone(server_id)


def test_start_fails_when_a_fixed_port_is_taken(embedded_triton: EmbeddedTriton) -> None:
    """The error names the port, and the server that holds it is left alone."""
    port = int(embedded_triton.http_url.rpartition(":")[2])
    with pytest.raises(EmbeddedError, match=f"127.0.0.1:{port}"):
        EmbeddedTriton(http_port=port, options=SMALL).start()
    assert transcribes(embedded_triton)


def test_start_fails_when_the_interpreter_is_none() -> None:
    """A mistyped path comes back as an error of ours, through two pipes."""
    with pytest.raises(EmbeddedError, match="/nonexistent/python"):
        EmbeddedTriton(python="/nonexistent/python").start()


def test_start_fails_when_there_is_no_place_for_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only disk, or as here a file where the folder should be, is named as such."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    in_the_way = tmp_path / f"asr-client-{os.getuid()}"
    in_the_way.touch()
    with pytest.raises(EmbeddedError, match=f"{in_the_way}: File exists .let TMPDIR"):
        EmbeddedTriton(options=SMALL).start()


def test_start_fails_when_the_supervisor_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends it before it can say why, the error is one line."""
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with pytest.raises(EmbeddedError, match=r"^the supervisor .* status 1: ModuleNotFound.*$"):
        EmbeddedTriton().start()
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(EmbeddedError, match=r"^cannot start .*/nonexistent"):
        EmbeddedTriton().start()


def test_start_is_refused_when_the_server_starts_already() -> None:
    """Of several threads one starts it, and no server is lost."""
    server = EmbeddedTriton(options=EmbeddedOptions(models=("asr_slow",)))

    def refusal(_: int) -> str:
        try:
            server.start()
        except EmbeddedError as error:
            return error.message
        return ""

    with ThreadPoolExecutor(3) as pool:
        refusals = list(pool.map(refusal, range(3)))
    assert "already" in refusal(3)
    server.stop()
    assert sorted(map(bool, refusals)) == [False, True, True]
    assert len(server.events) == 3


def test_start_fails_when_time_runs_out() -> None:
    """The error holds the log's last lines, and nothing stays behind."""
    options = EmbeddedOptions(models=("asr_am_ensemble",), start_timeout_s=0.01)
    with pytest.raises(EmbeddedError, match=r"not ready within 0.01 s"):
        EmbeddedTriton(options=options).start()


@pytest.mark.parametrize(
    ("folder", "umask", "path"),
    [('it\'s $HOME; "नमस्ते"', 0o022, ""), ("d" * 250, 0o077, "/nonexistent")],
)
def test_server_runs_in_a_folder_of_any_name_and_with_any_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, umask: int, path: str
) -> None:
    """Triton starts its model processes through a shell, looked for on PATH, and quotes nothing."""
    (tmp_path / folder).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / folder))
    monkeypatch.setenv("PATH", path)
    before = os.umask(umask)
    try:
        with EmbeddedTriton(options=SMALL) as server:
            assert folder in server.log_path
            assert transcribes(server)
    finally:
        os.umask(before)
    assert not list((tmp_path / folder).glob("*/*"))


# --- how it ends


def test_server_stops_twice_and_starts_again() -> None:
    """Stopping is harmless when there is nothing to stop; the object is reusable."""
    options = EmbeddedOptions(models=("asr_slow",))
    server = EmbeddedTriton(options=options)
    server.stop()
    ids = set()
    for _ in range(2):
        with server:
            ids.add(id_of(server))
        server.stop()
        assert server.failure is None
    assert len(ids) == 2
    assert all(map(is_gone, ids))


def test_server_stops_when_on_event_says_so() -> None:
    """Its thread is the one that hears of the end, and so must not wait for it."""
    told: list[str] = []

    def stop_at_once(event: Event) -> None:
        told.append(event.kind)
        server.stop()
        with pytest.raises(EmbeddedError, match="wait for itself"):
            server.wait()
        told.append("went on")

    server = EmbeddedTriton(on_event=stop_at_once)
    with pytest.raises(EmbeddedError, match="stopped while it started"):
        server.start()
    assert told == ["starting", "went on", "stopped", "went on"]
    assert not server.running


def test_server_warns_and_stops_when_it_is_forgotten() -> None:
    """Garbage collection of a running server is a ResourceWarning, and the end of the server."""
    servers = [EmbeddedTriton(options=EmbeddedOptions(models=("asr_slow",))).start()]
    server_id = id_of(servers[0])
    with pytest.warns(ResourceWarning, match="never stopped"):
        servers.clear()
    wait_until(lambda: is_gone(server_id))


OWNER = """
import json, sys, time
from asr_client.embedded import EmbeddedOptions, EmbeddedTriton
server = EmbeddedTriton(options=EmbeddedOptions(models=("asr_slow",))).start()
print(json.dumps({"pid": server.pid, "log_path": server.log_path}), flush=True)
time.sleep(600)
"""


def test_everything_ends_when_its_owner_is_killed() -> None:
    """A process that is killed cannot clean up; its supervisor does."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        state_dir = Path(json.loads(owner.stdout.readline())["log_path"]).parent
        assert server_processes(state_dir.name)
        owner.kill()
    wait_until(lambda: is_gone(state_dir.name) and not state_dir.exists())


def test_next_start_sweeps_when_a_supervisor_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triton ends with its supervisor; the folder goes when the next server starts."""
    # Elsewhere another server of this user might start, and sweep, in between.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    options = EmbeddedOptions(models=("asr_slow",))
    server = EmbeddedTriton(options=options).start()
    state_dir = Path(server.log_path).parent
    os.kill(parent_of(server.pid), signal.SIGKILL)
    assert server.wait(timeout_s=60)
    assert server.failure is not None
    assert "status -9" in server.failure.message
    wait_until(lambda: is_gone(state_dir.name))
    assert state_dir.exists()
    with EmbeddedTriton(options=options):
        assert not state_dir.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["probing", "loading"])
def test_supervisor_cleans_up_when_a_signal_comes_during_the_start(
    tmp_path: Path, number: signal.Signals, moment: str
) -> None:
    """Before Triton exists and while it loads, the end is in order and nothing is left."""
    settings = SupervisorSettings(sys.executable, Ports(), SMALL)
    root = tmp_path / f"asr-client-{os.getuid()}"
    with subprocess.Popen(
        [sys.executable, "-m", "asr_client.embedded.supervisor", settings.to_json()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as supervisor:
        assert supervisor.stdout is not None
        supervisor.stdout.readline()
        ids = set[str]()
        if moment == "loading":
            wait_until(lambda: any(server_processes(path.name) for path in root.glob("asr-*")))
            ids = {path.name for path in root.glob("asr-*")}
        supervisor.send_signal(number)
        last = json.loads(supervisor.stdout.read())
        assert supervisor.wait(timeout=60) == 0
    assert last["kind"] == "stopped"
    assert all(map(is_gone, ids))
    assert not root.exists() or not list(root.iterdir())
