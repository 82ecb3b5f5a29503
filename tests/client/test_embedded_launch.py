"""How the embedded server is laid out and started; everything up to the process itself."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from asr_client import embedded
from asr_client.embedded.events import Event, parse_event
from asr_client.embedded.launch import backend_links, command_line, environment
from asr_client.embedded.options import EmbeddedOptions, Ports, Settings, SlowModel
from asr_client.embedded.ports import choose_ports
from asr_client.embedded.repository import (
    instance_counts,
    model_closure,
    tuned,
    write_repository,
)
from asr_client.embedded.requirements import Facts
from asr_client.embedded.supervisor import may_restart
from asr_client.embedded.triton_log import port_was_taken, telling_lines
from asr_client.errors import ConfigError, EmbeddedError

FACTS = Facts(
    system="Linux",
    machine="x86_64",
    glibc="2.36",
    python_version=(3, 12),
    executable="/venv/bin/python",
    libpython_dir="/opt/python/lib",
    pytriton_dir="/venv/site/pytriton",
    numpy_version="1.26.4",
    pocketsphinx_error="",
    soundfile_error="",
    shm_free_bytes=64 << 20,
)


# --- environment and command line


def test_environment_drops_what_would_reach_into_the_models() -> None:
    """The caller's Python and linker variables stay outside; the rest is kept."""
    inherited = {"PYTHONPATH": "/mine", "LD_PRELOAD": "x.so", "HOME": "/home/me", "PATH": "/bin"}
    scrubbed = environment(inherited, FACTS)
    assert "PYTHONPATH" not in scrubbed
    assert "LD_PRELOAD" not in scrubbed
    assert scrubbed["HOME"] == "/home/me"


def test_environment_puts_the_interpreter_and_its_libraries_first() -> None:
    """The model process finds the virtual environment by PATH, and libpython by the linker's."""
    made = environment({"PATH": "/bin"}, FACTS)
    assert made["PATH"] == "/venv/bin:/bin"
    assert made["LD_LIBRARY_PATH"] == "/opt/python/lib:/venv/site/nvidia_pytriton.libs"
    assert made["CUDA_VISIBLE_DEVICES"] == ""


def test_environment_has_no_empty_entries_when_parts_are_missing() -> None:
    """An empty entry would mean the current folder."""
    made = environment({}, replace(FACTS, libpython_dir=""))
    assert made["PATH"] == "/venv/bin"
    assert made["LD_LIBRARY_PATH"] == "/venv/site/nvidia_pytriton.libs"


def test_command_line_binds_loopback_only() -> None:
    """Triton's default is every interface; all three listeners are told otherwise."""
    command = command_line(FACTS, "id-1", Path("/state"), Ports(1001, 1002, 1003))
    for interface, port in (("http", 1001), ("grpc", 1002), ("metrics", 1003)):
        assert f"--{interface}-address=127.0.0.1" in command
        assert f"--{interface}-port={port}" in command


def test_command_line_marks_processes_and_memory_with_the_id() -> None:
    """What a crash leaves behind can be told from anybody else's."""
    command = command_line(FACTS, "id-1", Path("/state/id-1"), Ports(1, 2, 3))
    assert "--id=id-1" in command
    assert "--backend-config=python,shm-region-prefix-name=id-1_" in command
    assert "--model-repository=/state/id-1/models" in command


def test_backend_links_take_the_stub_of_the_interpreter() -> None:
    """A stub is built for one version of Python."""
    stub = backend_links(FACTS)["triton_python_backend_stub"]
    assert stub.parts[-2:] == ("3.12", "triton_python_backend_stub")


# --- the model repository


def test_model_closure_adds_what_a_model_calls() -> None:
    """The base64 model needs the ensemble, and that needs its step."""
    assert model_closure(["asr"]) == ("ps_decode", "asr_am_ensemble", "asr")
    assert model_closure(["asr_slow"]) == ("asr_slow",)


def test_model_closure_holds_each_model_once_when_two_share_a_need() -> None:
    """Asking for the ensemble and for its user loads its step once."""
    assert model_closure(["asr_am_ensemble", "asr"]) == ("ps_decode", "asr_am_ensemble", "asr")


def test_instance_counts_follow_the_cores_up_to_a_limit() -> None:
    """A recogniser takes memory, so a large machine does not get one for every core."""
    assert instance_counts(EmbeddedOptions(), cores=2) == {
        "ps_decode": 2,
        "asr": 2,
        "asr_slow": 1,
    }
    assert instance_counts(EmbeddedOptions(), cores=64)["ps_decode"] == 8
    assert instance_counts(EmbeddedOptions(instances=20), cores=2)["ps_decode"] == 20


def test_tuned_replaces_numbers_and_parameters() -> None:
    """Values change, everything around them stays."""
    config = 'count: 2\nparameters { key: "a_ms" value { string_value: "50" } }\nmax: 2'
    assert tuned(config, {"count": 4}, {"a_ms": "7.5"}) == (
        'count: 4\nparameters { key: "a_ms" value { string_value: "7.5" } }\nmax: 2'
    )


@pytest.mark.parametrize("config", ["", "count: 1 count: 2"])
def test_tuned_refuses_when_the_field_is_not_there_once(config: str) -> None:
    """A configuration edited out of step is noticed, not half changed."""
    with pytest.raises(ValueError, match="not once"):
        tuned(config, {"count": 4}, {})


def test_repository_carries_the_options(tmp_path: Path) -> None:
    """Counts, queue limits and the law of the slow model stand in the written configurations."""
    slow = SlowModel(a_ms=7, b_ms=0.5, mode="busy", max_batch=3, instances=2)
    write_repository(tmp_path, EmbeddedOptions(instances=5, max_queue=9, slow=slow))
    decode = (tmp_path / "ps_decode/config.pbtxt").read_text()
    assert "count: 5" in decode
    assert "max_queue_size: 9" in decode
    text = (tmp_path / "asr_slow/config.pbtxt").read_text()
    for part in ('"7"', '"0.5"', '"busy"', "max_batch_size: 3", "count: 2", "max_queue_size: 9"):
        assert part in text


def test_repository_holds_a_version_folder_for_every_model(tmp_path: Path) -> None:
    """Triton loads no model without one, not even an ensemble."""
    write_repository(tmp_path, EmbeddedOptions())
    assert {path.parent.name for path in tmp_path.glob("*/1")} == {
        "asr",
        "asr_am_ensemble",
        "asr_slow",
        "ps_decode",
    }


# --- samples on their way to the decoder


@pytest.fixture(scope="module")
def speech() -> ModuleType:
    """The pure part of model ps_decode, loaded from its file as Triton's stub loads it."""
    path = Path(embedded.__file__).parent / "models/ps_decode/1/speech.py"
    spec = importlib.util.spec_from_file_location("speech", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pcm16_returns_every_integer_it_was_made_from(speech: ModuleType) -> None:
    """All 65536 values of a 16-bit file survive the way through float32."""
    integers = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(speech.pcm16(integers.astype(np.float32) / 32768), integers)


def test_pcm16_saturates_when_samples_overshoot(speech: ModuleType) -> None:
    """Loud samples clip instead of wrapping around to the other sign."""
    loud = np.array([1.0, 1.4, -1.4], dtype=np.float32)
    assert speech.pcm16(loud).tolist() == [32767, 32767, -32768]


def test_speech_of_drops_the_padding(speech: ModuleType) -> None:
    """Only NUM_SAMPLES samples are speech, and what follows is not looked at."""
    padded = np.array([0.5, -0.5, np.nan], dtype=np.float32)
    assert speech.speech_of(padded, 2).tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("signal", "num_samples", "said"),
    [
        ([0.0, 0.0], 0, "NUM_SAMPLES is 0, but must be from 1 to 2"),
        ([0.0, 0.0], -1, "NUM_SAMPLES is -1"),
        ([0.0, 0.0], 3, "NUM_SAMPLES is 3"),
        ([], 0, "from 1 to 0"),
        ([0.0, float("nan")], 2, "NaN or infinity"),
        ([0.0, float("-inf")], 2, "NaN or infinity"),
        ([0.0, -12000.0], 2, "reaches 12000.*divide 16-bit integers by 32768"),
    ],
)
def test_speech_of_refuses_when_samples_cannot_be_speech(
    speech: ModuleType, signal: list[float], num_samples: int, said: str
) -> None:
    """Each mistake of a client is named in the refusal."""
    with pytest.raises(speech.UnusableError, match=said):
        speech.speech_of(np.array(signal, dtype=np.float32), num_samples)


# --- options, events, ports, log


def test_settings_survive_the_way_to_the_supervisor() -> None:
    """What the owner chose is what the supervisor reads."""
    settings = Settings(
        "/venv/bin/python",
        Ports(http=8000),
        EmbeddedOptions(models=("asr_slow",), slow=SlowModel(a_ms=1.5, mode="busy")),
    )
    assert Settings.from_json(settings.to_json()) == settings


def test_events_survive_the_way_to_the_owner() -> None:
    """Newlines in a message do not break the line protocol."""
    event = Event("failed", message="two\nlines", hint="try", pid=7, ports=Ports(1, 2, 3))
    assert event.to_line().count("\n") == 1
    assert parse_event(event.to_line()) == event


@pytest.mark.parametrize("line", ["", "Traceback", "7", "{}", '{"kind": "unknown"}', "[]"])
def test_parse_event_ignores_a_line_when_it_is_no_event(line: str) -> None:
    """A traceback on the same pipe is not mistaken for an event."""
    assert parse_event(line) is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EmbeddedOptions(models=("whisper",)), "unknown models: whisper"),
        (lambda: EmbeddedOptions(models=()), "no model"),
        (lambda: EmbeddedOptions(instances=0), "instances"),
        (lambda: EmbeddedOptions(start_timeout_s=0), "start_timeout_s"),
        (lambda: SlowModel(a_ms=-1), "a_ms"),
        (lambda: SlowModel(b_ms=float("nan")), "b_ms"),
        (lambda: SlowModel(mode="fast"), "mode"),  # type: ignore[arg-type]
        (lambda: SlowModel(max_batch=0), "max_batch"),
        (lambda: Ports(http=70000), "65535"),
        (lambda: Ports(http=8000, grpc=8000), "different"),
    ],
)
def test_options_refuse_a_value_when_it_cannot_work(make: object, said: str) -> None:
    """Mistakes show before anything is started."""
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]


def test_ports_are_three_distinct_free_ones() -> None:
    """Zeros become ports that nobody listens on."""
    ports = choose_ports(Ports())
    assert len({ports.http, ports.grpc, ports.metrics}) == 3
    assert 0 not in (ports.http, ports.grpc, ports.metrics)


def test_ports_keep_what_is_fixed() -> None:
    """A port that is asked for is the one that is used."""
    free = choose_ports(Ports()).grpc
    assert choose_ports(Ports(grpc=free)).grpc == free


def test_ports_say_which_one_is_taken_when_it_is() -> None:
    """A fixed port that is in use is an error that names it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=f"127.0.0.1:{port}"):
            choose_ports(Ports(metrics=port))


def test_log_shows_the_last_lines_that_say_something() -> None:
    """Lines that every machine without a GPU prints are left out."""
    log = "first\nW1 Failed to initialize NVML\n\nsecond\nthird\n"
    assert telling_lines(log, limit=2) == ["second", "third"]


def test_log_tells_when_a_port_was_taken() -> None:
    """Triton's own words for a lost race."""
    said = "failed to start GRPC service: Unavailable - Socket '127.0.0.1:9511' already in use"
    assert port_was_taken(said)
    assert not port_was_taken("error: creating server: Internal - failed to load all models")


def test_restarts_are_given_up_when_they_come_too_often() -> None:
    """Old restarts are forgotten, recent ones count."""
    assert may_restart([], now_s=0.0, most=1)
    assert not may_restart([990.0, 995.0], now_s=1000.0, most=2)
    assert may_restart([100.0, 995.0], now_s=1000.0, most=2)
    assert not may_restart([], now_s=0.0, most=0)
