"""
Describe the interpreter that runs this file, as JSON on stdout.

    python interpreter_report.py PACKAGE ...     also tells which of the packages it can import

A script, not a module: it runs in the interpreter that is to host the models, which may lack
asr_client. Standard library only.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import sysconfig
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Print one JSON object."""
    report = {
        "system": platform.system(),
        "machine": platform.machine(),
        "glibc": _glibc_version(),
        "python_version": list(sys.version_info[:2]),
        "executable": sys.executable,
        "libpython_dir": _libpython_dir(),
        "pytriton_dir": _package_dir("pytriton"),
        "numpy_version": _version_of("numpy"),
        "import_errors": {name: _import_error(name) for name in sys.argv[1:]},
    }
    json.dump(report, sys.stdout)


def _glibc_version() -> str:
    """Return such as "2.36"; empty where the C library is another one."""
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (AttributeError, ValueError, OSError):
        return ""
    return version if name == "glibc" else ""


def _libpython_dir() -> str:
    """Find the folder of this Python's shared library, which the model processes link to."""
    name = "libpython{}.{}.so.1.0".format(*sys.version_info[:2])
    lib_dir = Path(sysconfig.get_config_var("LIBDIR") or "/usr/lib")
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    places = [
        lib_dir,
        Path(sys.base_prefix, "lib"),
        lib_dir / multiarch,
        Path("/usr/lib", multiarch),
    ]
    return next((str(place) for place in places if (place / name).exists()), "")


def _package_dir(name: str) -> str:
    """Find a package without importing it; empty when it is not installed."""
    spec = importlib.util.find_spec(name)
    return str(Path(spec.origin).parent) if spec and spec.origin else ""


def _version_of(name: str) -> str:
    """Return the installed version of a distribution; empty when there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _import_error(name: str) -> str:
    """Say why *name* cannot be imported; empty when it can."""
    try:
        importlib.import_module(name)
    except Exception as error:  # noqa: BLE001 - a broken native library raises nearly anything
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
