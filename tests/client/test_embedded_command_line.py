"""How tritonserver is started: its links, its environment, its arguments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asr_client.embedded.command_line import backend_links, command_line, environment
from asr_client.embedded.options import Ports
from asr_client.embedded.requirements import Facts


def test_environment_drops_what_would_reach_into_the_models(machine: Facts) -> None:
    """The caller's Python and linker variables stay outside; the rest is kept."""
    theirs = {"PYTHONPATH": "/mine", "LD_PRELOAD": "x.so", "BASH_ENV": "/mine/rc"}
    scrubbed = environment({**theirs, "HOME": "/home/me", "PATH": "/bin"}, machine)
    assert not theirs.keys() & scrubbed.keys()
    assert scrubbed["HOME"] == "/home/me"


def test_environment_puts_the_interpreter_and_its_libraries_first(machine: Facts) -> None:
    """The model process finds the virtual environment by PATH, and libpython by the linker's."""
    made = environment({"PATH": "/opt/bin:/bin"}, machine)
    assert made["PATH"] == "/venv/bin:/opt/bin:/bin:/usr/bin"
    assert made["LD_LIBRARY_PATH"] == "/opt/python/lib:/venv/site/nvidia_pytriton.libs"
    assert made["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize("inherited", [{}, {"PATH": ""}, {"PATH": "::"}])
def test_environment_names_the_systems_folders_when_path_does_not(
    machine: Facts, inherited: dict[str, str]
) -> None:
    """Triton looks for bash there; and an empty entry would mean the current folder."""
    made = environment(inherited, replace(machine, libpython_dir=""))
    assert made["PATH"] == "/venv/bin:/bin:/usr/bin"
    assert made["LD_LIBRARY_PATH"] == "/venv/site/nvidia_pytriton.libs"


def test_command_line_binds_loopback_only(machine: Facts) -> None:
    """Triton's default is every interface; all three listeners are told otherwise."""
    command = command_line(machine, "id-1", Ports(1001, 1002, 1003))
    for interface, port in (("http", 1001), ("grpc", 1002), ("metrics", 1003)):
        assert f"--{interface}-address=127.0.0.1" in command
        assert f"--{interface}-port={port}" in command


def test_command_line_marks_processes_and_memory_with_the_id(machine: Facts) -> None:
    """What a crash leaves behind can be told from anybody else's."""
    command = command_line(machine, "id-1", Ports(1, 2, 3))
    assert "--id=id-1" in command
    assert "--backend-config=python,shm-region-prefix-name=id-1_" in command


def test_command_line_names_folders_from_within_the_servers_own(machine: Facts) -> None:
    """Triton hands these paths to a shell unquoted; TMPDIR may hold spaces and worse."""
    command = command_line(machine, "id-1", Ports(1, 2, 3))
    assert "--model-repository=models" in command
    assert "--backend-directory=backends" in command


def test_backend_links_take_the_stub_of_the_interpreter(machine: Facts) -> None:
    """A stub is built for one version of Python."""
    machine = replace(machine, python_version=(3, 12))
    stub = backend_links(machine)["triton_python_backend_stub"]
    assert stub.parts[-2:] == ("3.12", "triton_python_backend_stub")
