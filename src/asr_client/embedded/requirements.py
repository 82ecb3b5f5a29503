"""
What the embedded server needs, checked before anything is started.

The checks are pure: `probe` gathers `Facts`, `check` judges them. They come first because Triton
itself would not say: without libpython it hangs, with numpy 2 it returns wrong numbers in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from asr_client.embedded.served import packages_of
from asr_client.errors import EmbeddedError

__all__ = ["Facts", "check", "check_platform"]

_OLDEST_GLIBC = (2, 35)
_PYTHONS = ((3, 10), (3, 11), (3, 12), (3, 13))
# Its process is linked to a libpython that the wheel brings along.
_PYTHON_WITH_BUNDLED_LIBRARY = (3, 13)
# A model process takes 1 MiB at rest; the rest is for the audio of the requests it works on.
_SHM_BYTES_PER_INSTANCE = 4 << 20

_ELSEWHERE = (
    "elsewhere, use --url with a server that runs already; "
    "ASR_EMBEDDED_PYTHON may name another interpreter to run the models"
)
_INSTALL = "pip install 'asr-client[embedded]'"


@dataclass(frozen=True)
class Facts:
    """
    A machine and the interpreter that is to run the models.

    Attributes:
        system: As `platform.system()` says.
        machine: As `platform.machine()` says.
        glibc: Such as "2.36"; empty where the C library is another one.
        python_version: Major and minor.
        executable: The interpreter, symbolic links of a virtual environment kept.
        libpython_dir: Folder of its shared library; empty when there is none.
        pytriton_dir: The installed package; empty when missing.
        numpy_version: Empty when missing.
        import_errors: Why a package that a model needs cannot be imported; empty when it can.
        shm_free_bytes: Room for shared memory.
        unresolved: Shared libraries that Triton's programs do not find.
    """

    system: str
    machine: str
    glibc: str
    python_version: tuple[int, int]
    executable: str
    libpython_dir: str
    pytriton_dir: str
    numpy_version: str
    import_errors: Mapping[str, str]
    shm_free_bytes: int
    unresolved: tuple[str, ...] = ()

    @property
    def triton_dir(self) -> Path:
        """The server inside the wheel."""
        return Path(self.pytriton_dir, "tritonserver")

    @property
    def tritonserver(self) -> Path:
        """The server's program."""
        return self.triton_dir / "bin" / "tritonserver"

    @property
    def stub(self) -> Path:
        """The program that runs Python models, built for one version of Python."""
        stubs = self.triton_dir / "python_backend_stubs"
        return stubs / self.python_text / "triton_python_backend_stub"

    @property
    def python_text(self) -> str:
        """The version as people write it, such as "3.11"."""
        return "{}.{}".format(*self.python_version)

    @property
    def library_path(self) -> str:
        """LD_LIBRARY_PATH for Triton's programs."""
        wheel_libraries = Path(self.pytriton_dir).parent / "nvidia_pytriton.libs"
        return ":".join(filter(None, (self.libpython_dir, str(wheel_libraries))))


def check_platform(system: str, machine: str, glibc: str) -> None:
    """
    Raise unless there is a Triton wheel for this platform.

    Raises:
        EmbeddedError: Naming what does not fit, and the way out.
    """
    if system != "Linux":
        raise EmbeddedError(
            f"the embedded server needs Linux, and this is {system}", hint=_ELSEWHERE
        )
    if machine not in ("x86_64", "aarch64"):
        raise EmbeddedError(
            f"the embedded server needs x86_64 or aarch64, and this is {machine}", hint=_ELSEWHERE
        )
    if _numbers(glibc) < _OLDEST_GLIBC:
        found = f"glibc {glibc}" if glibc else "another C library"
        raise EmbeddedError(
            f"the embedded server needs glibc 2.35 or newer, and this system has {found}",
            hint=f"Debian 12 and Ubuntu 22.04 are new enough; {_ELSEWHERE}",
        )


def check(facts: Facts, models: Collection[str], instances: int) -> None:
    """
    Raise unless *facts* allow serving *models* with *instances* model processes.

    Raises:
        EmbeddedError: Naming the first thing missing, and what to install or do.
    """
    check_platform(facts.system, facts.machine, facts.glibc)
    for requirement in _REQUIREMENTS:
        requirement(facts)
    for package in packages_of(models):
        _require_importable(package, facts)
    _require_shared_memory(facts.shm_free_bytes, instances)


def _require_python(facts: Facts) -> None:
    if facts.python_version not in _PYTHONS:
        raise EmbeddedError(
            f"the models cannot run on Python {facts.python_text} ({facts.executable})",
            hint="let ASR_EMBEDDED_PYTHON name a Python 3.11 or 3.12 of a virtual environment "
            f"with {_INSTALL}, or use --url with a server that runs already",
        )


def _require_triton(facts: Facts) -> None:
    if not facts.pytriton_dir:
        raise EmbeddedError(
            f"nvidia-pytriton, which brings Triton, is not installed for {facts.executable}",
            hint=f"{_INSTALL}; {_ELSEWHERE}",
        )
    for program in (facts.tritonserver, facts.stub):
        if not program.is_file():
            raise EmbeddedError(
                f"the installed nvidia-pytriton has no {program}",
                hint="pip install --force-reinstall nvidia-pytriton==0.7.0",
            )


def _require_old_numpy(facts: Facts) -> None:
    if not facts.numpy_version:
        raise EmbeddedError(f"numpy is not installed for {facts.executable}", hint=_INSTALL)
    if _numbers(facts.numpy_version) >= (2, 0):
        raise EmbeddedError(
            f"numpy {facts.numpy_version} of {facts.executable} is too new: "
            "Triton's Python backend corrupts numpy 2 arrays in silence",
            hint="pip install 'numpy<2', or leave this environment as it is and let "
            f"ASR_EMBEDDED_PYTHON name the Python of another one with {_INSTALL}",
        )


def _require_libpython(facts: Facts) -> None:
    if not facts.libpython_dir and facts.python_version != _PYTHON_WITH_BUNDLED_LIBRARY:
        name = f"libpython{facts.python_text}"
        raise EmbeddedError(
            f"{name}.so.1.0 is missing: the model processes of Triton link to it",
            hint=f"apt install {name}, or use a Python built with --enable-shared",
        )


def _require_libraries(facts: Facts) -> None:
    if facts.unresolved:
        raise EmbeddedError(
            f"Triton would not find these shared libraries: {', '.join(facts.unresolved)}",
            hint=f"install them with the system's package manager; {_ELSEWHERE}",
        )


_REQUIREMENTS: tuple[Callable[[Facts], None], ...] = (
    _require_python,
    _require_triton,
    _require_old_numpy,
    _require_libpython,
    _require_libraries,
)


def _require_importable(name: str, facts: Facts) -> None:
    error = facts.import_errors.get(name, "")
    if error:
        raise EmbeddedError(f"{facts.executable} cannot import {name}: {error}", hint=_INSTALL)


def _require_shared_memory(free_bytes: int, instances: int) -> None:
    needed_bytes = instances * _SHM_BYTES_PER_INSTANCE
    if free_bytes < needed_bytes:
        raise EmbeddedError(
            f"shared memory has {free_bytes >> 20} MiB left, and {instances} model processes need "
            f"{needed_bytes >> 20} MiB",
            hint="give a container --shm-size=1g, or ask for fewer instances",
        )


def _numbers(version: str) -> tuple[int, ...]:
    """Read the leading numbers of a version: "2.0.0rc1" -> (2, 0)."""
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdigit())
