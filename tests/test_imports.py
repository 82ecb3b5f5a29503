"""The architecture as a test: what loads when, and which way dependencies point."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import asr_client
from source_tree import SourceTree, imports_of

SOURCE = Path(asr_client.__file__).parent.parent

HEAVY = ("numpy", "httpcore", "httpx", "grpc", "tritonclient", "locust", "gevent", "soundfile")

# Who may know whom: docs/design.md draws it. Everybody may know errors and faults.
ALLOWED: dict[str, set[str]] = {
    # what callers say and get
    "faults": set(),
    "errors": set(),
    "results": set(),
    "languages": set(),
    "scripts": {"languages"},
    "graphemes": set(),
    "auth": set(),
    "endpoint": set(),
    "deadline": set(),
    "settings": {"auth", "chunking", "deadline", "endpoint", "retry"},
    "formats": {"graphemes", "results"},
    "evaluation": {"graphemes", "languages"},
    # what became of a request: verdicts on replies and failures, in primitives
    "classification": set(),
    # what goes over the wire
    "audio": {"results"},
    "chunking": {"audio", "graphemes", "results"},
    "contracts": {"audio", "classification", "endpoint", "languages", "results"},
    "transports": {
        "auth",
        "classification",
        "contracts",
        "deadline",
        "endpoint",
        "settings",
    },
    # one call, decided: none of these knows a transport
    "retry": set(),
    "pacing": {"retry"},
    "calls": {
        "audio",
        "auth",
        "chunking",
        "classification",
        "contracts",
        "deadline",
        "endpoint",
        "languages",
        "pacing",
        "results",
        "retry",
        "scripts",
        "settings",
    },
    # who watches it, and what of it is told
    "observability": {"calls", "contracts", "endpoint", "settings"},
    # one call, done
    "drive": {"calls", "transports"},
    "client": {
        "audio",
        "auth",
        "calls",
        "contracts",
        "drive",
        "observability",
        "pacing",
        "results",
        "settings",
        "transports",
    },
    # around it
    "embedded": set(),
    "testing": {"auth", "embedded", "endpoint"},
    "doctor": {
        "audio",
        "auth",
        "calls",
        "client",
        "contracts",
        "deadline",
        "drive",
        "embedded",
        "endpoint",
        "results",
        "retry",
        "settings",
        "transports",
    },
    # many recordings, and what is kept of them
    "bulk": {
        "audio",
        "calls",
        "chunking",
        "client",
        "evaluation",
        "formats",
        "pacing",
        "results",
        "settings",
    },
    "cli": {
        "auth",
        "bulk",
        "chunking",
        "client",
        "doctor",
        "embedded",
        "endpoint",
        "evaluation",
        "formats",
        "observability",
        "results",
        "scripts",
        "settings",
        "testing",
    },
}

# Decisions are pure: these modules, and all that say so of themselves, reach for no file, socket,
# process, thread or event loop.
PURE = (
    "calls",
    "chunking",
    "classification",
    "contracts",
    "deadline",
    "endpoint",
    "errors",
    "faults",
    "formats",
    "graphemes",
    "languages",
    "results",
    "retry",
    "scripts",
)
IO = {"asyncio", "grpc", "httpcore", "io", "os", "pathlib", "socket", "subprocess", "threading"}
EXEMPT = {
    "chunking/reader.py",  # it reads, in a thread which another one may tell to stop
    # Paths are put together or taken apart there, and none is opened.
    "embedded/command_line.py",
    "evaluation/layouts.py",
    "evaluation/pairing.py",
}

# Third parties stay where they are used: exchanging one touches these files only.
OWNERS = {
    "httpcore": (
        "transports/http.py",
        "transports/http_async.py",
        "transports/http_failures.py",
        "transports/http_messages.py",
        "transports/http_pool.py",
        "transports/http_streams.py",
        "transports/http_streams_async.py",
    ),
    "grpc": (
        "testing/grpc_answers.py",
        "testing/grpc_upstreams.py",
        "testing/proxy_grpc.py",
        "transports/grpc.py",
        "transports/grpc_async.py",
        "transports/grpc_channels.py",
        "transports/grpc_messages.py",
    ),
    "tritonclient": ("contracts/kserve_grpc.py",),
    "google": ("contracts/kserve_grpc.py",),
    "soundfile": ("audio/sound_file.py", "embedded/models/asr/1/model.py"),
    "soxr": ("audio/resample.py", "embedded/models/asr/1/model.py"),
    "av": ("audio/av_file.py",),
    "jiwer": ("evaluation/rates.py",),
    "pocketsphinx": ("embedded/models/ps_decode/1/model.py",),
    "opentelemetry": ("observability/telemetry.py",),
    "locust": (),
    "gevent": (),
    "asr_loadtest": (),
}


TREE = SourceTree(SOURCE / "asr_client")
modules, name_of, room_of = TREE.modules, TREE.name_of, TREE.room_of


@pytest.mark.parametrize(
    "statement",
    [
        "import asr_client",
        "import asr_client.cli.transcribe",
        "import asr_client.cli.admin",
        "import asr_client.embedded",
        "import asr_client.testing.plugin",
    ],
)
def test_import_loads_nothing_heavy(statement: str) -> None:
    """Importing, and so --help, pulls in neither numpy nor any transport."""
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_client_loads_one_transport_and_never_gevent(scheme: str) -> None:
    """A client loads the wire that it uses; gevent, which patches sockets, never."""
    code = (
        f"import asr_client, sys; asr_client.ASRClient('{scheme}://127.0.0.1:1').close(); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint({"gevent", "locust", "geventhttpclient"})
    assert ("httpcore" in loaded, "grpc" in loaded) == (scheme == "http", scheme == "grpc")


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_module_knows_only_whom_it_may(path: Path) -> None:
    """Dependencies run as docs/design.md draws them; a new module has a place there."""
    own = room_of(path)
    if own == "__init__":
        return
    for imported in imports_of(path):
        package, _, target = imported.partition(".")
        if package == "asr_client" and target:
            room = target.partition(".")[0]
            allowed = ALLOWED[own] | {own, "errors", "faults"}
            assert room in allowed, f"{name_of(path)} imports {imported}"


def is_pure(path: Path) -> bool:
    """Whether a module is to be pure: by its room, or by its own word."""
    says_so = "Pure." in (ast.get_docstring(ast.parse(path.read_text())) or "")
    return (room_of(path) in PURE or says_so) and name_of(path) not in EXEMPT


@pytest.mark.parametrize("path", [p for p in modules() if is_pure(p)], ids=name_of)
def test_decisions_are_pure(path: Path) -> None:
    """What decides does no I/O, so that tests need no server and drivers have no rivals."""
    top_level = {imported.partition(".")[0] for imported in imports_of(path)}
    assert top_level.isdisjoint(IO)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_third_parties_stay_with_their_owners(path: Path) -> None:
    """Only the modules named in OWNERS import a third party that may one day be exchanged."""
    for imported in imports_of(path):
        owners = OWNERS.get(imported.partition(".")[0])
        assert owners is None or name_of(path) in owners, f"{name_of(path)} imports {imported}"


def test_public_names_exist_and_are_all() -> None:
    """__all__ and the package agree, and there are few enough names to remember."""
    assert asr_client.__all__ == sorted(asr_client.__all__)
    for name in asr_client.__all__:
        assert getattr(asr_client, name) is not None
    assert len(asr_client.__all__) <= 30
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        asr_client.nonsense  # noqa: B018


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_module_exports_what_it_says(path: Path) -> None:
    """Each module has an __all__ whose names exist; Triton's models are run by Triton alone."""
    name = name_of(path)
    if name.startswith("embedded/models/"):
        return
    loaded = importlib.import_module(TREE.dotted(path))
    exported = getattr(loaded, "__all__", ())
    assert exported or path.name == "__init__.py" or name.startswith("embedded/")
    assert all(hasattr(loaded, each) for each in exported)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_module_takes_only_what_others_export(path: Path) -> None:
    """What a module keeps out of its __all__ may change tomorrow, so nobody else uses it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("asr_client"):
            continue
        place = SOURCE / str(node.module).replace(".", "/")
        exported = getattr(importlib.import_module(str(node.module)), "__all__", None)
        for alias in node.names if exported is not None else ():
            is_module = (place / f"{alias.name}.py").exists() or (place / alias.name).is_dir()
            assert is_module or alias.name in exported, f"{name_of(path)} takes {alias.name}"
