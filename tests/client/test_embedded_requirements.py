"""What the embedded server asks of a machine and an interpreter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from asr_client.embedded.probe import probe
from asr_client.embedded.requirements import Facts, check, check_platform
from asr_client.embedded.served import model_closure
from asr_client.errors import EmbeddedError

MODELS = model_closure(["asr"])


@pytest.fixture
def good(machine: Facts, tmp_path: Path) -> Facts:
    """Facts that allow the server to start, with a wheel that exists."""
    facts = replace(machine, pytriton_dir=str(tmp_path / "pytriton"))
    for python_version in ((3, 10), (3, 11), (3, 13)):
        wheel = replace(facts, python_version=python_version)
        for program in (wheel.tritonserver, wheel.stub):
            program.parent.mkdir(parents=True, exist_ok=True)
            program.touch()
    return facts


def test_check_passes_when_everything_is_there(good: Facts) -> None:
    """A complete machine is accepted."""
    check(good, MODELS, instances=4)


@pytest.mark.parametrize(
    ("missing", "said", "advised"),
    [
        ({"system": "Darwin"}, "needs Linux", "--url"),
        ({"machine": "armv7l"}, "armv7l", "--url"),
        ({"glibc": "2.31"}, "glibc 2.31", "--url"),
        ({"glibc": ""}, "another C library", "--url"),
        ({"python_version": (3, 9)}, "Python 3.9", "ASR_EMBEDDED_PYTHON"),
        ({"python_version": (3, 14)}, "Python 3.14", "ASR_EMBEDDED_PYTHON"),
        ({"pytriton_dir": ""}, "nvidia-pytriton", "asr-client[embedded]"),
        ({"python_version": (3, 12)}, "triton_python_backend_stub", "--force-reinstall"),
        ({"numpy_version": ""}, "numpy is not installed", "asr-client[embedded]"),
        ({"numpy_version": "2.0.0rc1"}, "numpy 2.0.0rc1", "numpy<2"),
        ({"libpython_dir": ""}, "libpython3.11.so.1.0", "apt install libpython3.11"),
        ({"unresolved": ("libm.so.6",)}, "libm.so.6", "package manager"),
        (
            {"import_errors": {"pocketsphinx": "ImportError: gone"}},
            "pocketsphinx: ImportError: gone",
            "pip",
        ),
        ({"import_errors": {"soundfile": "OSError: no sndfile"}}, "soundfile: OSError", "pip"),
        ({"shm_free_bytes": 1 << 20}, "1 MiB left", "--shm-size"),
    ],
)
def test_check_names_what_is_missing_and_the_remedy(
    good: Facts, missing: dict[str, object], said: str, advised: str
) -> None:
    """Each failing requirement says what it is and what to do about it."""
    with pytest.raises(EmbeddedError) as caught:
        check(replace(good, **missing), MODELS, instances=4)  # type: ignore[arg-type]
    assert said in caught.value.message
    assert advised in caught.value.hint


def test_check_asks_for_no_recogniser_when_none_is_served(good: Facts) -> None:
    """A server of nothing but the slow model needs neither pocketsphinx nor soundfile."""
    bare = replace(good, import_errors={"pocketsphinx": "missing", "soundfile": "missing"})
    check(bare, ["asr_slow"], instances=1)


def test_check_accepts_a_missing_libpython_when_the_wheel_brings_one(good: Facts) -> None:
    """The wheel holds the library of Python 3.13, so the machine need not."""
    check(replace(good, python_version=(3, 13), libpython_dir=""), MODELS, instances=4)


@pytest.mark.parametrize("glibc", ["2.35", "2.41", "3.0"])
def test_platform_is_accepted_when_glibc_is_new_enough(glibc: str) -> None:
    """Versions are compared as numbers, not as text."""
    check_platform("Linux", "aarch64", glibc)


@pytest.mark.parametrize("glibc", ["2.4", "2.34", "1.99"])
def test_platform_is_refused_when_glibc_is_too_old(glibc: str) -> None:
    """2.4 is older than 2.35, although it sorts after it."""
    with pytest.raises(EmbeddedError, match=r"2\.35 or newer"):
        check_platform("Linux", "x86_64", glibc)


def test_probe_describes_the_running_interpreter(no_pause: Callable[[float], None]) -> None:
    """The report of another process agrees with what this one knows of itself."""
    facts = probe(sys.executable, ["pocketsphinx", "nonsense"], no_pause)
    assert facts.python_version == sys.version_info[:2]
    assert facts.executable == sys.executable
    assert facts.numpy_version
    assert not facts.unresolved
    assert facts.import_errors["pocketsphinx"] == ""
    assert "No module named" in facts.import_errors["nonsense"]


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/true", "/bin/false"])
def test_probe_says_so_when_the_interpreter_is_none(
    python: str, no_pause: Callable[[float], None]
) -> None:
    """A wrong ASR_EMBEDDED_PYTHON is named in the error."""
    with pytest.raises(EmbeddedError, match=python):
        probe(python, [], no_pause)


def test_probe_gives_up_when_the_pause_raises(tmp_path: Path) -> None:
    """An order to stop reaches a probe whose interpreter hangs."""
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)

    def interrupted(_: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        probe(str(hanging), [], interrupted)


@pytest.fixture
def no_pause() -> Callable[[float], None]:
    """A wait that nobody interrupts."""
    return lambda _: None
