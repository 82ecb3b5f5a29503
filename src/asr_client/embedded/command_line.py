"""How to start Triton from the wheel: links, environment, command line. Pure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from asr_client.embedded.options import Ports
from asr_client.embedded.requirements import Facts

__all__ = ["EXIT_TIMEOUT_S", "backend_links", "command_line", "environment"]

# How long Triton lets requests finish when it is asked to stop.
EXIT_TIMEOUT_S = 5


def backend_links(facts: Facts) -> dict[str, Path]:
    """Say which files make up a Python backend for this version of Python: name -> link target."""
    backend = facts.triton_dir / "backends" / "python"
    return {
        "libtriton_python.so": backend / "libtriton_python.so",
        "triton_python_backend_utils.py": backend / "triton_python_backend_utils.py",
        "triton_python_backend_stub": facts.stub,
    }


def environment(inherited: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Derive the server's environment from the caller's."""
    kept = {
        name: value
        for name, value in inherited.items()
        # Somebody else's PYTHONPATH or LD_PRELOAD would reach into the model processes, and
        # BASH_ENV into the shell that starts them.
        if not name.startswith(("PYTHON", "LD_", "BASH_"))
    }
    folders = [
        str(Path(facts.executable).parent),
        *kept.get("PATH", "").split(":"),
        # Triton needs bash, and without it would wait for ever: a PATH may be empty or missing.
        *os.defpath.split(":"),
    ]
    return kept | {
        # The interpreter inside the model process finds its virtual environment as a shell would:
        # the first python3 on PATH.
        "PATH": ":".join(dict.fromkeys(filter(None, folders))),
        "LD_LIBRARY_PATH": facts.library_path,
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # The models run on CPU cores; on a machine with GPUs, leave those to others.
        "CUDA_VISIBLE_DEVICES": "",
    }


def command_line(facts: Facts, server_id: str, ports: Ports) -> list[str]:
    """
    Build the command line of tritonserver, to be run in the folder of `models` and `backends`.

    Args:
        facts: Where the wheel is.
        server_id: Unique; the server's name in `GET /v2` and the prefix of its shared memory.
        ports: Three free ones.
    """
    return [
        str(facts.tritonserver),
        f"--id={server_id}",
        # Relative, because Triton 2.51 starts stubs with `bash -c` and quotes nothing: one space or
        # apostrophe in TMPDIR, and it would wait for ever for a stub that never was (measured).
        "--model-repository=models",
        "--backend-directory=backends",
        f"--cache-directory={facts.triton_dir / 'caches'}",
        f"--backend-config=python,shm-region-prefix-name={server_id}_",
        f"--exit-timeout-secs={EXIT_TIMEOUT_S}",
        # Triton's own default is every interface.
        "--http-address=127.0.0.1",
        "--grpc-address=127.0.0.1",
        "--metrics-address=127.0.0.1",
        f"--http-port={ports.http}",
        f"--grpc-port={ports.grpc}",
        f"--metrics-port={ports.metrics}",
    ]
